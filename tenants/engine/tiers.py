"""Membership tiers: reached by what qualifies within a window, kept until they are reviewed, lost after a grace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from tenants.engine.dates import DAY, add_months, end_of, local, start_of
from tenants.engine.mapping import Problem
from tenants.engine.values import Standing


@dataclass(frozen=True)
class Tier:
    """A tier, the qualifying units it takes, and by what it multiplies units earned (1: not at all)."""

    key: str
    threshold: int
    multiplier: Decimal = Decimal(1)

    def faults(self) -> Iterator[Problem]:
        if self.threshold < 0:
            yield Problem("threshold", "out_of_range", {"min": 0})
        if self.multiplier < 1:
            yield Problem("multiplier", "out_of_range", {"min": 1})


@dataclass(frozen=True)
class Window:
    """What counts: the last `months`, or the calendar year. A tier reached is kept for `months` more, or to the end of
    the next year; then it is reviewed, and given up `grace_days` later unless it is reached again."""

    kind: Literal["rolling", "calendar"] = "rolling"
    months: int = 12
    grace_days: int = 0

    def faults(self) -> Iterator[Problem]:
        if not 1 <= self.months <= 120:
            yield Problem("months", "out_of_range", {"min": 1, "max": 120})
        if not 0 <= self.grace_days <= 3660:
            yield Problem("grace_days", "out_of_range", {"min": 0, "max": 3660})

    def begins_at(self, at: dt.datetime, zone_name: str) -> dt.datetime:
        day = local(at, zone_name).date()
        first = dt.date(day.year, 1, 1) if self.kind == "calendar" else add_months(day, -self.months) + DAY
        return start_of(first, zone_name)

    def kept_until(self, at: dt.datetime, zone_name: str) -> dt.datetime:
        day = local(at, zone_name).date()
        last = dt.date(day.year + 1, 12, 31) if self.kind == "calendar" else add_months(day, self.months)
        return end_of(last, zone_name)


@dataclass(frozen=True)
class Review:
    """The standing after a look at it, what qualifies now, and what happened: reached, kept, grace or lost."""

    standing: Standing
    qualifying: int
    outcome: Literal["reached", "kept", "grace", "lost"]


def qualifying(window: Window, standing: Standing, at: dt.datetime, zone_name: str) -> int:
    """Qualifying units within the window that ends now."""
    begins = window.begins_at(at, zone_name)
    return sum(units for when, units in standing.qualified if begins <= when <= at)


def tier_for(tiers: Sequence[Tier], units: int) -> str:
    reached = [tier for tier in tiers if tier.threshold <= units]
    return max(reached, key=lambda tier: tier.threshold).key if reached else ""


def rank(tiers: Sequence[Tier], key: str) -> int:
    """The threshold of a tier, -1 for none: the higher the better."""
    return next((tier.threshold for tier in tiers if tier.key == key), -1)


def review(
    tiers: Sequence[Tier], window: Window, standing: Standing, at: dt.datetime, zone_name: str
) -> Review:
    """Judge a standing at a moment. A higher tier is reached at once; a lower one only when the time that the tier is
    kept, and the grace after it, are over. Doing it twice changes nothing more."""
    units = qualifying(window, standing, at, zone_name)
    key = tier_for(tiers, units)
    until = window.kept_until(at, zone_name)
    held, deserved = rank(tiers, standing.tier), rank(tiers, key)
    kept = standing.kept_until
    if deserved > held:
        return Review(Standing(key, until, standing.qualified), units, "reached")
    if kept is None or at < kept:
        return Review(standing, units, "kept")
    if deserved == held:
        until_next = until if key else None
        return Review(Standing(standing.tier, until_next, standing.qualified), units, "kept")
    if at < kept + window.grace_days * DAY:
        return Review(standing, units, "grace")
    return Review(Standing(key, until if key else None, standing.qualified), units, "lost")


def taken_back(
    tiers: Sequence[Tier],
    window: Window,
    standing: Standing,
    units: int,
    purchased_at: dt.datetime,
    zone_name: str,
) -> Standing:
    """The standing after qualifying units are taken back, dated as the purchase was. A tier that what remains never
    reached is given up at once; one that it did reach is kept until its review."""
    qualified = (*standing.qualified, (purchased_at, -units))
    left = replace(standing, qualified=qualified)
    reached = max((qualifying(window, left, when, zone_name) for when, _units in qualified), default=0)
    best = tier_for(tiers, reached)
    if rank(tiers, best) >= rank(tiers, standing.tier):
        return left
    return replace(left, tier=best, kept_until=standing.kept_until if best else None)
