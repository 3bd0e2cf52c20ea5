"""Single cells become dates, exact amounts, quantities, phone numbers and addresses, or say why not. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache

import phonenumbers

from tenants.sheets.amounts import BadValueError

MONTH_FIRST = frozenset({"US", "PH", "FM", "MH", "PW", "PR", "GU"})
LARGEST_QUANTITY = 10_000
EARLIEST = dt.date(1970, 1, 1)

COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
DATE = re.compile(
    r"(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{1,4})\.?"
    r"(?:[T ,]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?"
)
DATE_HEAD = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2\d{2,4}")
EMAIL = re.compile(r"[^@\s,;<>()\"]{1,64}@[^@\s,;<>()\"]+\.[^@\s,;<>()\".]{2,}")


@lru_cache(maxsize=20_000)
def date(value: str, order: str) -> tuple[dt.datetime, bool]:
    """A date with or without a time, and whether it had one; without a zone it is the shop's local time.

    `order` is "dmy" or "mdy", for what does not begin with the year; days with points are always day first.
    """
    compact = COMPACT.fullmatch(value)
    if compact:
        return _moment(int(compact[1]), int(compact[2]), int(compact[3])), False
    found = DATE.fullmatch(value)
    if not found:
        raise BadValueError("date")
    first, sign, second, third = found[1], found[2], int(found[3]), found[4]
    if len(first) == 4:
        year, month, day = int(first), second, int(third)
    elif len(first) > 2 or len(third) not in (2, 4):
        raise BadValueError("date")
    else:
        year = int(third) if len(third) == 4 else _century(int(third))
        day, month = (int(first), second) if order == "dmy" or sign == "." else (second, int(first))
    if found[5] is None:
        return _moment(year, month, day), False
    moment = _moment(year, month, day, _hour(int(found[5]), found[8]), int(found[6]), int(found[7] or 0))
    return _in_zone(moment, found[9]), True


def _century(year: int) -> int:
    return 2000 + year if year < 70 else 1900 + year


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half in "Pp" else 0)


def _moment(year: int, month: int, day: int, hour: int = 12, minute: int = 0, second: int = 0) -> dt.datetime:
    try:
        date_ = dt.date(year, month, day)
        moment = dt.datetime.combine(date_, dt.time(hour, minute, second))
    except ValueError as error:
        raise BadValueError("date") from error
    if moment.date() < EARLIEST:
        raise BadValueError("date_old")
    return moment


def _in_zone(moment: dt.datetime, zone: str | None) -> dt.datetime:
    if zone is None:
        return moment
    if zone == "Z":
        return moment.replace(tzinfo=dt.UTC)
    digits = zone.replace(":", "")
    offset = dt.timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    if offset >= dt.timedelta(hours=24):
        raise BadValueError("date")
    return moment.replace(tzinfo=dt.timezone(-offset if digits[0] == "-" else offset))


def date_order(values: Iterable[str], country: str) -> tuple[str, bool]:
    """Day first or month first, as the values prove it, else as the country writes it; and whether it is a
    guess.
    """
    is_date_first = is_month_first = is_asked = False
    for value in values:
        found = DATE_HEAD.match(value)
        if found:
            is_asked = True
            is_date_first |= int(found[1]) > 12
            is_month_first |= int(found[3]) > 12
    if is_date_first != is_month_first:
        return ("dmy" if is_date_first else "mdy"), False
    return ("mdy" if country in MONTH_FIRST else "dmy"), is_asked


def quantity(value: str) -> int:
    """A whole number from 1 on; an empty cell is 1."""
    if not value:
        return 1
    found = re.fullmatch(r"\+?(-?)(\d{1,12})(?:[.,]0+)?", value)
    if not found:
        raise BadValueError("quantity")
    count = int(found[2])
    if count == 0 or found[1]:
        raise BadValueError("quantity_small")
    if count > LARGEST_QUANTITY:
        raise BadValueError("quantity_large")
    return count


def email(value: str) -> str:
    """The address in small letters."""
    if len(value) > 254 or not EMAIL.fullmatch(value):
        raise BadValueError("email")
    return value.lower()


@lru_cache(maxsize=50_000)
def phone(value: str, country: str) -> str:
    """The number as +… (E.164); a national number is read as the shop's country writes it."""
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException as error:
        raise BadValueError("phone") from error
    if not phonenumbers.is_possible_number(number):
        raise BadValueError("phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
