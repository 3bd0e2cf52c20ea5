"""A basket to try a coupon on while it is written: goods that it is meant for, priced by the engine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil

from babel.numbers import get_currency_precision
from flask_babel import gettext as _

from tenants.coupons.rules import Plan
from tenants.engine.conditions import Among, Conditions, Selection
from tenants.engine.quote import quote
from tenants.engine.rewards import Coupon
from tenants.engine.values import Basket, Line
from tenants.programs import reasons
from tenants.programs.reasons import Speech

PRICE = 5


@dataclass(frozen=True)
class Row:
    """A line of the sample: what it is, how many, its price before and after."""

    name: str
    quantity: Decimal
    gross_minor: int
    net_minor: int


@dataclass(frozen=True)
class Sample:
    rows: list[Row]
    total_minor: int
    discount_minor: int
    refused: str


def priced(plan: Plan, currency: str, now: dt.datetime) -> Sample:
    """What the coupon does to the sample; time, place and member count as fitting."""
    conditions = plan.terms.conditions
    timeless = Conditions(
        goods=conditions.goods,
        min_quantity=conditions.min_quantity,
        min_amount_minor=conditions.min_amount_minor,
        amount_of=conditions.amount_of,
        amount_when=conditions.amount_when,
        amount_tax=conditions.amount_tax,
    )
    lines, names = _lines(plan, currency)
    basket = Basket("sample", currency, tuple(lines), now)
    coupon = Coupon("sample", "sample", "", currency, replace(plan.terms, conditions=timeless))
    result = quote(basket, None, (), [coupon])
    speech = Speech(currency)
    refused = reasons.of(result.refused[0].reason, speech) if result.refused else ""
    rows = [Row(names[line.key], line.quantity, line.gross_minor, line.net_minor) for line in result.lines]
    return Sample(rows, result.total_minor, result.discount_minor, refused)


def _lines(plan: Plan, currency: str) -> tuple[list[Line], dict[str, str]]:
    benefit, conditions = plan.terms.benefit, plan.terms.conditions
    unit = 10 ** get_currency_precision(currency)
    price = max(PRICE * unit, conditions.goods.min_price_minor)
    count = max(
        benefit.buy + benefit.get if benefit.buy else 1, benefit.quantity, ceil(conditions.min_quantity)
    )
    if benefit.kind == "amount" and benefit.per == "amount" and benefit.step_minor:
        count = max(count, -(-benefit.step_minor // price))
    count = max(count, -(-conditions.min_amount_minor // price), 1)
    wanted = [("1", conditions.goods, count)]
    if benefit.target is not None:
        wanted.append(("2", benefit.target, max(benefit.get, benefit.quantity)))
    lines = [_line(key, selection, quantity, price) for key, selection, quantity in wanted]
    names = {key: _name(selection) for key, selection, _quantity in wanted}
    if benefit.on == "delivery":
        lines.append(Line("d", PRICE * unit, is_delivery=True))
        names["d"] = _("Delivery")
    return lines, names


def _line(key: str, selection: Selection, quantity: int, price: int) -> Line:
    sku = _first(selection.products)
    return Line(
        key,
        min(max(price, selection.min_price_minor), selection.max_price_minor or 10**12),
        Decimal(quantity),
        sku=sku,
        categories=selection.categories.any | selection.categories.all,
        tags=selection.tags.any | selection.tags.all,
    )


def _first(among: Among) -> str:
    return min(among.any | among.all, default="")


def _name(selection: Selection) -> str:
    parts = (selection.products, selection.categories, selection.tags)
    return next((name for part in parts if (name := _first(part))), _("Something"))
