"""How much of a purchase is returned, and what that means for each line, payment, coupon and rule of it.

Every figure is a function of what has been returned so far, all in all; a refund is the difference of two such figures.
So several partial refunds sum exactly to the full one, however they are split.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import floor

from tenants.engine.earning import units_for
from tenants.engine.lots import Lot
from tenants.engine.mapping import Problem
from tenants.engine.results import Earned, Outcome, Payment, Result, Used
from tenants.engine.sharing import half_up

VISIT = ""  # the key under which a purchase without lines is returned, once


def bought(result: Result) -> dict[str, Decimal]:
    """What can be returned, by line; a visit without lines as one."""
    return {line.key: line.quantity for line in result.lines} or {VISIT: Decimal(1)}


def faults(
    result: Result, returned: Mapping[str, Decimal], returning: Mapping[str, Decimal]
) -> Iterator[Problem]:
    """Why a return can't be: unknown lines, nothing, or more than was bought and not returned yet."""
    known = bought(result)
    if not returning:
        yield Problem("lines", "missing_field")
    for key, quantity in returning.items():
        if key not in known:
            yield Problem(f"lines.{key}", "unknown_line", {"value": key})
        elif quantity <= 0:
            yield Problem(f"lines.{key}", "out_of_range", {"above": 0})
        elif quantity + returned.get(key, Decimal(0)) > known[key]:
            left = known[key] - returned.get(key, Decimal(0))
            yield Problem(f"lines.{key}", "more_than_bought", {"left": f"{left:f}"})


@dataclass(frozen=True)
class Returned:
    """A purchase with the quantities returned so far."""

    result: Result
    quantities: Mapping[str, Decimal]

    @cached_property
    def parts(self) -> dict[str, Fraction]:
        """How much of each line is returned, from 0 to 1."""
        return {
            key: Fraction(self.quantities.get(key, 0)) / Fraction(quantity)
            for key, quantity in bought(self.result).items()
        }

    @property
    def is_everything(self) -> bool:
        """All the goods are returned; what was paid for delivery may stay."""
        deliveries = {line.key for line in self.result.lines if line.is_delivery}
        goods = [part for key, part in self.parts.items() if key not in deliveries] or list(
            self.parts.values()
        )
        return all(part == 1 for part in goods)

    @cached_property
    def amounts(self) -> dict[str, int]:
        """Money returned by line."""
        return {line.key: half_up(line.net_minor * self.parts[line.key]) for line in self.result.lines}

    def paid_back(self) -> list[int]:
        """What each payment got back: gift cards and units first, in the order in which they paid; money last."""
        left, amounts = sum(self.amounts.values()), []
        for payment in self.result.payments:
            amounts.append(min(payment.amount_minor, left))
            left -= amounts[-1]
        return amounts

    def part_of(self, used: Used) -> Fraction:
        """How much of a coupon or reward came back: by what it had taken off; whole ones all at once."""
        touched = {
            line.key: discount.amount_minor
            for line in self.result.lines
            for discount in line.discounts
            if discount.source == used.source
        }
        if not touched:
            return Fraction(int(self.is_everything))
        if used.is_whole:
            return Fraction(int(all(self.parts[key] == 1 for key in touched)))
        whole = sum(touched.values())
        return sum((amount * self.parts[key] for key, amount in touched.items()), Fraction()) / whole

    def kept(self, earned: Earned) -> int:
        """What a rule leaves for what is not returned, by its own arithmetic; a visit stays until all is returned."""
        if earned.per == "visit":
            return 0 if self.is_everything else earned.units
        weight = sum((weight * (1 - self.parts[key]) for key, weight in earned.weights), Fraction())
        units = min(units_for(earned, weight), earned.units)
        return min(units, earned.max_units) if earned.max_units else units

    def kept_of(self, outcome: Outcome) -> int:
        return sum(self.kept(earned) for earned in outcome.earned)


def units_back(paid: Payment, amount: int) -> int:
    """Units that a payment got back with an amount of money."""
    return floor(Fraction(paid.units * amount, paid.amount_minor))


def pieces_back(pieces: Sequence[Lot], start: int, end: int) -> tuple[Lot, ...]:
    """The units from `start` to `end` of what comes back, the last taken first."""
    found = []
    for piece in reversed(pieces):
        low, high = max(start, 0), min(end, piece.units)
        if low < high:
            found.append(replace(piece, units=high - low))
        start, end = start - piece.units, end - piece.units
    return tuple(found)
