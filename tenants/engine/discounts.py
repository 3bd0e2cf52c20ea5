"""What a benefit takes off a bill: percents and amounts here, single items in their own module."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from tenants.engine import items
from tenants.engine.benefits import DISCOUNTS, ITEMISED, Benefit
from tenants.engine.bills import Bill, Cut
from tenants.engine.goods import fits
from tenants.engine.reasons import Reason, because
from tenants.engine.sharing import Number, half_up


def cut(benefit: Benefit, bill: Bill, goods: tuple[int, ...], units: int = 0) -> Cut:
    """What a benefit takes off, given the goods that its conditions mean and the units that may be spent on it.

    No group is reduced by more than it costs. What is no discount takes nothing off and only says how often it applies.
    """
    if benefit.kind not in DISCOUNTS:
        return replace(bill.nothing(), times=times(benefit, bill, goods))
    targets = aims(benefit, bill, goods)
    if benefit.kind in ITEMISED:
        return items.cut(benefit, bill, goods, targets)
    if benefit.on == "cheapest":
        return _on_cheapest(benefit, bill, targets, units)
    return _on_amount(benefit, bill, goods, {i: bill.nets[i] for i in targets}, units)


def aims(benefit: Benefit, bill: Bill, goods: tuple[int, ...]) -> tuple[int, ...]:
    """The groups that a benefit works on."""
    if benefit.on == "delivery":
        return bill.deliveries()
    if benefit.on == "order":
        return bill.goods()
    if benefit.target is None:
        return goods
    target = benefit.target
    return tuple(i for i in bill.goods() if fits(target, bill.groups[i].article))


def too_few(benefit: Benefit, bill: Bill, goods: tuple[int, ...]) -> Reason | None:
    """That a set of several needs more of them, where there are some."""
    if benefit.kind not in ("cheapest_free", "buy_x_get_y"):
        return None
    wanted = benefit.buy + benefit.get if benefit.kind == "buy_x_get_y" else benefit.quantity
    count = sum(run.count for run in bill.runs(sorted({*goods, *aims(benefit, bill, goods)})))
    if 0 < count < wanted:
        return because("quantity_too_small", quantity=f"{count}", min=f"{wanted}")
    return None


def times(benefit: Benefit, bill: Bill, goods: tuple[int, ...]) -> int:
    """How often a repeated benefit applies: once, for each so many items, or for each full step of the amount."""
    if benefit.per == "order":
        return 1
    if benefit.per == "item":
        quantity = sum(bill.groups[i].quantity - bill.free[i] for i in goods)
        count = floor(quantity) // benefit.quantity
    else:
        count = bill.sum_of(goods) // benefit.step_minor
    return min(count, benefit.max_times) if benefit.max_times else count


def _on_amount(
    benefit: Benefit, bill: Bill, goods: tuple[int, ...], weights: dict[int, Number], units: int
) -> Cut:
    whole = sum(weights.values())
    limit = half_up(whole)
    if benefit.max_discount_minor is not None:
        limit = min(limit, benefit.max_discount_minor)
    count, used = 1, 0
    if benefit.kind == "percent":
        wanted = half_up(Fraction(benefit.percent) / 100 * whole)
    elif benefit.kind == "amount":
        count = times(benefit, bill, goods)
        wanted = count * benefit.amount_minor
    else:
        used = min(units, units_for(benefit, limit))
        wanted = half_up(used * Fraction(benefit.unit_value_minor))
    amounts = bill.spread(min(wanted, limit), weights)
    return Cut(amounts, (0,) * len(bill.groups), count, used)


def units_for(benefit: Benefit, amount_minor: int) -> int:
    """The fewest units that cover an amount."""
    return ceil(amount_minor / Fraction(benefit.unit_value_minor))


def _on_cheapest(benefit: Benefit, bill: Bill, targets: tuple[int, ...], units: int) -> Cut:
    """On one item, the cheapest."""
    runs = bill.runs(targets)
    if not runs:
        return bill.nothing()
    cheapest = runs[0]
    found = _on_amount(benefit, bill, targets, {cheapest.index: cheapest.price}, units)
    is_free = found.total == half_up(cheapest.price)
    free = tuple(int(is_free and i == cheapest.index) for i in range(len(bill.groups)))
    return replace(found, free=free)
