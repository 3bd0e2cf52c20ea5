"""Stripe's events as the operator looks for them, and having one processed again."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass

from flask import abort
from sqlalchemy import and_, func, or_, select

from saas.billing.events import queue
from saas.billing.models import EVENT_STATES, BillingEvent
from saas.db import db
from saas.merchants.models import Merchant

PAGE = 50
LONGEST = 60_000


@dataclass(frozen=True)
class Wish:
    """What list is wanted: a text in type, object or id; a state; a merchant by slug."""

    text: str = ""
    state: str = ""
    slug: str = ""

    @classmethod
    def of(cls, text: str, state: str, slug: str) -> Wish:
        """Unknown states count as not said."""
        return cls(text, state if state in EVENT_STATES else "", slug)


@dataclass(frozen=True)
class Line:
    """An event in the list, without what it said."""

    id: str
    type: str
    state: str
    error: str | None
    attempts: int
    received_at: dt.datetime
    merchant_id: uuid.UUID | None
    merchant_name: str | None


def page(wish: Wish, before: str) -> tuple[list[Line], str | None]:
    """Events, the newest first, and where the next page begins."""
    query = select(
        BillingEvent.id,
        BillingEvent.type,
        BillingEvent.state,
        BillingEvent.error,
        BillingEvent.attempts,
        BillingEvent.received_at,
        BillingEvent.merchant_id,
        Merchant.name,
    ).outerjoin(Merchant, Merchant.id == BillingEvent.merchant_id)
    if wish.text:
        columns = (BillingEvent.type, BillingEvent.id, BillingEvent.object_id, BillingEvent.customer_id)
        query = query.where(or_(*(column.contains(wish.text, autoescape=True) for column in columns)))
    if wish.state:
        query = query.where(BillingEvent.state == wish.state)
    if wish.slug:
        query = query.where(Merchant.slug == wish.slug)
    at, last = _position(before)
    if at is not None:
        query = query.where(
            or_(BillingEvent.received_at < at, and_(BillingEvent.received_at == at, BillingEvent.id < last))
        )
    ordered = query.order_by(BillingEvent.received_at.desc(), BillingEvent.id.desc()).limit(PAGE + 1)
    found = [Line(*row) for row in db.session.execute(ordered)]
    end = found[PAGE - 1] if found[PAGE:] else None
    return found[:PAGE], f"{end.received_at.isoformat()} {end.id}" if end else None


def _position(text: str) -> tuple[dt.datetime | None, str]:
    """The time and id after which a page begins; nothing where it isn't well formed."""
    at, _blank, last = text.partition(" ")
    try:
        return dt.datetime.fromisoformat(at).astimezone(dt.UTC), last
    except (ValueError, OverflowError):
        return None, ""


def counts() -> dict[str, int]:
    """How many events are in each state."""
    rows = db.session.execute(select(BillingEvent.state, func.count()).group_by(BillingEvent.state))
    return dict.fromkeys(EVENT_STATES, 0) | dict(rows.all())


def get(event_id: str) -> tuple[BillingEvent, Merchant | None]:
    """An event with its merchant, or the page that says there is none."""
    query = select(BillingEvent, Merchant).outerjoin(Merchant, Merchant.id == BillingEvent.merchant_id)
    row = db.session.execute(query.where(BillingEvent.id == event_id)).first()
    return (row[0], row[1]) if row else abort(404)


def said(event: BillingEvent) -> str:
    """What Stripe sent, to be read."""
    return json.dumps(event.payload, indent=2, ensure_ascii=False)[:LONGEST]


def process_again(event: BillingEvent) -> None:
    """Let the job that processes events take it up once more, whatever became of it."""
    queue(event.id, event.customer_id, again=True)


def merchant_of(slug: str | None) -> uuid.UUID | None:
    return db.session.scalar(select(Merchant.id).where(Merchant.slug == slug)) if slug else None
