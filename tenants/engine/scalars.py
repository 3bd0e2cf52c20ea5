"""Single values of JSON read strictly: whole numbers, exact decimals, text, moments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

LARGEST = 10**15
LONGEST_TEXT = 500


def _whole(data: Any) -> int:
    if isinstance(data, bool) or not isinstance(data, int):
        raise TypeError
    return data


def _truth(data: Any) -> bool:
    if not isinstance(data, bool):
        raise TypeError
    return data


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise TypeError
    if len(data) > LONGEST_TEXT or "\x00" in data:
        raise ValueError
    return data


def _decimal(data: Any) -> Decimal:
    if isinstance(data, bool) or not isinstance(data, (int, str, float)) or len(str(data)) > 30:
        raise TypeError
    value = Decimal(str(data))
    if not value.is_finite() or value.normalize().adjusted() < -12:
        raise ValueError
    return value


def _moment(data: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(_text(data))
    if moment.tzinfo is None:
        raise ValueError
    return moment


READERS: dict[Any, Callable[[Any], Any]] = {
    int: _whole,
    bool: _truth,
    str: _text,
    Decimal: _decimal,
    Fraction: lambda data: Fraction(_text(data)),
    dt.datetime: _moment,
    dt.date: lambda data: dt.date.fromisoformat(_text(data)),
    dt.time: lambda data: dt.time.fromisoformat(_text(data)),
}
NAMES = {
    int: "integer",
    bool: "boolean",
    str: "text",
    Decimal: "decimal",
    Fraction: "fraction",
    dt.datetime: "moment with time zone",
    dt.date: "date",
    dt.time: "time",
}
