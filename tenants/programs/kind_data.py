"""Stored terms as the editor's rows; what the editor can't show is told as kept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tenants.engine.benefits import Benefit
from tenants.engine.conditions import Selection
from tenants.engine.programs import EarningRule, Multiplier, ProgramTerms
from tenants.engine.rewards import Reward
from tenants.programs.kind_forms import GIVES
from tenants.programs.kind_terms import PLAIN, SORTS


def data_of(kind: str, name: str, terms: ProgramTerms, words: Mapping[str, Any]) -> dict[str, Any]:
    """Terms as the form's data."""
    expiry, named = terms.expiry, words.get("rewards", {})
    expires = "year" if expiry.years_end is not None else "after" if expiry.months or expiry.days else "never"
    return {
        "kind": kind,
        "name": name,
        "headline": words.get("headline", ""),
        "unit": words.get("unit", ""),
        "icon": words.get("icon", "star"),
        "rules": [_rule_data(rule) for rule in terms.rules],
        "multipliers": [_multiplier_data(multiplier) for multiplier in terms.multipliers],
        "occasions": [
            {"event": one.event, "units": one.units, "max_times": one.max_times or None}
            for one in terms.occasions
        ],
        "rewards": [_reward_data(reward, named.get(reward.key, {})) for reward in terms.rewards],
        "tiers": [
            {
                "key": tier.key,
                "name": words.get("tiers", {}).get(tier.key, tier.key),
                "threshold": tier.threshold,
                "multiplier": tier.multiplier,
            }
            for tier in terms.tiers
        ],
        "expires": expires,
        "expiry_months": expiry.months or None,
        "expiry_days": expiry.days or None,
        "expiry_years": expiry.years_end,
        "pending_days": terms.pending_days or None,
        "window_kind": terms.window.kind,
        "window_months": terms.window.months,
        "grace_days": terms.window.grace_days or None,
        **{name: getattr(terms, name) for name in PLAIN},
    }


def _rule_data(rule: EarningRule) -> dict[str, Any]:
    goods = rule.conditions.goods
    return {
        "key": rule.key,
        "units": rule.units,
        "per": rule.per,
        "step": rule.step_minor,
        "percent": rule.units * 100 / rule.step_minor if rule.step_minor else None,
        "max_units": rule.max_units or None,
        "rounding": rule.rounding,
        "full_steps": rule.full_steps,
        "min_amount": rule.conditions.min_amount_minor,
        **_goods_data(goods),
        **{f"not_{sort}": tuple(sorted(getattr(goods, sort).none)) for sort in SORTS},
    }


def _multiplier_data(multiplier: Multiplier) -> dict[str, Any]:
    conditions = multiplier.conditions
    hours = conditions.hours[0] if conditions.hours else None
    born = conditions.birthday
    return {
        "key": multiplier.key,
        "label": multiplier.key,
        "factor": multiplier.factor,
        "weekdays": sorted(conditions.weekdays),
        "start": hours.start if hours else None,
        "end": hours.end if hours else None,
        "tiers": sorted(conditions.tiers.any),
        "member_tags": sorted(conditions.member_tags.any),
        "segments": sorted(conditions.segments.any),
        "birthday": born is not None,
        "days_before": born.days_before if born else None,
        "days_after": born.days_after if born else None,
        "min_amount": conditions.min_amount_minor,
        **_goods_data(conditions.goods),
    }


def _reward_data(reward: Reward, named: Mapping[str, Any]) -> dict[str, Any]:
    benefit = reward.benefit
    return {
        "key": reward.key,
        "name": named.get("name") or benefit.item or reward.key,
        "note": named.get("note", ""),
        "cost": reward.cost or None,
        "gives": benefit.kind if _is_plain(benefit) else "kept",
        "percent": benefit.percent if benefit.kind == "percent" else None,
        "amount": benefit.amount_minor,
        "worth": benefit.unit_value_minor or None,
        "item": benefit.item,
        "max_discount": benefit.max_discount_minor or 0,
        "valid_days": reward.valid_days or None,
        **_goods_data(benefit.target or Selection()),
    }


def _is_plain(benefit: Benefit) -> bool:
    """Whether the editor can say all of a benefit."""
    usual = Benefit(
        benefit.kind,
        "order" if benefit.kind in ("percent", "amount") and benefit.target is None else "goods",
        benefit.target,
        benefit.percent if benefit.kind == "percent" else Decimal(100),
        benefit.amount_minor if benefit.kind in ("amount", "gift_card") else 0,
        benefit.unit_value_minor if benefit.kind == "payment" else Decimal(0),
        item=benefit.item,
        max_discount_minor=benefit.max_discount_minor,
    )
    return benefit.kind in GIVES and benefit == usual


def _goods_data(goods: Selection) -> dict[str, Any]:
    """Goods as the editor says them: some names of one sort; else they are kept as they are."""
    found = [sort for sort in SORTS if getattr(goods, sort).any]
    is_more = goods.min_price_minor or goods.max_price_minor is not None
    if is_more or len(found) > 1 or any(getattr(goods, sort).all for sort in SORTS):
        return {"goods_by": "kept", "goods": ()}
    if not found:
        return {"goods_by": "", "goods": ()}
    return {"goods_by": found[0], "goods": tuple(sorted(getattr(goods, found[0]).any))}
