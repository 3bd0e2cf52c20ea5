"""What is wrong with terms, at the field where it can be mended, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from wtforms import Field

from tenants.engine.mapping import Problem
from tenants.engine.programs import Program
from tenants.programs import terms
from tenants.programs.kind_forms import LISTS, KindForm

# By list, where a path of the engine is typed; the first beginning that fits counts, "" is whatever else.
FIELDS: dict[str, dict[str, str]] = {
    "rules": {
        "units": "units",
        "step_minor": "step",
        "max_units": "max_units",
        "conditions.min_amount": "min_amount",
        "conditions.goods": "goods",
        "": "units",
    },
    "multipliers": {
        "key": "label",
        "factor": "factor",
        "conditions.weekdays": "weekdays",
        "conditions.hours": "end",
        "conditions.tiers": "tiers",
        "conditions.member_tags": "member_tags",
        "conditions.segments": "segments",
        "conditions.birthday.days_before": "days_before",
        "conditions.birthday": "days_after",
        "conditions.min_amount": "min_amount",
        "conditions.goods": "goods",
        "": "label",
    },
    "occasions": {"event": "event", "max_times": "max_times", "": "units"},
    "rewards": {
        "cost": "cost",
        "valid_days": "valid_days",
        "benefit.percent": "percent",
        "benefit.amount_minor": "amount",
        "benefit.unit_value": "worth",
        "benefit.item": "item",
        "benefit.max_discount": "max_discount",
        "benefit.target": "goods",
        "benefit": "gives",
        "": "name",
    },
    "tiers": {"threshold": "threshold", "multiplier": "multiplier", "": "name"},
}
SINGLE = {
    "expiry.months": "expiry_months",
    "expiry.days": "expiry_days",
    "expiry": "expires",
    "pending_days": "pending_days",
    "window.months": "window_months",
    "window.grace": "grace_days",
    "window": "window_kind",
    "clawback": "clawback",
    "combine": "combine",
    "headline": "headline",
    "unit": "unit",
    "icon": "icon",
}


def found(kind: str, mapping: Mapping[str, Any], others: Sequence[Program]) -> list[Problem]:
    """What keeps these terms from being published beside the merchant's other programs."""
    faults = terms.faults(kind, mapping, others)
    return [Problem(fault.path.removeprefix("engine."), fault.code, fault.params) for fault in faults]


def tell(form: KindForm, faults: Iterable[Problem]) -> None:
    """Put each fault at its field; what belongs to no field stands on top of the form."""
    for fault in faults:
        field = _field(form, fault.path)
        if field is None:
            form.form_errors.append(words(fault))
        else:
            field.errors = [*field.errors, words(fault)]


def _field(form: KindForm, path: str) -> Field | None:
    parts = path.split(".")
    if parts[0] not in LISTS:
        return next((form[name] for start, name in SINGLE.items() if path.startswith(start)), None)
    rows = form[parts[0]].entries
    if len(parts) < 2 or not parts[1].isdigit() or int(parts[1]) >= len(rows):
        if not rows:
            return None
        return rows[-1].form[FIELDS[parts[0]].get("threshold", FIELDS[parts[0]][""])]
    rest, row = ".".join(parts[2:]), rows[int(parts[1])].form
    name = next(name for start, name in FIELDS[parts[0]].items() if rest.startswith(start))
    if parts[0] == "rules" and name == "units" and form.kind.data == "cashback":
        name = "percent"
    if name == "item" and row.gives.data == "coupon":
        name = "coupon"
    return row[name]


def words(fault: Problem) -> str:
    """A fault as a sentence."""
    say = WORDS.get(fault.code)
    return say(fault.params) if say else _("This isn’t possible here.")


def _range(params: Mapping[str, Any]) -> str:
    if "above" in params:
        return _("This must be more than %(above)s.", above=params["above"])
    if "min" in params and "max" in params:
        return _("This must be from %(min)s to %(max)s.", min=params["min"], max=params["max"])
    if "min" in params:
        return _("This must be at least %(min)s.", min=params["min"])
    return _("This must be at most %(max)s.", max=params["max"])


WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing_field": lambda params: _("This is needed."),
    "out_of_range": _range,
    "contradicts": lambda params: _("This contradicts what is said elsewhere."),
    "twice": lambda params: _("“%(value)s” is there twice.", value=params["value"]),
    "not_ascending": lambda params: _("Each tier needs more than the one before it."),
    "gives_all_away": lambda params: _("By this, what is earned is worth as much as what was paid."),
    "unknown_name": lambda params: _("“%(value)s” is not known.", value=params["value"]),
    "wrong_type": lambda params: _("This is not of the right form."),
}
