"""Rewards of a program and coupons, as terms that are stored and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tenants.engine.benefits import Benefit, Stacking
from tenants.engine.conditions import Conditions
from tenants.engine.dates import LONGEST_DAYS
from tenants.engine.mapping import Problem
from tenants.engine.reasons import Reason


@dataclass(frozen=True)
class Reward:
    """What units buy: `cost` units each time, or at least `cost` and then all there are. A stamp card's reward costs
    the full card. An issued one expires after `valid_days` (0: never)."""

    key: str
    benefit: Benefit
    cost: int = 0
    takes_all: bool = False
    conditions: Conditions = field(default_factory=Conditions)
    stacking: Stacking = field(default_factory=Stacking)
    valid_days: int = 0

    def faults(self) -> Iterator[Problem]:
        if self.cost < 0:
            yield Problem("cost", "out_of_range", {"min": 0})
        if not 0 <= self.valid_days <= LONGEST_DAYS:
            yield Problem("valid_days", "out_of_range", {"min": 0, "max": LONGEST_DAYS})


@dataclass(frozen=True)
class CouponTerms:
    """What a coupon gives, when, and how it goes with others. Its limits are counted elsewhere, under a lock."""

    benefit: Benefit
    trigger: Literal["automatic", "code", "personal"] = "code"
    conditions: Conditions = field(default_factory=Conditions)
    stacking: Stacking = field(default_factory=Stacking)

    def faults(self) -> Iterator[Problem]:
        if self.benefit.kind in ("payment", "per_unit"):
            yield Problem("benefit.kind", "not_one_of", {"allowed": "what costs no units"})


@dataclass(frozen=True)
class Coupon:
    """A coupon in force, or an issued code of one: `id` names what is used up, `coupon_id` the offer whose uses by the
    member are counted. `refused` is a fact found outside, such as a limit that is reached."""

    id: str
    coupon_id: str
    version_id: str
    currency: str
    terms: CouponTerms
    refused: Reason | None = None
