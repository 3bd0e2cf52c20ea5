"""Filters of the templates: dates, numbers and money in the language and time zone of the request."""

from __future__ import annotations

import datetime as dt

from babel.dates import get_datetime_format
from babel.numbers import format_currency as babel_currency
from babel.numbers import get_currency_precision
from flask import Flask
from flask_babel import (
    format_date,
    format_decimal,
    format_percent,
    format_time,
    format_timedelta,
    get_locale,
    get_timezone,
)
from flask_babel import gettext as _

from saas.web.clock import utcnow


def money(amount_minor: int, currency: str) -> str:
    """An amount in minor units, as people of this language write it."""
    return babel_currency(
        amount_minor / 10 ** get_currency_precision(currency), currency, locale=get_locale()
    )


def number(value: float) -> str:
    return str(format_decimal(value))


def percent(value: float) -> str:
    """A share between 0 and 1, rounded to whole percents."""
    return str(format_percent(round(value, 2)))


def date(value: dt.datetime | dt.date, form: str = "medium") -> str:
    return str(format_date(value, form))


def when(value: dt.datetime) -> str:
    """Today and yesterday by name with the time, else the date."""
    zone = get_timezone()
    local, now = value.astimezone(zone), utcnow().astimezone(zone)
    if local.date() == now.date():
        return _("Today %(time)s", time=format_time(value, "short"))
    if local.date() == now.date() - dt.timedelta(days=1):
        return _("Yesterday %(time)s", time=format_time(value, "short"))
    pattern = str(get_datetime_format("medium", get_locale())).replace("'", "")
    return pattern.replace("{0}", format_time(value, "short")).replace("{1}", format_date(value, "medium"))


def ago(value: dt.datetime) -> str:
    return str(format_timedelta(value - utcnow(), add_direction=True))


def card_number(value: str) -> str:
    """A member number in two groups of four."""
    return f"{value[:4]} {value[4:]}"


def init(app: Flask) -> None:
    app.jinja_env.filters.update(
        money=money, number=number, percent=percent, date=date, when=when, ago=ago, card_number=card_number
    )
