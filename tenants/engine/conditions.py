"""The one vocabulary of conditions that earning rules, bonuses, rewards and coupons share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Literal

from tenants.engine.dates import LONGEST_DAYS
from tenants.engine.mapping import Problem


@dataclass(frozen=True)
class Among:
    """Names wanted: at least one of `any`, each of `all`, nothing of `none`. Empty sets ask nothing."""

    any: frozenset[str] = frozenset()
    all: frozenset[str] = frozenset()
    none: frozenset[str] = frozenset()

    def holds(self, names: frozenset[str]) -> bool:
        return self.all <= names and not self.none & names and (not self.any or bool(self.any & names))

    def faults(self) -> Iterator[Problem]:
        if self.all & self.none or (self.any and self.any <= self.none):
            clash = (self.any | self.all) & self.none
            yield Problem("none", "contradicts", {"with": ", ".join(sorted(clash))})


@dataclass(frozen=True)
class Selection:
    """Which goods. A line fits if it is one of any `any` (products, categories or tags alike), has every category and
    tag of `all`, nothing of `none`, and a price within the bounds. `products.all` asks that the basket has each of
    these products."""

    products: Among = field(default_factory=Among)
    categories: Among = field(default_factory=Among)
    tags: Among = field(default_factory=Among)
    min_price_minor: int = 0
    max_price_minor: int | None = None

    def faults(self) -> Iterator[Problem]:
        if self.max_price_minor is not None and self.max_price_minor < self.min_price_minor:
            yield Problem("max_price_minor", "contradicts", {"with": "min_price_minor"})


@dataclass(frozen=True)
class Hours:
    """A stretch of the day by the shop's clock, the end not included; one that ends before it begins crosses midnight
    and belongs to the day on which it began."""

    start: dt.time
    end: dt.time

    def faults(self) -> Iterator[Problem]:
        if self.start == self.end:
            yield Problem("end", "contradicts", {"with": "start"})
        if self.start.tzinfo or self.end.tzinfo:
            yield Problem("start", "wrong_type", {"expected": "time"})


@dataclass(frozen=True)
class Birthday:
    """Days around the birthday. A birthday week of six days after is `days_after=6`."""

    days_before: int = 0
    days_after: int = 0

    def faults(self) -> Iterator[Problem]:
        for name in ("days_before", "days_after"):
            if not 0 <= getattr(self, name) <= 180:
                yield Problem(name, "out_of_range", {"min": 0, "max": 180})


@dataclass(frozen=True)
class Conditions:
    """All that is stated must hold. Weekdays go from 1 (Monday) to 7; dates include their last day.

    The minimum amount counts the goods that fit, or the whole order (never delivery), at the till's prices or after
    coupons and rewards, with tax or without.
    """

    goods: Selection = field(default_factory=Selection)
    min_quantity: Decimal = Decimal(0)
    min_amount_minor: int = 0
    amount_of: Literal["goods", "order"] = "goods"
    amount_when: Literal["before_discounts", "after_discounts"] = "before_discounts"
    amount_tax: Literal["included", "excluded"] = "included"
    weekdays: frozenset[int] = frozenset()
    hours: tuple[Hours, ...] = ()
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    birthday: Birthday | None = None
    tiers: Among = field(default_factory=Among)
    segments: Among = field(default_factory=Among)
    member_tags: Among = field(default_factory=Among)
    locations: Among = field(default_factory=Among)
    first_purchase: bool = False
    days_away: int = 0
    uses_per_member: int = 0
    members_only: bool = False

    @cached_property
    def needs_member(self) -> bool:
        about_member = (
            self.birthday,
            self.first_purchase,
            self.days_away,
            self.uses_per_member,
            self.members_only,
        )
        return any(about_member) or any(
            names.any or names.all or names.none for names in (self.tiers, self.segments, self.member_tags)
        )

    def faults(self) -> Iterator[Problem]:
        for name in ("min_quantity", "min_amount_minor", "days_away", "uses_per_member"):
            if getattr(self, name) < 0:
                yield Problem(name, "out_of_range", {"min": 0})
        if self.days_away > LONGEST_DAYS:
            yield Problem("days_away", "out_of_range", {"min": 0, "max": LONGEST_DAYS})
        if not self.weekdays <= set(range(1, 8)):
            yield Problem("weekdays", "out_of_range", {"min": 1, "max": 7})
        if self.first_day and self.last_day and self.last_day < self.first_day:
            yield Problem("last_day", "contradicts", {"with": "first_day"})
        if self.first_purchase and self.days_away:
            yield Problem("days_away", "contradicts", {"with": "first_purchase"})


ALWAYS = Conditions()
ANYTHING = Selection()
