"""Opening hours as decisions: open or not, and when next. No clock, no database; times are the shop's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

WEEK = 7
MAX_SPANS = 3


def is_open(hours: Mapping[str, Any], local: dt.datetime) -> bool:
    """Whether the shop is open at this local time; without any hours it always is.

    A span includes its start and not its end. One that ends at or before its start goes past midnight;
    equal ends mean the whole day.
    """
    if not any(hours.values()):
        return True
    minute = local.hour * 60 + local.minute
    today = any(start <= minute < end for start, end in _spans(hours, local.weekday()))
    late = any(minute < end - 24 * 60 for _start, end in _spans(hours, local.weekday() - 1))
    return today or late


def next_opening(hours: Mapping[str, Any], local: dt.datetime) -> dt.datetime | None:
    """The next local time at which the shop opens; `local` itself while it is open."""
    if is_open(hours, local):
        return local
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    for days in range(WEEK + 1):
        for start, _end in sorted(_spans(hours, local.weekday() + days)):
            opening = (midnight + dt.timedelta(days=days)).replace(hour=start // 60, minute=start % 60)
            if opening > local:
                return opening
    return None


def overlaps(spans: Sequence[Sequence[str]]) -> bool:
    """Whether two spans of one day share a minute; one past midnight is taken to its end on the next day."""
    ordered = sorted(_minutes(start, end) for start, end in spans)
    return any(later[0] < earlier[1] for earlier, later in pairwise(ordered))


def _spans(hours: Mapping[str, Any], weekday: int) -> Iterator[tuple[int, int]]:
    for start, end in hours.get(str(weekday % WEEK)) or ():
        yield _minutes(start, end)


def _minutes(start: str, end: str) -> tuple[int, int]:
    """A span in minutes from midnight; its end is over 24 hours where it goes past midnight."""
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (start, end))
    return first, last if last > first else last + 24 * 60
