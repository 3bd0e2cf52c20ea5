"""What a segment asks of a member, as it is kept. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from tenants.engine.mapping import Problem

THIS_MONTH = 13
LONGEST_DAYS = 3660


@dataclass(frozen=True)
class Terms:
    """All that is stated must hold. `tier` is `program/tier`; `birthday_month` is 1 to 12, or THIS_MONTH."""

    tags: frozenset[str] = frozenset()
    without_tags: frozenset[str] = frozenset()
    tier: str = ""
    seen_within_days: int = 0
    away_for_days: int = 0
    joined_since: dt.date | None = None
    birthday_month: int = 0
    min_visits: int = 0
    max_visits: int | None = None

    @property
    def asks_visits(self) -> bool:
        return self.min_visits > 0 or self.max_visits is not None

    def faults(self) -> Iterator[Problem]:
        for name in ("seen_within_days", "away_for_days"):
            if not 0 <= getattr(self, name) <= LONGEST_DAYS:
                yield Problem(name, "out_of_range", {"min": 0, "max": LONGEST_DAYS})
        if not 0 <= self.birthday_month <= THIS_MONTH:
            yield Problem("birthday_month", "out_of_range", {"min": 0, "max": THIS_MONTH})
        if self.min_visits < 0:
            yield Problem("min_visits", "out_of_range", {"min": 0})
        if self.max_visits is not None and self.max_visits < self.min_visits:
            yield Problem("max_visits", "contradicts", {"with": "min_visits"})
        if self.tags & self.without_tags:
            yield Problem("without_tags", "contradicts", {"with": "tags"})
        if self.seen_within_days and self.away_for_days >= self.seen_within_days:
            yield Problem("away_for_days", "contradicts", {"with": "seen_within_days"})
