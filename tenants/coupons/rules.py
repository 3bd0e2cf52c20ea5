"""What a coupon is besides its terms, how codes are made and compared, and the keys that uses are counted under."""

from __future__ import annotations

import datetime as dt
import secrets
import unicodedata
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from tenants.engine.mapping import Problem, from_mapping, to_mapping
from tenants.engine.rewards import CouponTerms

PERIODS = ("day", "week", "month", "year")
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that looks like another: 4.9 random bits a character
CODE_LENGTH = 12  # 58 bits
LONGEST_CODE = 60
MOST_USES = 1_000_000_000
MOST_DAYS = 3_650


@dataclass(frozen=True)
class Limits:
    """How often a coupon may be used: in all, in each period, and by each member in each period (0: no limit). How
    often by each member at all is a condition of its terms."""

    total: int = 0
    per_period: int = 0
    per_member_period: int = 0
    period: Literal["day", "week", "month", "year"] = "month"

    def faults(self) -> Iterator[Problem]:
        for name in ("total", "per_period", "per_member_period"):
            if not 0 <= getattr(self, name) <= MOST_USES:
                yield Problem(name, "out_of_range", {"min": 0, "max": MOST_USES})


@dataclass(frozen=True)
class Plan:
    """All that is published at once: the terms, the public code, the limits, how many days an issued code is valid, and
    the share of members who are left out for comparison when it is given to many."""

    terms: CouponTerms
    code: str = ""
    limits: Limits = field(default_factory=Limits)
    valid_days: int = 0
    holdout_percent: int = 0

    def faults(self) -> Iterator[Problem]:
        if not 0 <= self.valid_days <= MOST_DAYS:
            yield Problem("valid_days", "out_of_range", {"min": 0, "max": MOST_DAYS})
        if not 0 <= self.holdout_percent <= 90:
            yield Problem("holdout_percent", "out_of_range", {"min": 0, "max": 90})
        if self.code and self.terms.trigger != "code":
            yield Problem("code", "contradicts", {"with": "terms.trigger"})
        if self.code and not 3 <= len(normal(self.code)) <= LONGEST_CODE:
            yield Problem("code", "out_of_range", {"min": 3, "max": LONGEST_CODE})
        if self.terms.benefit.kind == "coupon" and self.terms.trigger == "personal":
            yield Problem("terms.benefit.kind", "contradicts", {"with": "terms.trigger"})

    @property
    def per_member(self) -> int:
        return self.terms.conditions.uses_per_member

    def to_mapping(self) -> dict[str, Any]:
        return dict(to_mapping(self))

    @classmethod
    def from_mapping(cls, data: Any) -> Plan:
        """Raises Invalid."""
        return from_mapping(cls, data)


class Count(NamedTuple):
    """A key under which uses are counted, and how many there may be."""

    key: str
    limit: int


def normal(code: str) -> str:
    """A code as it is compared: without case, blanks and dashes."""
    folded = unicodedata.normalize("NFKC", code).upper()
    return "".join(char for char in folded if char.isalnum())[: LONGEST_CODE + 1]


def shown(code: str) -> str:
    """An issued code in groups of four."""
    if len(code) != CODE_LENGTH:
        return code
    return "-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def new_code() -> str:
    """A code that can't be guessed: 58 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def period_day(at: dt.datetime, period: str, time_zone: str) -> dt.date:
    """The first day, by the shop's clock, of the period that a moment lies in; weeks begin on Monday."""
    day = at.astimezone(ZoneInfo(time_zone)).date()
    if period == "week":
        return day - dt.timedelta(days=day.weekday())
    if period == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if period == "year" else day


def keys(at: dt.datetime, period: str, time_zone: str, member_id: uuid.UUID | None) -> dict[str, str]:
    """The key of each kind of limit for a use at that moment."""
    day = period_day(at, period, time_zone).isoformat()
    found = {"total": "all", "per_period": f"{period} {day}"}
    if member_id:
        found |= {"per_member": f"member {member_id}", "per_member_period": f"{period} {day} {member_id}"}
    return found


def next_period(at: dt.datetime, period: str, time_zone: str) -> dt.date:
    """The first day of the period after the one that a moment lies in."""
    first = period_day(at, period, time_zone)
    length = {"day": 1, "week": 7, "month": 32, "year": 367}[period]
    later = first + dt.timedelta(days=length)
    return (
        later.replace(day=1)
        if period == "month"
        else later.replace(month=1, day=1)
        if period == "year"
        else later
    )


def expires_at(issued: dt.datetime, days: int, time_zone: str) -> dt.datetime | None:
    """The end of the last day, by the shop's clock, on which a code that is valid for so many days after today can be
    used; None for no end."""
    if not days:
        return None
    last = issued.astimezone(ZoneInfo(time_zone)).date() + dt.timedelta(days=days + 1)
    return dt.datetime.combine(last, dt.time(), ZoneInfo(time_zone)).astimezone(dt.UTC)


def held_back(members: int, percent: int) -> int:
    """How many of so many members are left out: the share, rounded half up."""
    return (members * percent * 2 + 100) // 200


def draws(left: int, wanted: int) -> bool:
    """Whether the next of `left` is among the `wanted` that are still to be drawn: each choice is as likely, and in the
    end exactly so many are (Knuth, selection sampling)."""
    return secrets.randbelow(left) < wanted if left else False


def sort_key(name: str) -> str:
    return unicodedata.normalize("NFKD", name).casefold()[:240]
