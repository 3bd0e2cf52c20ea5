"""Calendar arithmetic in the merchant's time zone: ends of days, months of unequal length, birthdays."""

from __future__ import annotations

import calendar
import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = dt.timedelta(days=1)
LONGEST_DAYS = 3660  # ten years
FIRST_YEAR, LAST_YEAR = 1970, 2999  # what is added to a moment stays within the calendar


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(moment: dt.datetime, zone_name: str) -> dt.datetime:
    return moment.astimezone(zone(zone_name))


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day `months` later, or the last day of that month: 31 January + 1 month is 28 or 29 February."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def start_of(day: dt.date, zone_name: str) -> dt.datetime:
    """The instant at which a local day begins, in UTC; a night without midnight begins when the clock jumps."""
    return dt.datetime.combine(day, dt.time(), zone(zone_name)).astimezone(dt.UTC)


def end_of(day: dt.date, zone_name: str) -> dt.datetime:
    """The first instant after a local day."""
    return start_of(day + DAY, zone_name)


def birthday_in(born: dt.date, year: int) -> dt.date:
    """The birthday in a year; who was born on 29 February has it on the 28th in common years."""
    if (born.month, born.day) == (2, 29) and not calendar.isleap(year):
        return dt.date(year, 2, 28)
    return dt.date(year, born.month, born.day)


def is_near_birthday(born: dt.date, today: dt.date, days_before: int, days_after: int) -> bool:
    """Whether today lies between so many days before and after a birthday, across the turn of the year too."""
    for year in (today.year - 1, today.year, today.year + 1):
        away = (today - birthday_in(born, year)).days
        if -days_before <= away <= days_after:
            return True
    return False
