"""Programs as terms: how units are earned, what they are worth, when they expire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from tenants.engine.conditions import Conditions
from tenants.engine.dates import LONGEST_DAYS
from tenants.engine.lots import Clawback, Expiry
from tenants.engine.mapping import Problem
from tenants.engine.rewards import Reward
from tenants.engine.sharing import Rounding
from tenants.engine.tiers import Tier, Window

Per = Literal["visit", "item", "amount"]


@dataclass(frozen=True)
class EarningRule:
    """`units` for a visit, for each item, or for each `step_minor` of the amount, in proportion or by full steps only.
    Rounded once, on everything the rule counts; at most `max_units` a purchase (0: no bound)."""

    key: str
    per: Per = "amount"
    units: Decimal = Decimal(1)
    step_minor: int = 0
    full_steps: bool = False
    rounding: Rounding = "down"
    max_units: int = 0
    conditions: Conditions = field(default_factory=Conditions)

    def faults(self) -> Iterator[Problem]:
        if self.units <= 0:
            yield Problem("units", "out_of_range", {"above": 0})
        if self.per == "amount" and self.step_minor < 1:
            yield Problem("step_minor", "missing_field")
        if self.max_units < 0:
            yield Problem("max_units", "out_of_range", {"min": 0})


@dataclass(frozen=True)
class Multiplier:
    """Units earned on the goods meant count `factor` times."""

    key: str
    factor: Decimal
    conditions: Conditions = field(default_factory=Conditions)

    def faults(self) -> Iterator[Problem]:
        if self.factor < 1:
            yield Problem("factor", "out_of_range", {"min": 1})


@dataclass(frozen=True)
class Occasion:
    """Units for something other than a purchase: once for each identity (the friend, the year, the review), and no more
    than `max_times` a member in all (0: no bound)."""

    event: Literal["welcome", "birthday", "referral", "review", "comeback"]
    units: int
    max_times: int = 0

    def faults(self) -> Iterator[Problem]:
        if self.units < 1:
            yield Problem("units", "out_of_range", {"min": 1})
        if self.max_times < 0:
            yield Problem("max_times", "out_of_range", {"min": 0})


@dataclass(frozen=True)
class ProgramTerms:
    """What a program promises. Cashback is earned in minor units of money; tier programs earn qualifying units.

    A program never earns on its own reward. Whether it earns on what the till took off (`earns_on_discounts`), on what
    coupons and the rewards of other programs took off, and on what gift cards and other programs' units paid, is
    stated. Multipliers that meet on the same goods: the best counts, or they are added up, or multiplied.
    """

    kind: Literal["stamp_card", "points", "cashback", "tiers", "bonus"]
    rules: tuple[EarningRule, ...] = ()
    multipliers: tuple[Multiplier, ...] = ()
    combine: Literal["best", "add", "multiply"] = "best"
    ignores_tiers: bool = False
    occasions: tuple[Occasion, ...] = ()
    rewards: tuple[Reward, ...] = ()
    required: int = 0
    expiry: Expiry = field(default_factory=Expiry)
    pending_days: int = 0
    spends_at_once: bool = False
    clawback: Clawback = "negative"
    earns_on_discounts: bool = False
    earns_on_coupons: bool = False
    earns_on_gift_cards: bool = True
    tiers: tuple[Tier, ...] = ()
    window: Window = field(default_factory=Window)

    @property
    def card_reward(self) -> Reward:
        """What a full stamp card gives."""
        return self.rewards[0]

    def reward(self, key: str) -> Reward | None:
        return next((reward for reward in self.rewards if reward.key == key), None)

    def faults(self) -> Iterator[Problem]:
        for name in ("rules", "multipliers", "rewards", "tiers"):
            keys = [item.key for item in getattr(self, name)]
            for key in sorted({key for key in keys if keys.count(key) > 1}):
                yield Problem(name, "twice", {"value": key})
        if not 0 <= self.pending_days <= LONGEST_DAYS:
            yield Problem("pending_days", "out_of_range", {"min": 0, "max": LONGEST_DAYS})
        yield from self._card_faults()
        thresholds = [tier.threshold for tier in self.tiers]
        if thresholds != sorted(set(thresholds)):
            yield Problem("tiers", "not_ascending")
        if (self.kind == "tiers") != bool(self.tiers):
            yield Problem(
                "tiers", "missing_field" if self.kind == "tiers" else "contradicts", {"with": "kind"}
            )

    def _card_faults(self) -> Iterator[Problem]:
        if self.kind != "stamp_card":
            if self.required:
                yield Problem("required", "contradicts", {"with": "kind"})
            return
        if self.required < 1:
            yield Problem("required", "missing_field")
        if len(self.rewards) != 1:
            yield Problem("rewards", "wrong_length", {"expected": 1})
        elif self.rewards[0].cost or self.rewards[0].takes_all:
            yield Problem("rewards.0.cost", "contradicts", {"with": "required"})
        if self.pending_days:
            yield Problem("pending_days", "contradicts", {"with": "kind"})


@dataclass(frozen=True)
class Program:
    """A version of a program in force."""

    id: str
    version_id: str
    currency: str
    terms: ProgramTerms


def in_force(versions: Sequence[tuple[dt.datetime, Program]], at: dt.datetime) -> Program | None:
    """The version that judges a purchase of that moment: the last one published by then."""
    begun = [(published, index) for index, (published, _program) in enumerate(versions) if published <= at]
    return versions[max(begun)[1]][1] if begun else None
