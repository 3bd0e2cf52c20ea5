"""The editor's rows as the terms that a version stores; what the editor can't show is carried along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import count
from typing import Any

from flask_babel import gettext as _

from tenants.engine.mapping import to_mapping
from tenants.engine.programs import ProgramTerms
from tenants.programs.kind_forms import KindForm

SORTS = ("categories", "tags", "products")
PLAIN = (
    "combine",
    "ignores_tiers",
    "clawback",
    "earns_on_discounts",
    "earns_on_coupons",
    "earns_on_gift_cards",
)


def mapping_of(form: KindForm, before: ProgramTerms | None) -> dict[str, Any]:
    """What a version would store; what `before` has beyond the editor's fields stays. Nothing is checked here."""
    old = to_mapping(before) if before else {}
    data, kind = form.data, str(form.kind.data)
    engine = {
        **old,
        "kind": kind,
        **{name: data[name] for name in PLAIN},
        "rules": [
            _rule(kind, index, row, _same(old, "rules", row["key"]))
            for index, row in enumerate(data["rules"])
        ],
        "multipliers": _multipliers(data["multipliers"], old),
        "occasions": [
            {"event": row["event"], "units": row["units"] or 0, "max_times": row["max_times"] or 0}
            for row in data["occasions"]
        ],
        "expiry": _expiry(data),
        "pending_days": data["pending_days"] or 0,
        "window": {
            "kind": data["window_kind"],
            "months": data["window_months"] or 12,
            "grace_days": data["grace_days"] or 0,
        },
    }
    rewards = list(_keyed(data["rewards"], "reward")) if kind != "tiers" else []
    tiers = list(_keyed(data["tiers"], "tier")) if kind == "tiers" else []
    engine["rewards"] = [_reward(key, row, _same(old, "rewards", key)) for key, row in rewards]
    engine["tiers"] = [
        {"key": key, "threshold": row["threshold"] or 0, "multiplier": _text(row["multiplier"], "1")}
        for key, row in tiers
    ]
    words = {
        "headline": data["headline"] or "",
        "unit": data["unit"] or "",
        "icon": data["icon"] or "star",
        "rewards": {key: {"name": row["name"] or "", "note": row["note"] or ""} for key, row in rewards},
        "tiers": {key: row["name"] or "" for key, row in tiers},
    }
    return {"engine": engine, "words": words}


def _same(old: Mapping[str, Any], name: str, key: str) -> dict[str, Any]:
    return next((item for item in old.get(name, []) if key and item["key"] == key), {})


def _keyed(rows: Iterable[dict[str, Any]], word: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """Rows with their keys; a new one takes the next free one."""
    rows = list(rows)
    taken = {row["key"] for row in rows}
    for row in rows:
        key = row["key"] or next(key for n in count(1) if (key := f"{word}-{n}") not in taken)
        taken.add(key)
        yield key[:100], row


def _text(value: Decimal | None, missing: str = "0") -> str:
    return missing if value is None else format(value, "f")


def _rule(kind: str, index: int, row: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    conditions = {**old.get("conditions", {}), "min_amount_minor": row["min_amount"] or 0}
    goods = _goods(row, conditions.get("goods", {}))
    for sort in SORTS:
        goods[sort] = {**goods.get(sort, {}), "none": list(row[f"not_{sort}"] or ())}
    rule = {**old, "key": row["key"] or f"rule-{index + 1}", "conditions": {**conditions, "goods": goods}}
    rule |= {"rounding": row["rounding"], "max_units": row["max_units"] or 0}
    if kind == "cashback":
        return {**rule, "per": "amount", "units": _text(row["percent"]), "step_minor": 100}
    is_amount = row["per"] == "amount"
    step = (row["step"] or 0) if is_amount else 0
    return {
        **rule,
        "per": row["per"],
        "units": _text(row["units"]),
        "step_minor": step,
        "full_steps": bool(row["full_steps"]) and is_amount,
    }


def _multipliers(rows: list[dict[str, Any]], old: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Bonuses go by the names that members read."""
    taken = {row["label"] for row in rows if row["label"]}
    found = []
    for number, row in enumerate(rows, 1):
        name = row["label"]
        while not name or (name in taken and not row["label"]):
            name, number = _("Bonus %(number)s", number=number), number + 1
        taken.add(name)
        before = _same(old, "multipliers", row["key"])
        found.append(
            {
                "key": name,
                "factor": _text(row["factor"]),
                "conditions": _when(row, before.get("conditions", {})),
            }
        )
    return found


def _when(row: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    conditions: dict[str, Any] = {**old, "goods": _goods(row, old.get("goods", {}))}
    conditions |= {"weekdays": list(row["weekdays"] or ()), "min_amount_minor": row["min_amount"] or 0}
    for sort in ("tiers", "member_tags", "segments"):
        conditions[sort] = {**old.get(sort, {}), "any": list(row[sort] or ())}
    conditions["birthday"] = None
    if row["birthday"]:
        days = {"days_before": row["days_before"] or 0, "days_after": row["days_after"] or 0}
        conditions["birthday"] = days
    conditions["hours"] = _hours(row, old.get("hours", []))
    return conditions


def _hours(row: Mapping[str, Any], old: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One stretch of hours; what follows it, where more were set up elsewhere, stays. Half a stretch ends with the
    day."""
    if row["start"] is None and row["end"] is None:
        return []
    start = row["start"].isoformat() if row["start"] else "00:00:00"
    end = row["end"].isoformat() if row["end"] else "00:00:00"
    return [{"start": start, "end": end}, *old[1:]]


def _goods(row: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    if row["goods_by"] == "kept":
        return dict(old)
    kept = {sort: {"none": list(old.get(sort, {}).get("none", ()))} for sort in SORTS}
    if row["goods_by"] in SORTS:
        kept[row["goods_by"]]["any"] = list(row["goods"] or ())
    return kept


def _expiry(data: Mapping[str, Any]) -> dict[str, Any]:
    if data["expires"] == "year":
        return {"years_end": data["expiry_years"] or 0}
    if data["expires"] == "after":
        return {"months": data["expiry_months"] or 0, "days": data["expiry_days"] or 0}
    return {}


def _reward(key: str, row: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    kept = {**old, "key": key, "cost": row["cost"] or 0, "valid_days": row["valid_days"] or 0}
    gives = row["gives"]
    if gives == "kept":
        return kept
    benefit: dict[str, Any] = {"kind": gives}
    if gives in ("percent", "amount", "free_item"):
        if row["goods_by"] == "kept":
            benefit["target"] = old.get("benefit", {}).get("target")
        elif row["goods_by"]:
            benefit["target"] = _goods(row, {})
        benefit["on"] = "goods" if benefit.get("target") or gives == "free_item" else "order"
    if gives in ("percent", "amount") and row["max_discount"]:
        benefit["max_discount_minor"] = row["max_discount"]
    if gives == "percent":
        benefit["percent"] = _text(row["percent"])
    if gives in ("amount", "gift_card"):
        benefit["amount_minor"] = row["amount"] or 0
    if gives == "payment":
        benefit["unit_value_minor"] = _text(row["worth"])
    if gives in ("merchandise", "coupon", "early_access"):
        benefit["item"] = row["item"] or (row["name"] if gives == "merchandise" else "") or ""
    return {**kept, "benefit": benefit}
