"""Amounts, decimals and lists of names as a person types them, in the notation of their language."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, format_decimal, get_currency_precision, parse_decimal
from flask import g
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms import IntegerField, StringField

from tenants.programs.forms import one_line, read_amount

MOST_NAMES = 50
LARGEST = Decimal(10_000_000)


class Decimals(StringField):
    """A number with at most `places` places, or None where nothing was typed."""

    def __init__(self, *args: Any, places: int = 4, **kwargs: Any) -> None:
        self.places = places
        super().__init__(*args, **kwargs)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        return str(format_decimal(self.data, "0." + "#" * self.places, locale=get_locale()))

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = one_line(valuelist[0]) if valuelist else ""
        self.data: Any = None
        if not text:
            return
        try:
            value = parse_decimal(text[:40], locale=get_locale(), strict=True)
        except NumberFormatError as error:
            raise ValueError(_("Write a number, such as %(example)s.", example=_example())) from error
        if not value.is_finite() or not 0 <= value <= LARGEST or value != round(value, self.places):
            raise ValueError(_("Write a number, such as %(example)s.", example=_example()))
        self.data = value


class Count(IntegerField):
    """A whole number, or None where nothing was typed."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist and valuelist[0].strip():
            super().process_formdata(valuelist)
        else:
            self.data = None


class Amount(StringField):
    """An amount of the merchant's money in minor units; 0 where nothing was typed."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if not self.data:
            return ""
        digits = get_currency_precision(g.merchant.currency)
        pattern = "0." + "0" * digits if digits else "0"
        return str(format_decimal(Decimal(self.data) / 10**digits, pattern, locale=get_locale()))

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = one_line(valuelist[0]) if valuelist else ""
        self.data: Any = read_amount(text, g.merchant.currency) if text else 0


class Worth(Decimals):
    """What one unit is worth, in minor units: it may be less than the smallest coin."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if not self.data:
            return ""
        digits = get_currency_precision(g.merchant.currency)
        return str(format_decimal(Decimal(self.data).scaleb(-digits), "0.00####", locale=get_locale()))

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = self.data.scaleb(get_currency_precision(g.merchant.currency))


class Names(StringField):
    """Names with commas between them, as a tuple."""

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ", ".join(self.data or ())

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = one_line(valuelist[0]) if valuelist else ""
        names = {name.strip(): None for name in (text or "").split(",") if name.strip()}
        if len(names) > MOST_NAMES or any(len(name) > 120 for name in names):
            raise ValueError(_("At most %(max)s names, with commas between them.", max=MOST_NAMES))
        self.data: Any = tuple(names)


def _example() -> str:
    return str(format_decimal(Decimal("1.5"), locale=get_locale()))
