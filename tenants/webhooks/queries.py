"""Reads for the pages about webhooks: endpoints with what became of their deliveries, and the log page by page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort
from sqlalchemy import func, or_, select

from saas.db import db
from tenants.webhooks.models import Attempt, Delivery, Endpoint, WebhookEvent
from tenants.webhooks.signing import message_id

STATES = ("pending", "delivered", "failed")
PAGE = 50


@dataclass(frozen=True)
class Line:
    """A line of the log."""

    delivery: Delivery
    event_type: str
    last: Attempt | None


@dataclass(frozen=True)
class Lines:
    """A page of the log; `older` is where the next one begins."""

    items: list[Line]
    older: uuid.UUID | None


def every() -> Sequence[Endpoint]:
    return db.session.scalars(select(Endpoint).order_by(Endpoint.created_at, Endpoint.id)).all()


def get(endpoint_id: uuid.UUID) -> Endpoint:
    """An endpoint, or the page that says there is none."""
    return db.session.get(Endpoint, endpoint_id) or abort(404)


def locked(endpoint_id: uuid.UUID) -> Endpoint:
    """The same, locked until the end of the transaction."""
    query = select(Endpoint).where(Endpoint.id == endpoint_id).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True)) or abort(404)


def counts(endpoint_id: uuid.UUID | None = None) -> dict[uuid.UUID, dict[str, int]]:
    """How many deliveries of each state the log holds, by endpoint."""
    query = select(Delivery.endpoint_id, Delivery.status, func.count()).group_by(
        Delivery.endpoint_id, Delivery.status
    )
    if endpoint_id:
        query = query.where(Delivery.endpoint_id == endpoint_id)
    found: dict[uuid.UUID, dict[str, int]] = {}
    for key, status, count in db.session.execute(query):
        found.setdefault(key, dict.fromkeys(STATES, 0))[status] = count
    return found


def log(endpoint_id: uuid.UUID, state: str, text: str, before: uuid.UUID | None) -> Lines:
    """Deliveries, newest first; `text` is a type, a message's id, or something that the body holds, such as a
    member number."""
    latest = (
        select(Attempt.id)
        .where(Attempt.delivery_id == Delivery.id)
        .order_by(Attempt.number.desc())
        .limit(1)
        .correlate(Delivery)
        .scalar_subquery()
    )
    query = (
        select(Delivery, WebhookEvent.type, Attempt)
        .join(WebhookEvent)
        .outerjoin(Attempt, Attempt.id == latest)
        .where(Delivery.endpoint_id == endpoint_id)
    )
    if state:
        query = query.where(Delivery.status == state)
    if before:
        query = query.where(Delivery.id < before)
    if text:
        query = query.where(
            or_(WebhookEvent.body.contains(text, autoescape=True), WebhookEvent.id == _event_of(text))
        )
    rows = db.session.execute(query.order_by(Delivery.id.desc()).limit(PAGE + 1)).all()
    lines = [Line(delivery, kind, last) for delivery, kind, last in rows[:PAGE]]
    return Lines(lines, lines[-1].delivery.id if rows[PAGE:] else None)


def _event_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text.removeprefix(message_id(uuid.UUID(int=0))[:4]))
    except ValueError:
        return None


def delivery(delivery_id: uuid.UUID) -> tuple[Delivery, WebhookEvent]:
    """A delivery with its event, or the page that says there is none."""
    row = db.session.execute(
        select(Delivery, WebhookEvent).join(WebhookEvent).where(Delivery.id == delivery_id)
    ).first()
    return (row[0], row[1]) if row else abort(404)


def attempts(delivery_id: uuid.UUID) -> Sequence[Attempt]:
    """Every attempt, the last one first."""
    query = select(Attempt).where(Attempt.delivery_id == delivery_id).order_by(Attempt.number.desc())
    return db.session.scalars(query).all()


def is_anything_listening() -> bool:
    return db.session.scalar(select(Endpoint.id).where(Endpoint.is_enabled).limit(1)) is not None
