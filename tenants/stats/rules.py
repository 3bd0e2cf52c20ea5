"""The arithmetic of the dashboard: changes, shares, and days in a row. No clock, no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from itertools import accumulate

PERIODS = (7, 30, 90)


def period(text: str | None) -> int:
    """The days to show: one of PERIODS, 30 where anything else was asked for."""
    return int(text) if text in {str(days) for days in PERIODS} else 30


def days_until(today: dt.date, count: int) -> list[dt.date]:
    """The last `count` days, today being the last of them."""
    return [today - dt.timedelta(days=back) for back in range(count - 1, -1, -1)]


def series(days: list[dt.date], counted: Mapping[dt.date, int]) -> list[int]:
    """A number for each day, 0 where nothing was counted."""
    return [counted.get(day, 0) for day in days]


def cumulated(total: int, added: list[int]) -> list[int]:
    """How a total grew to what it is by these additions."""
    begun = total - sum(added)
    return [begun + grown for grown in accumulate(added)]


def share(part: int, whole: int) -> float | None:
    """A share between 0 and 1; None where there is nothing to take a share of."""
    return part / whole if whole else None


def change(now: int, before: int) -> float | None:
    """The relative change, 0.5 for half as many again; None where there was nothing before."""
    return (now - before) / before if before else None


def by_week(values: list[int]) -> list[int]:
    """Sums of seven days each, counted back from the last day; days that fill no week are left out."""
    weeks = len(values) // 7
    start = len(values) - weeks * 7
    return [sum(values[start + week * 7 : start + week * 7 + 7]) for week in range(weeks)]
