"""The purchases of twelve months as baskets, by member; what was returned of them has not been."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import Select, func, select

from saas.db import db
from saas.merchants.registry import Record
from tenants.engine.sharing import half_up
from tenants.engine.values import Basket, Line
from tenants.purchases import goods
from tenants.purchases.models import Purchase, PurchaseLine, Refund, RefundLine

SPAN = dt.timedelta(days=365)


def counted(until: dt.datetime) -> Select[uuid.UUID]:
    """The ids of the purchases that are played."""
    returned = select(Refund.id).where(Refund.purchase_id == Purchase.id, Refund.is_everything.is_(True))
    return select(Purchase.id).where(
        Purchase.member_id.is_not(None),
        Purchase.occurred_at > until - SPAN,
        Purchase.occurred_at <= until,
        ~returned.correlate(Purchase).exists(),
    )


def members_after(until: dt.datetime, after: uuid.UUID | None, limit: int) -> Sequence[uuid.UUID]:
    """The next members who bought something, in the order of their ids."""
    query = select(Purchase.member_id).where(Purchase.id.in_(counted(until)))
    if after is not None:
        query = query.where(Purchase.member_id > after)
    found = db.session.scalars(query.distinct().order_by(Purchase.member_id).limit(limit))
    return [member_id for member_id in found if member_id is not None]


def baskets_of(
    member_ids: Sequence[uuid.UUID], merchant: Record, until: dt.datetime
) -> dict[uuid.UUID, list[Basket]]:
    """Each member's purchases in their order, as they were charged, without what was returned; one without lines is its
    amount alone."""
    rows = db.session.scalars(
        select(Purchase)
        .where(Purchase.id.in_(counted(until)), Purchase.member_id.in_(member_ids))
        .where(Purchase.currency == merchant.currency)
        .order_by(Purchase.occurred_at, Purchase.id)
    ).all()
    lines = _kept_lines([row.id for row in rows], until)
    found: dict[uuid.UUID, list[Basket]] = {}
    for row in rows:
        own = lines.get(row.id, [])
        if row.id not in lines and row.amount_minor:
            own = [Line("1", row.amount_minor)]
        place = str(row.location_id or "")
        basket = Basket(
            str(row.id), row.currency, goods.completed(own), row.occurred_at, merchant.time_zone, place
        )
        if row.member_id is not None:
            found.setdefault(row.member_id, []).append(basket)
    return found


def _kept_lines(purchase_ids: Sequence[uuid.UUID], until: dt.datetime) -> dict[uuid.UUID, list[Line]]:
    """The lines of each purchase that has any, less what was returned of them."""
    returned: dict[tuple[uuid.UUID, str], Decimal] = {}
    back = (
        select(Refund.purchase_id, RefundLine.key, func.sum(RefundLine.quantity))
        .join(RefundLine, RefundLine.refund_id == Refund.id)
        .where(Refund.purchase_id.in_(purchase_ids), Refund.occurred_at <= until)
        .group_by(Refund.purchase_id, RefundLine.key)
    )
    for purchase_id, key, quantity in db.session.execute(back):
        returned[purchase_id, key] = quantity
    found: dict[uuid.UUID, list[Line]] = {}
    query = select(PurchaseLine).where(PurchaseLine.purchase_id.in_(purchase_ids))
    for row in db.session.scalars(query.order_by(PurchaseLine.position)):
        own = found.setdefault(row.purchase_id, [])
        kept = row.quantity - returned.get((row.purchase_id, row.key), Decimal(0))
        if kept > 0:
            own.append(_line(row, kept))
    return found


def _line(row: PurchaseLine, kept: Decimal) -> Line:
    """So much of a line, for its part of what was charged."""
    line = Line(
        row.key,
        row.unit_price_minor,
        kept,
        row.sku,
        frozenset(row.categories),
        frozenset(row.tags),
        is_delivery=row.is_delivery,
    )
    net = row.net_minor - half_up(row.net_minor * Fraction(row.quantity - kept) / Fraction(row.quantity))
    return replace(line, discount_minor=min(max(line.amount_minor - net, 0), line.amount_minor))
