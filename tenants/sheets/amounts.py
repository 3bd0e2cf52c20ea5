"""Cells with amounts become exact minor units, or say why not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

COUNTRIES = "US GB IE MT CY AU NZ CA IN IL JP CN KR MX PH SG HK CH TH NG KE"
DECIMAL_POINT = frozenset(COUNTRIES.split())
LARGEST_MINOR = 2_147_483_647

SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’]")
CURRENCY = re.compile(r"^[^\d(.,+-]{0,4}|[^\d).,-]{0,4}$")


class BadValueError(Exception):
    """The cell can't be taken; `reason` is a code that words.py puts into the person's language."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def decimal_sign(values: Iterable[str], country: str, exponent: int = 2) -> str:
    """The decimal sign that the values prove, else the country's.

    Three digits after a lone sign are thousands, unless the currency itself has three decimals.
    """
    votes = {".": 0, ",": 0}
    for value in values:
        plain = SPACES.sub("", value)
        point, comma = plain.rfind("."), plain.rfind(",")
        if point < 0 and comma < 0:
            continue
        sign = "." if point > comma else ","
        digits = re.match(r"\d*", plain[max(point, comma) + 1 :])
        if (point >= 0 and comma >= 0) or (
            digits and (len(digits[0]) != 3 or exponent == 3) and plain.count(sign) == 1
        ):
            votes[sign] += 1
        elif plain.count(sign) > 1:
            votes["," if sign == "." else "."] += 1
    if votes["."] == votes[","]:
        return "." if country in DECIMAL_POINT else ","
    return max(votes, key=lambda sign: votes[sign])


@lru_cache(maxsize=50_000)
def amount(value: str, decimal: str, exponent: int, largest: int = LARGEST_MINOR) -> int:
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
    if minor > largest:
        raise BadValueError("amount_large")
    return minor


def _is_digits(value: str) -> bool:
    return value.isascii() and value.isdigit()
