"""Lines made comparable: equal goods are one group, whatever the order of the lines and however they are split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenants.engine.sharing import Number, exact, fit, half_up, share
from tenants.engine.values import Line


@dataclass(frozen=True)
class Group:
    """Equal goods: same article, price and flags. The till's discounts are pooled, so `net` is their average price.

    `gross` is the whole quantity times the price, rounded half up once; `net` leaves out the till's own discount.
    """

    content: tuple[object, ...]
    lines: tuple[Line, ...]
    quantity: Number
    gross: int
    till_discount: int
    tax: int

    @property
    def article(self) -> Line:
        """Any of the lines: what they have in common is read from it."""
        return self.lines[0]

    @property
    def net(self) -> int:
        return self.gross - self.till_discount

    def over_lines(self, amount: int) -> list[int]:
        """An amount of this group on its lines, by quantity."""
        return share(amount, [exact(line.quantity) for line in self.lines], [line.key for line in self.lines])

    def prices(self) -> tuple[list[int], list[int]]:
        """Gross and till's discount of each line: as the till had them, but for the cent that rounding moved."""
        gross = self.over_lines(self.gross)
        return gross, fit([line.discount_minor for line in self.lines], gross)


def merge(lines: Sequence[Line]) -> tuple[Group, ...]:
    """The groups of a basket in an order that depends on their content only."""
    found: dict[tuple[object, ...], list[Line]] = {}
    for line in lines:
        found.setdefault(_content(line), []).append(line)
    return tuple(_group(content, found[content]) for content in sorted(found, key=repr))


def _content(line: Line) -> tuple[object, ...]:
    return (
        line.sku,
        line.unit_price_minor,
        tuple(sorted(line.categories)),
        tuple(sorted(line.tags)),
        line.is_excluded_from_earning,
        line.is_excluded_from_redeeming,
        line.is_delivery,
    )


def _group(content: tuple[object, ...], lines: list[Line]) -> Group:
    lines.sort(key=lambda line: (-line.quantity, -line.discount_minor, line.key))
    quantity = exact(sum(exact(line.quantity) for line in lines))
    gross = half_up(lines[0].unit_price_minor * quantity)
    discount = min(sum(line.discount_minor for line in lines), gross)
    tax = min(sum(line.tax_minor for line in lines), gross - discount)
    return Group(content, tuple(lines), quantity, gross, discount, tax)
