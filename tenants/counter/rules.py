"""What people type and scan at the counter: codes by their spelling, amounts by their digits."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

DIGITS = 6
MAX_AMOUNT = 10_000_000
_DIGITS = re.compile(rf"[0-9]{{{DIGITS}}}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


def spelled(text: str) -> tuple[str, str] | tuple[None, None]:
    """A code's kind ("digits" or "token") and bare value; a pair of None where the text is neither.

    It may be six digits with any blanks or dashes, a token, or the scanned address that ends with one.
    """
    path = text[:300].strip().split("?", 1)[0].split("#", 1)[0].rstrip("/")
    part = "".join(path.rsplit("/", 1)[-1].split())
    if _DIGITS.fullmatch(part.replace("-", "")):
        return "digits", part.replace("-", "")
    return ("token", part) if _TOKEN.fullmatch(part) else (None, None)


def minor_units(text: str, decimals: int) -> int | None:
    """An amount as typed at a till ("12,50", "12.5", "12") in minor units; None where it is none, or where it has more
    decimals than the currency, since “1.234” may be a thousand."""
    try:
        amount = Decimal("".join(text.split()).replace(",", "."))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < MAX_AMOUNT:
        return None
    if -int(amount.as_tuple().exponent) > decimals:
        return None
    return int(amount.scaleb(decimals))
