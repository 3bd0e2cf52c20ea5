"""What is known of one member's visits: days with a stamp, stamps in all, and what was bought last."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import Date, cast, func, select
from sqlalchemy.orm import aliased

from saas.db import db
from tenants.programs.models import Enrolment, Entry
from tenants.purchases.models import Purchase


def visits(member_id: uuid.UUID, time_zone: str) -> tuple[int, int]:
    """On how many of the shop's days the member was stamped, and the stamps in all; undone ones left out."""
    reversal = aliased(Entry)
    day = cast(func.timezone(time_zone, Entry.occurred_at), Date)
    query = (
        select(func.count(day.distinct()), func.coalesce(func.sum(Entry.units), 0))
        .join(Enrolment, Enrolment.id == Entry.enrolment_id)
        .where(Enrolment.member_id == member_id, Entry.kind == "earn")
        .where(~select(reversal.id).where(reversal.reverses_id == Entry.id).exists())
    )
    days, stamps = db.session.execute(query).one()
    return days, int(stamps)


def purchases(member_id: uuid.UUID, limit: int = 20) -> Sequence[Purchase]:
    """The last purchases, newest first."""
    query = select(Purchase).where(Purchase.member_id == member_id)
    return db.session.scalars(query.order_by(Purchase.occurred_at.desc(), Purchase.id).limit(limit)).all()
