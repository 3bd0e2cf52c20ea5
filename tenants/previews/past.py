"""The purchases of twelve months as baskets, by member; what was returned as a whole has not been."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import Select, select

from saas.db import db
from saas.merchants.registry import Record
from tenants.engine.values import Basket, Line
from tenants.purchases import goods
from tenants.purchases.models import Purchase, PurchaseLine, Refund

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
    """Each member's purchases in their order, as they were charged; one without lines is its amount alone."""
    rows = db.session.scalars(
        select(Purchase)
        .where(Purchase.id.in_(counted(until)), Purchase.member_id.in_(member_ids))
        .where(Purchase.currency == merchant.currency)
        .order_by(Purchase.occurred_at, Purchase.id)
    ).all()
    lines: dict[uuid.UUID, list[PurchaseLine]] = {}
    query = select(PurchaseLine).where(PurchaseLine.purchase_id.in_([row.id for row in rows]))
    for line in db.session.scalars(query.order_by(PurchaseLine.position)):
        lines.setdefault(line.purchase_id, []).append(line)
    found: dict[uuid.UUID, list[Basket]] = {}
    for row in rows:
        own = [_line(line) for line in lines.get(row.id, [])]
        if not own and row.amount_minor:
            own = [Line("1", row.amount_minor)]
        place = str(row.location_id or "")
        basket = Basket(
            str(row.id), row.currency, goods.completed(own), row.occurred_at, merchant.time_zone, place
        )
        if row.member_id is not None:
            found.setdefault(row.member_id, []).append(basket)
    return found


def _line(row: PurchaseLine) -> Line:
    line = Line(
        row.key,
        row.unit_price_minor,
        row.quantity,
        row.sku,
        frozenset(row.categories),
        frozenset(row.tags),
        is_delivery=row.is_delivery,
    )
    taken = max(line.amount_minor - row.net_minor, 0)
    return Line(
        row.key,
        row.unit_price_minor,
        row.quantity,
        row.sku,
        line.categories,
        line.tags,
        discount_minor=min(taken, line.amount_minor),
        is_delivery=row.is_delivery,
    )
