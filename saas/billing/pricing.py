"""The public page of prices: every plan with what it holds, by month or by year, in a currency of one's choice."""

from __future__ import annotations

from babel.numbers import format_currency, get_currency_precision
from flask import Blueprint, Response, request
from flask_babel import get_locale

from saas.billing import plans
from saas.merchants.defaults import guess
from saas.web.access import public
from saas.web.i18n import select_locale
from saas.web.render import render

bp = Blueprint("pricing", __name__)


@bp.get("/pricing")
@public(on="nothing")
def show() -> Response:
    """What it costs; an unknown interval or currency is the month, and the money of the visitor's country."""
    interval, currency = request.args.get("interval"), request.args.get("currency", "").upper()
    if interval not in plans.INTERVALS:
        interval = "month"
    if currency not in plans.CURRENCIES:
        currency = likely_currency()
    response = render(
        "saas/billing/pricing.html",
        interval=interval,
        currency=currency,
        currencies=plans.CURRENCIES,
        offers=offers(interval, currency),
    )
    response.vary.update(["Accept-Language", "Cookie"])
    return response


def likely_currency() -> str:
    """By the country that the browser's languages tell of."""
    accepted = request.headers.get("Accept-Language", "")
    return plans.currency_for(guess(accepted, select_locale()).currency)


class Offer:
    """A plan as it is shown: its price for an interval in a currency."""

    def __init__(self, plan: plans.Plan, interval: str, currency: str) -> None:
        price = plan.price(interval, currency) if plan.is_paid else None
        amount = price.amount_minor if price else 0
        self.code, self.name = plan.code, plan.name
        self.limits = {name: plan.limits[name] for name in plans.SHOWN}
        self.price = price
        self.amount_minor = amount
        self.amount = money(amount, currency)
        self.monthly = money(amount // (12 if interval == "year" else 1), currency)


def offers(interval: str, currency: str) -> list[Offer]:
    """All plans, the smallest first."""
    return [Offer(plan, interval, currency) for plan in plans.PLANS.values()]


def money(amount_minor: int, currency: str) -> str:
    """An amount as prices are written: without decimals where they are all zero."""
    locale = get_locale()
    value = amount_minor / 10 ** get_currency_precision(currency)
    if value != int(value) or locale is None:
        return format_currency(value, currency, locale=locale)
    pattern = locale.currency_formats["standard"].pattern.replace(".00", "")
    return format_currency(value, currency, pattern, locale=locale, currency_digits=False)
