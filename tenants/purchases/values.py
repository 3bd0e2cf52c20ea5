"""Single cells become dates, exact amounts, quantities, phone numbers and addresses, or say why not. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache

import phonenumbers

MONTH_FIRST = frozenset({"US", "PH", "FM", "MH", "PW", "PR", "GU"})
DECIMAL_POINT = frozenset(
    {
        "US",
        "GB",
        "IE",
        "MT",
        "CY",
        "AU",
        "NZ",
        "CA",
        "IN",
        "IL",
        "JP",
        "CN",
        "KR",
        "MX",
        "PH",
        "SG",
        "HK",
        "CH",
        "TH",
        "NG",
        "KE",
    }
)
LARGEST_MINOR = 2_147_483_647
LARGEST_QUANTITY = 10_000
EARLIEST = dt.date(1970, 1, 1)

COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
DATE = re.compile(
    r"(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{1,4})\.?"
    r"(?:[T ,]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?"
)
DATE_HEAD = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2\d{2,4}")
SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’]")
CURRENCY = re.compile(r"^[^\d(.,+-]{0,4}|[^\d).,-]{0,4}$")
EMAIL = re.compile(r"[^@\s,;<>()\"]{1,64}@[^@\s,;<>()\"]+\.[^@\s,;<>()\".]{2,}")


class BadValueError(Exception):
    """The cell can't be taken; `reason` is a code that words.py puts into the person's language."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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


def decimal_sign(values: Iterable[str], country: str) -> str:
    """The decimal sign that the values prove, else the country's."""
    votes = {".": 0, ",": 0}
    for value in values:
        plain = SPACES.sub("", value)
        point, comma = plain.rfind("."), plain.rfind(",")
        if point < 0 and comma < 0:
            continue
        sign = "." if point > comma else ","
        digits = re.match(r"\d*", plain[max(point, comma) + 1 :])
        if (point >= 0 and comma >= 0) or (digits and len(digits[0]) != 3 and plain.count(sign) == 1):
            votes[sign] += 1
        elif plain.count(sign) > 1:
            votes["," if sign == "." else "."] += 1
    if votes["."] == votes[","]:
        return "." if country in DECIMAL_POINT else ","
    return max(votes, key=lambda sign: votes[sign])


@lru_cache(maxsize=50_000)
def amount(value: str, decimal: str, exponent: int) -> int:
    """An amount in minor units, exactly: what the currency can't express is refused, never rounded."""
    plain = SPACES.sub("", CURRENCY.sub("", value.strip()))
    plain = SPACES.sub("", CURRENCY.sub("", plain))
    if not plain:
        raise BadValueError("amount" if value.strip() else "empty")
    is_negative = plain.startswith(("-", "(")) or plain.endswith("-")
    plain = plain.strip("()+-")
    thousands = "," if decimal == "." else "."
    whole, _sign, fraction = plain.partition(decimal)
    if thousands in whole:
        groups = whole.split(thousands)
        if not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
            raise BadValueError("amount")
        whole = "".join(groups)
    if not (whole or fraction) or not _is_digits(whole or "0") or not _is_digits(fraction or "0"):
        raise BadValueError("amount")
    if fraction[exponent:].strip("0"):
        raise BadValueError("amount_decimals")
    if len(whole) > 12:
        raise BadValueError("amount_large")
    minor: int = int(whole or "0") * 10**exponent + int((fraction + "0" * exponent)[:exponent] or "0")
    if is_negative and minor:
        raise BadValueError("amount_negative")
    if minor > LARGEST_MINOR:
        raise BadValueError("amount_large")
    return minor


def _is_digits(value: str) -> bool:
    return value.isascii() and value.isdigit()


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
