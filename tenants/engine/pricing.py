"""From groups back to the lines of the basket: what each costs, what was used, and what is to be issued."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from tenants.engine.benefits import DISCOUNTS, GRANTS, ITEMISED
from tenants.engine.results import Grant, LineDiscount, PricedLine, Source, Used
from tenants.engine.sharing import share
from tenants.engine.stacking import Application, Plan
from tenants.engine.values import Basket


def priced(basket: Basket, plan: Plan) -> tuple[PricedLine, ...]:
    """The lines in the order of the basket. What a group was reduced by is shared over its lines by what each has left,
    so that no line is reduced by more than it costs."""
    found: dict[str, PricedLine] = {}
    for index, group in enumerate(plan.bill.groups):
        gross, till = group.prices()
        left = [whole - off for whole, off in zip(gross, till, strict=True)]
        discounts: list[list[LineDiscount]] = [[] for _line in group.lines]
        for application in plan.applied:
            amount = application.cut.amounts[index]
            parts = share(amount, left, [line.key for line in group.lines])
            left = [rest - part for rest, part in zip(left, parts, strict=True)]
            for place, part in enumerate(parts):
                if part:
                    discounts[place].append(LineDiscount(application.offer.source, part))
        for place, line in enumerate(group.lines):
            found[line.key] = PricedLine(
                line.key,
                line.quantity,
                gross[place],
                till[place],
                left[place],
                tuple(discounts[place]),
                line.is_delivery,
            )
    return tuple(found[line.key] for line in basket.lines)


def used_of(plan: Plan) -> tuple[Used, ...]:
    """What was used up: coupons, issued rewards, and rewards with the units they cost."""
    return tuple(
        Used(
            a.offer.source,
            a.offer.benefit.kind,
            a.cut.times,
            a.cut.total,
            a.units,
            a.pieces,
            a.cut.to_hand_out,
            is_whole=a.offer.benefit.kind in ITEMISED or a.offer.benefit.kind not in DISCOUNTS or not a.units,
            ready=a.offer.ready,
            uses_key=a.offer.uses_key,
        )
        for a in plan.applied
    )


def grants_of(plan: Plan) -> tuple[Grant, ...]:
    return tuple(grant for a in plan.applied if a.offer.benefit.kind in GRANTS for grant in _grants(a, plan))


def _grants(application: Application, plan: Plan) -> list[Grant]:
    benefit, source = application.offer.benefit, application.offer.source
    if benefit.kind == "gift_card" and not benefit.amount_minor:
        return _worth_the_price(application, plan, source)
    count = application.cut.times
    if benefit.kind == "merchandise" and benefit.per == "order":
        count *= benefit.quantity
    return [Grant(source, benefit.kind, benefit.item, count, benefit.amount_minor)]


def _worth_the_price(application: Application, plan: Plan, source: Source) -> list[Grant]:
    """A gift card for each whole item bought, over what the item costs."""
    grants = []
    for index in application.goods:
        group = plan.bill.groups[index]
        price = floor(Fraction(plan.bill.nets[index]) / group.quantity)
        if price and floor(group.quantity):
            grants.append(
                Grant(source, "gift_card", application.offer.benefit.item, floor(group.quantity), price)
            )
    return grants
