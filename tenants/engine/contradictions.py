"""Terms that are well formed and still can't be meant: found before they are published, each with its path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenants.engine.benefits import Benefit
from tenants.engine.conditions import Conditions, Selection
from tenants.engine.mapping import Problem, join
from tenants.engine.programs import Program, ProgramTerms
from tenants.engine.rewards import Coupon


def problems(programs: Sequence[Program], coupons: Sequence[Coupon]) -> list[Problem]:
    """What contradicts within a merchant's programs and coupons; paths begin with `programs.ID` or `coupons.ID`."""
    tiers = {tier.key for p in programs for tier in p.terms.tiers}
    tiers |= {f"{p.id}/{tier.key}" for p in programs for tier in p.terms.tiers}
    known = {coupon.coupon_id for coupon in coupons}
    found: list[Problem] = []
    for program in programs:
        found += _under(f"programs.{program.id}", _of_program(program.terms, tiers, known))
    for coupon in coupons:
        terms = coupon.terms
        path = f"coupons.{coupon.coupon_id}"
        found += _under(f"{path}.conditions", _of_conditions(terms.conditions, tiers))
        found += _under(f"{path}.benefit", _of_benefit(terms.benefit, terms.conditions, known))
    if len({p.currency for p in programs} | {c.currency for c in coupons}) > 1:
        found.append(Problem("currency", "contradicts", {"with": "currency"}))
    return found + list(_circles(coupons))


def _under(path: str, items: Iterator[Problem]) -> list[Problem]:
    return [Problem(join(path, item.path), item.code, item.params) for item in items]


def _of_program(terms: ProgramTerms, tiers: set[str], coupons: set[str]) -> Iterator[Problem]:
    for name in ("rules", "multipliers", "rewards"):
        for index, item in enumerate(getattr(terms, name)):
            yield from _under(f"{name}.{index}.conditions", _of_conditions(item.conditions, tiers))
    for index, reward in enumerate(terms.rewards):
        yield from _under(f"rewards.{index}.benefit", _of_benefit(reward.benefit, reward.conditions, coupons))
        spends_by_unit = reward.benefit.kind in ("per_unit", "payment")
        if terms.kind != "stamp_card" and not (reward.cost or reward.takes_all or spends_by_unit):
            yield Problem(f"rewards.{index}.cost", "missing_field")
        if terms.kind == "stamp_card" and spends_by_unit:
            yield Problem(f"rewards.{index}.benefit.kind", "contradicts", {"with": "kind"})
        yield from _own_reward(terms, index)
    if terms.kind != "bonus" and not terms.rules:
        yield Problem("rules", "missing_field")
    if terms.kind == "bonus" and not (terms.occasions or terms.rules):
        yield Problem("occasions", "missing_field")
    if terms.kind == "tiers" and terms.rewards:
        yield Problem("rewards", "contradicts", {"with": "kind"})


def _own_reward(terms: ProgramTerms, index: int) -> Iterator[Problem]:
    """Units whose worth, spent, is as much as they cost would make the program pay for itself without end."""
    benefit = terms.rewards[index].benefit
    if benefit.kind not in ("per_unit", "payment"):
        return
    for place, rule in enumerate(terms.rules):
        if rule.per == "amount" and rule.units * benefit.unit_value_minor >= rule.step_minor:
            yield Problem(f"rules.{place}.units", "gives_all_away", {"reward": terms.rewards[index].key})


def _of_conditions(conditions: Conditions, tiers: set[str]) -> Iterator[Problem]:
    for key in sorted((conditions.tiers.any | conditions.tiers.all | conditions.tiers.none) - tiers):
        yield Problem("tiers", "unknown_name", {"value": key})
    if conditions.first_purchase and (conditions.tiers.any or conditions.tiers.all):
        yield Problem("first_purchase", "contradicts", {"with": "tiers"})
    if conditions.first_purchase and conditions.uses_per_member > 1:
        yield Problem("uses_per_member", "contradicts", {"with": "first_purchase"})
    if conditions.first_day and conditions.last_day and conditions.weekdays and not _has_weekday(conditions):
        yield Problem("weekdays", "contradicts", {"with": "first_day"})
    yield from _under("goods", _of_selection(conditions.goods))


def _has_weekday(conditions: Conditions) -> bool:
    first, last = conditions.first_day, conditions.last_day
    if first is None or last is None or (last - first).days >= 6:
        return True
    days = {(first.isoweekday() - 1 + n) % 7 + 1 for n in range((last - first).days + 1)}
    return bool(days & conditions.weekdays)


def _of_selection(selection: Selection) -> Iterator[Problem]:
    """Each set of names alone was looked at when it was read."""
    if len(selection.products.all) > 1 and selection.products.any - selection.products.all:
        yield Problem("products.any", "contradicts", {"with": "products.all"})


def _of_benefit(benefit: Benefit, conditions: Conditions, coupons: set[str]) -> Iterator[Problem]:
    if benefit.kind == "coupon" and benefit.item not in coupons:
        yield Problem("item", "unknown_name", {"value": benefit.item})
    if (
        benefit.kind == "amount"
        and benefit.per == "order"
        and 0 < conditions.min_amount_minor < benefit.amount_minor
    ):
        yield Problem("amount_minor", "more_than_minimum", {"min_minor": conditions.min_amount_minor})
    if benefit.target is not None:
        yield from _under("target", _of_selection(benefit.target))


def _circles(coupons: Sequence[Coupon]) -> Iterator[Problem]:
    """Automatic coupons that hand out one another without any condition would do so at every purchase, for ever."""
    gives = {
        coupon.coupon_id: coupon.terms.benefit.item
        for coupon in coupons
        if coupon.terms.benefit.kind == "coupon" and not coupon.terms.conditions.min_amount_minor
    }
    for start in sorted(gives):
        seen, name = [start], gives[start]
        while name in gives and name not in seen:
            seen.append(name)
            name = gives[name]
        if name == start:
            yield Problem(f"coupons.{start}.benefit.item", "gives_itself", {"through": ", ".join(seen)})
