"""Exact rounding, and sharing a whole amount over parts so that the parts sum to it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any, Literal

Rounding = Literal["down", "half_up", "up"]
Number = int | Fraction


def half_up(value: Number) -> int:
    """The nearest whole number; a half goes up."""
    return floor(value + Fraction(1, 2)) if isinstance(value, Fraction) else value


def exact(value: Number | Decimal) -> Number:
    """The same number without a denominator where it has none: whole numbers are many times faster."""
    fraction = Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else fraction


def rounded(value: Number, rounding: Rounding) -> int:
    if rounding == "down":
        return floor(value)
    return ceil(value) if rounding == "up" else half_up(value)


def share(total: int, weights: Sequence[Number], ties: Sequence[Any]) -> list[int]:
    """Share `total` in proportion to `weights` by largest remainder; equal remainders go by `ties`, smallest first.

    The parts sum to `total`, and none exceeds its exact quota rounded up: with total ≤ sum of whole weights no part
    exceeds its weight. Without any weight nothing can be shared and total must be zero.
    """
    if not total:
        return [0] * len(weights)
    if len(weights) == 1 and weights[0]:
        return [total]
    scale = lcm(*{weight.denominator for weight in weights})
    scaled = [int(weight * scale) for weight in weights]
    whole = sum(scaled)
    if whole == 0:
        raise ValueError("nothing to share over")
    parts = [total * weight // whole for weight in scaled]
    left = total - sum(parts)
    if left:
        order = sorted(range(len(parts)), key=lambda i: (-(total * scaled[i] % whole), ties[i]))
        for index in order[:left]:
            parts[index] += 1
    return parts


def fit(wanted: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """The wanted amounts, with what exceeds a room moved to the first rooms that have space. Sums are kept."""
    placed = [min(want, room) for want, room in zip(wanted, rooms, strict=True)]
    left = sum(wanted) - sum(placed)
    for index, room in enumerate(rooms):
        more = min(left, room - placed[index])
        placed[index] += more
        left -= more
    return placed
