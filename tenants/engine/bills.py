"""What is still to pay for each group of goods while discounts are taken off one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from tenants.engine.groups import Group
from tenants.engine.sharing import Number, exact, share


@dataclass(frozen=True)
class Cut:
    """What one discount takes off each group, how many whole items of it are free by it, how often it applied, the
    units it used up, and how many free items are not in the basket and are to be handed out."""

    amounts: tuple[int, ...]
    free: tuple[int, ...]
    times: int = 1
    units: int = 0
    to_hand_out: int = 0

    @property
    def total(self) -> int:
        return sum(self.amounts)


@dataclass(frozen=True)
class Run:
    """So many whole items of one group, each at this price as it stands."""

    index: int
    price: Number
    count: int


@dataclass(frozen=True)
class Bill:
    """The groups, what each costs by now, and how many of its items are free by now."""

    groups: tuple[Group, ...]
    nets: tuple[int, ...]
    free: tuple[int, ...]

    @classmethod
    def of(cls, groups: tuple[Group, ...]) -> Bill:
        return cls(groups, tuple(group.net for group in groups), (0,) * len(groups))

    def original(self) -> Bill:
        """Before any discount but the till's."""
        return Bill.of(self.groups)

    def after(self, cut: Cut) -> Bill:
        nets = tuple(net - amount for net, amount in zip(self.nets, cut.amounts, strict=True))
        free = tuple(before + more for before, more in zip(self.free, cut.free, strict=True))
        return Bill(self.groups, nets, free)

    def goods(self) -> tuple[int, ...]:
        """What discounts and payments by units may touch: no delivery, nothing excluded from redeeming."""
        return tuple(
            i
            for i, group in enumerate(self.groups)
            if not (group.article.is_delivery or group.article.is_excluded_from_redeeming)
        )

    def deliveries(self) -> tuple[int, ...]:
        return tuple(i for i, group in enumerate(self.groups) if group.article.is_delivery)

    def sum_of(self, indices: Sequence[int]) -> int:
        return sum(self.nets[i] for i in indices)

    def runs(self, indices: Sequence[int]) -> list[Run]:
        """The whole items that are not free yet, cheapest first; equal prices go by content."""
        found = []
        for index in indices:
            left = self.groups[index].quantity - self.free[index]
            if left >= 1:
                found.append(Run(index, exact(Fraction(self.nets[index]) / left), floor(left)))
        return sorted(found, key=lambda run: (run.price, run.index))

    def spread(self, total: int, weights: dict[int, Number]) -> tuple[int, ...]:
        """An amount on the groups, in proportion to weights that don't exceed what each costs."""
        indices = sorted(weights)
        parts = dict(zip(indices, share(total, [weights[i] for i in indices], indices), strict=True))
        return tuple(parts.get(i, 0) for i in range(len(self.groups)))

    def nothing(self) -> Cut:
        zeros = (0,) * len(self.groups)
        return Cut(zeros, zeros, times=0)
