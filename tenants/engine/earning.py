"""How many units a purchase earns in one program, rule by rule, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import floor

from tenants.engine.bases import Base
from tenants.engine.conditions import ANYTHING
from tenants.engine.goods import find
from tenants.engine.groups import Group
from tenants.engine.multipliers import Factor, acting_on, chosen, combined, factors_of, reasons_for
from tenants.engine.occasions import refusal
from tenants.engine.programs import EarningRule, Program
from tenants.engine.reasons import Reason, because
from tenants.engine.results import Earned, Missed
from tenants.engine.sharing import Number, rounded, share
from tenants.engine.values import Basket, Member


def earn(
    program: Program,
    basket: Basket,
    member: Member,
    groups: Sequence[Group],
    base: Base,
    tier_factors: Mapping[str, Number],
) -> Iterator[Earned | Missed]:
    """What each rule of the program earns, or why it earns nothing."""
    factors = list(factors_of(program, basket, member, groups, base, tier_factors))
    for rule in program.terms.rules:
        used = member.uses.get(f"{program.id}/{rule.key}", 0)
        refused = refusal(rule.conditions, basket, member, used)
        goods = find(rule.conditions, groups, base.open_to, base.amounts)
        if refused or goods.refused:
            yield Missed(rule.key, refused or goods.refused or because("no_matching_goods"))
            continue
        plain = _weights(rule, goods.indices, groups, base)
        if not plain:
            yield Missed(rule.key, because("no_matching_goods"))
            continue
        yield _earned(program, rule, plain, factors, groups)


def _weights(
    rule: EarningRule, indices: Sequence[int], groups: Sequence[Group], base: Base
) -> dict[int, Number]:
    """Visits, items or money that count, by group; a visit without lines has the key -1."""
    if rule.per == "visit":
        if not groups:
            return {-1: 1} if rule.conditions.goods == ANYTHING else {}
        paid = [i for i in indices if base.amounts[i]]
        return {paid[0]: 1} if paid else {}
    if rule.per == "item":
        return {i: base.items[i] for i in indices if base.items[i]}
    return {i: base.amounts[i] for i in indices if base.amounts[i]}


def _earned(
    program: Program,
    rule: EarningRule,
    plain: Mapping[int, Number],
    factors: Sequence[Factor],
    groups: Sequence[Group],
) -> Earned:
    acting: dict[int, list[Factor]] = {index: acting_on(program, index, factors) for index in plain}
    if rule.per == "visit" and groups:  # what multiplies any of the goods multiplies the visit
        everywhere = [factor for factor in factors if factor.groups]
        acting = {index: chosen(program, everywhere) for index in plain}
    weights = {i: weight * combined(program, acting[i]) for i, weight in plain.items()}
    raw = units_for(rule, sum(weights.values()))
    first = units_for(rule, sum(plain.values()))
    units = min(raw, rule.max_units) if rule.max_units else raw
    why = [_plain_reason(rule, first, plain)]
    why += reasons_for(raw - first, plain, acting)
    if units < raw:
        why.append(because("capped", units=units - raw, max=rule.max_units))
    return Earned(
        rule.key,
        rule.per,
        units,
        rule.units,
        rule.rounding,
        rule.full_steps,
        rule.max_units,
        rule.step_minor,
        () if rule.per == "visit" else tuple(_by_line(weights, groups)),
        tuple(why),
    )


def units_for(rule: EarningRule | Earned, weight: Number) -> int:
    """The arithmetic of a rule, rounded once on the whole."""
    each = rule.units if isinstance(rule, EarningRule) else rule.units_each
    steps = Fraction(weight) / (rule.step_minor if rule.per == "amount" else 1)
    return rounded(Fraction(each) * (floor(steps) if rule.full_steps else steps), rule.rounding)


def _plain_reason(rule: EarningRule, units: int, plain: Mapping[int, Number]) -> Reason:
    weight = sum(plain.values())
    if rule.per == "visit":
        return because("earned_visit", units=units)
    if rule.per == "item":
        return because("earned_items", units=units, items=floor(weight))
    return because("earned_amount", units=units, amount_minor=int(weight), step_minor=rule.step_minor)


def _by_line(weights: Mapping[int, Number], groups: Sequence[Group]) -> Iterator[tuple[str, Number]]:
    for index, weight in sorted(weights.items()):
        group = groups[index]
        for line in group.lines:
            is_alone = len(group.lines) == 1
            yield (
                line.key,
                weight if is_alone else Fraction(weight) * Fraction(line.quantity) / group.quantity,
            )


def units_by_line(earned: Earned) -> dict[str, int]:
    """The units of a rule on the lines that earned them; none for a visit."""
    keys = [key for key, _weight in earned.weights]
    weights = [weight for _key, weight in earned.weights]
    return dict(zip(keys, share(earned.units, weights, keys), strict=True)) if keys else {}
