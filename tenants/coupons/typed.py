"""What is typed into a coupon's fields, between its text in the reader's language and the plan's values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, format_decimal, parse_decimal
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms.validators import ValidationError

from tenants.programs.forms import read_amount, write_amount


def _decimal(text: str, currency: str) -> str:
    try:
        number = parse_decimal(text.replace("%", "").strip(), locale=get_locale(), strict=True)
    except NumberFormatError as error:
        raise ValidationError(_("Write a number.")) from error
    return format(number, "f")


def _names(text: str, currency: str) -> list[str]:
    return sorted({name for part in text.split(",") if (name := part.strip())})


def _time(text: str) -> dt.time:
    hour, _colon, minute = text.partition(":")
    return dt.time(int(hour), int(minute or 0))


def _hours(text: str, currency: str) -> list[dict[str, str]]:
    """Stretches such as 8:00-10:00, 16:30-18:00."""
    found = []
    for stretch in text.replace("–", "-").split(","):
        ends = [end.strip() for end in stretch.split("-")]
        try:
            start, end = (_time(end) for end in ends)
        except (ValueError, TypeError) as error:
            raise ValidationError(_("Write hours as 8:00-10:00, several with commas.")) from error
        found.append({"start": start.isoformat(), "end": end.isoformat()})
    return found


READERS: dict[str, Any] = {
    "text": lambda value, currency: str(value),
    "int": lambda value, currency: int(value),
    "bool": lambda value, currency: bool(value),
    "decimal": _decimal,
    "money": read_amount,
    "names": _names,
    "numbers": lambda value, currency: sorted(int(number) for number in value),
    "chosen": lambda value, currency: sorted(value),
    "hours": _hours,
    "date": lambda value, currency: value.isoformat(),
}
WRITERS: dict[str, Any] = {
    "decimal": lambda value, currency: format_decimal(Decimal(str(value)), "0.######", locale=get_locale()),
    "money": write_amount,
    "names": lambda value, currency: ", ".join(value),
    "numbers": lambda value, currency: [str(number) for number in value],
    "hours": lambda value, currency: ", ".join(f"{one['start'][:5]}-{one['end'][:5]}" for one in value),
    "date": lambda value, currency: dt.date.fromisoformat(value),
}
