"""What is kept of one merchant, as an operator reads it: subscription, invoices, events, usage, staff."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import select

from saas.accounts.models import Staff
from saas.billing.models import BillingEvent, Invoice, Subscription, UsageDay
from saas.db import db

DAYS = 30


def subscription(merchant_id: uuid.UUID) -> Subscription | None:
    return db.session.get(Subscription, merchant_id)


def invoices(merchant_id: uuid.UUID) -> Sequence[Invoice]:
    """The newest two dozen."""
    query = select(Invoice).where(Invoice.merchant_id == merchant_id)
    return db.session.scalars(query.order_by(Invoice.created_at.desc(), Invoice.id).limit(24)).all()


def events(merchant_id: uuid.UUID) -> Sequence[BillingEvent]:
    """The newest ten."""
    query = select(BillingEvent).where(BillingEvent.merchant_id == merchant_id)
    return db.session.scalars(
        query.order_by(BillingEvent.received_at.desc(), BillingEvent.id).limit(10)
    ).all()


def usage(merchant_id: uuid.UUID, today: dt.date) -> Sequence[UsageDay]:
    """What was counted in the last DAYS days, the oldest first."""
    query = select(UsageDay).where(
        UsageDay.merchant_id == merchant_id, UsageDay.day > today - dt.timedelta(days=DAYS)
    )
    return db.session.scalars(query.order_by(UsageDay.day)).all()


def staff(merchant_id: uuid.UUID) -> Sequence[Staff]:
    """Names and roles; nothing that opens a door."""
    query = select(Staff).where(Staff.merchant_id == merchant_id, Staff.removed_at.is_(None))
    return db.session.scalars(query.order_by(Staff.created_at, Staff.id).limit(200)).all()
