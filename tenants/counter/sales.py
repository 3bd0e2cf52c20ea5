"""Purchases as the counter shows them: one with its lines, and what was returned of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from saas.db import db
from tenants.engine.mapping import from_mapping
from tenants.engine.results import Result
from tenants.members.models import Member
from tenants.programs.models import Reward
from tenants.purchases import refunding
from tenants.purchases.models import Purchase, PurchaseLine, Refund


@dataclass(frozen=True)
class SoldLine:
    """A line as it was charged, and how much of it can still be returned."""

    key: str
    name: str
    quantity: Decimal
    net_minor: int
    left: Decimal


@dataclass(frozen=True)
class Sale:
    """A purchase with its member, lines and refunds; `result` is missing for one that was read from a file."""

    purchase: Purchase
    member: Member | None
    lines: Sequence[SoldLine]
    refunds: Sequence[Refund]
    result: Result | None

    @property
    def is_refundable(self) -> bool:
        return self.result is not None and (any(line.left for line in self.lines) or not self.has_visit_back)

    @property
    def has_visit_back(self) -> bool:
        """Whether a purchase without lines was returned, or it has lines."""
        return bool(self.lines) or any(refund.is_everything for refund in self.refunds)

    @property
    def is_returned(self) -> bool:
        return any(refund.is_everything for refund in self.refunds)


def get(purchase_id: uuid.UUID) -> Sale | None:
    """A purchase; None where there is none."""
    row = db.session.get(Purchase, purchase_id)
    if row is None:
        return None
    back = refunding.returned(purchase_id)
    lines = [
        SoldLine(
            one.key, one.name or one.sku, one.quantity, one.net_minor, one.quantity - back.get(one.key, 0)
        )
        for one in db.session.scalars(
            select(PurchaseLine)
            .where(PurchaseLine.purchase_id == purchase_id)
            .order_by(PurchaseLine.position)
        )
    ]
    refunds = db.session.scalars(
        select(Refund).where(Refund.purchase_id == purchase_id).order_by(Refund.number)
    ).all()
    member = db.session.get(Member, row.member_id) if row.member_id else None
    result = from_mapping(Result, row.result) if row.result is not None else None
    return Sale(row, member, lines, refunds, result)


def by_receipt(number: str) -> uuid.UUID | None:
    """The purchase with this receipt number that a till or the counter entered."""
    query = select(Purchase.id).where(Purchase.receipt_number == number, Purchase.import_id.is_(None))
    return db.session.scalar(query.limit(1)) if number else None


def opened(result: Result) -> list[Reward]:
    """The rewards that opened by a purchase and still wait to be handed out."""
    keys = [key for outcome in result.outcomes for key in outcome.ready]
    if not keys:
        return []
    return list(db.session.scalars(select(Reward).where(Reward.key.in_(keys), Reward.status == "issued")))
