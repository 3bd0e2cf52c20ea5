"""Billing periods: intervals added to a moment, in UTC, on the day of the month where the cycle is anchored."""

from __future__ import annotations

import calendar
import datetime as dt

DAY = 86400


def add(start: int, interval: str, count: int, anchor: int | None = None) -> int:
    """The end of the period that begins at `start`; 31 January plus a month is the last of February."""
    if interval in ("day", "week"):
        return start + count * DAY * (7 if interval == "week" else 1)
    begin = dt.datetime.fromtimestamp(start, dt.UTC)
    day = dt.datetime.fromtimestamp(anchor, dt.UTC).day if anchor else begin.day
    months = begin.year * 12 + begin.month - 1 + count * (12 if interval == "year" else 1)
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return int(begin.replace(year=year, month=month + 1, day=min(day, last)).timestamp())


def day(moment: int) -> str:
    """A date as Stripe writes it in an invoice's lines."""
    return f"{dt.datetime.fromtimestamp(moment, dt.UTC):%d %b %Y}"
