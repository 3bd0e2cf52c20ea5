"""Discounts on single items: free ones, the cheapest of several, buy some get some, a fixed price for a set."""

from __future__ import annotations

from fractions import Fraction

from tenants.engine.benefits import Benefit
from tenants.engine.bills import Bill, Cut, Run
from tenants.engine.sharing import Number, exact, half_up


def cut(benefit: Benefit, bill: Bill, goods: tuple[int, ...], targets: tuple[int, ...]) -> Cut:
    """What an itemised benefit takes off; `goods` are those conditioned, `targets` those it works on."""
    if benefit.kind == "fixed_price":
        return _fixed_price(benefit, bill, targets)
    runs = bill.runs(targets)
    if benefit.kind == "free_item":
        taken = _cheapest(runs, benefit.quantity)
        found = sum(taken.values())
        return _off(benefit, bill, runs, taken, times=1, to_hand_out=benefit.quantity - found)
    if benefit.kind == "cheapest_free":
        times = _bounded(sum(run.count for run in runs) // benefit.quantity, benefit)
        return _off(benefit, bill, runs, _cheapest(runs, times * benefit.get), times)
    return _buy_and_get(benefit, bill, bill.runs(goods), runs)


def _bounded(times: int, benefit: Benefit) -> int:
    return min(times, benefit.max_times) if benefit.max_times else times


def _cheapest(
    runs: list[Run], count: int, scarce: frozenset[int] = frozenset(), spare: int = 0
) -> dict[int, int]:
    """How many items of each group are taken, cheapest first; of `scarce` groups together no more than `spare`."""
    taken: dict[int, int] = {}
    for run in runs:
        part = min(run.count, count, spare) if run.index in scarce else min(run.count, count)
        if run.index in scarce:
            spare -= part
        if part:
            taken[run.index] = part
        count -= part
    return taken


def _buy_and_get(benefit: Benefit, bill: Bill, bought: list[Run], gettable: list[Run]) -> Cut:
    """An item counts once: as bought or as got. Whole sets only; the cheapest of what may be got is reduced."""
    buys, gets = {run.index: run.count for run in bought}, {run.index: run.count for run in gettable}
    both = frozenset(buys) & frozenset(gets)
    shared = sum(buys[i] for i in both)
    only_bought = sum(count for i, count in buys.items() if i not in both)
    only_got = sum(count for i, count in gets.items() if i not in both)

    def is_possible(times: int) -> bool:
        need = max(times * benefit.buy - only_bought, 0) + max(times * benefit.get - only_got, 0)
        return need <= shared

    low, high = 0, (only_bought + shared) // benefit.buy
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_possible(middle) else (low, middle - 1)
    times = _bounded(low, benefit)
    spare = shared - max(times * benefit.buy - only_bought, 0)
    return _off(benefit, bill, gettable, _cheapest(gettable, times * benefit.get, both, spare), times)


def _off(
    benefit: Benefit, bill: Bill, runs: list[Run], taken: dict[int, int], times: int, to_hand_out: int = 0
) -> Cut:
    percent = exact(Fraction(benefit.percent) / 100)
    prices = {run.index: run.price for run in runs}
    savings: dict[int, Number] = {i: count * prices[i] * percent for i, count in taken.items()}
    total = half_up(sum(savings.values()))
    is_bounded = benefit.max_discount_minor is not None and total > benefit.max_discount_minor
    if is_bounded:
        total = benefit.max_discount_minor or 0
    is_free = percent == 1 and not is_bounded
    free = tuple(taken.get(i, 0) if is_free else 0 for i in range(len(bill.groups)))
    return Cut(bill.spread(total, savings), free, times, 0, to_hand_out)


def _fixed_price(benefit: Benefit, bill: Bill, targets: tuple[int, ...]) -> Cut:
    """Sets of the dearest items first, as long as a set costs more than its fixed price."""
    runs = bill.runs(targets)[::-1]
    size = benefit.quantity

    def value(count: int) -> dict[int, Number]:
        values: dict[int, Number] = {}
        for run in runs:
            part = min(run.count, count)
            count -= part
            if part:
                values[run.index] = part * run.price
        return values

    def worth(count: int) -> Number:
        return sum(value(count).values())

    low, high = 0, _bounded(sum(run.count for run in runs) // size, benefit)
    while low < high:
        middle = (low + high + 1) // 2
        is_worth_it = worth(middle * size) - worth((middle - 1) * size) > benefit.amount_minor
        low, high = (middle, high) if is_worth_it else (low, middle - 1)
    values = value(low * size)
    total = max(half_up(sum(values.values()) - low * benefit.amount_minor), 0)
    if benefit.max_discount_minor is not None:
        total = min(total, benefit.max_discount_minor)
    return Cut(bill.spread(total, values), (0,) * len(bill.groups), low)
