"""From rows to events: what is new since each endpoint's position becomes an event with a delivery for it.

An event's key follows from its type and its row, so a span that is read again adds nothing. Positions move to the
horizon, before which no transaction can still commit: the last two minutes are always read again.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Uuid

from saas.db import db, new_id
from tenants.webhooks.models import Delivery, Endpoint, WebhookEvent
from tenants.webhooks.sources import SOURCES
from tenants.webhooks.spans import Found, Span, moment

# After a long rest of the worker, an hour at a time: each one a short transaction.
LONGEST = dt.timedelta(hours=1)
AHEAD = dt.timedelta(minutes=2)


def collect(horizon: dt.datetime, now: dt.datetime) -> tuple[bool, bool]:
    """Read on for every endpoint that is switched on: whether there is one, and whether more waits to be read.

    `horizon` was asked before this transaction began. Locks the endpoints, so that of two readers one waits.
    """
    endpoints = db.session.scalars(
        select(Endpoint).where(Endpoint.is_enabled).order_by(Endpoint.id).with_for_update()
    ).all()
    if not endpoints:
        return False, False
    start = min(endpoint.position for endpoint in endpoints)
    is_behind = start + LONGEST < horizon
    span = Span(start, start + LONGEST if is_behind else now + AHEAD)
    _write([found for source in SOURCES for found in source(span)], endpoints, now)
    reached = span.end if is_behind else horizon
    for endpoint in endpoints:
        endpoint.position = max(endpoint.position, reached)
    db.session.flush()
    return True, is_behind


def add(
    kind: str, source_id: uuid.UUID, data: dict[str, Any], endpoint: Endpoint, now: dt.datetime
) -> Delivery:
    """One event for one endpoint, of which no row tells, such as a test."""
    event = WebhookEvent(**_event(Found(kind, source_id, now, now, data), now))
    db.session.add(event)
    db.session.flush()
    delivery = Delivery(**_delivery(event.id, endpoint, now))
    db.session.add(delivery)
    db.session.flush()
    return delivery


def event_id(kind: str, source_id: uuid.UUID) -> uuid.UUID:
    """The key of what a row tells: the same however often the row is read."""
    return uuid.uuid5(source_id, kind)


def _write(found: Sequence[Found], endpoints: Sequence[Endpoint], now: dt.datetime) -> None:
    wanted = {kind for endpoint in endpoints for kind in endpoint.event_types}
    told = {event_id(one.type, one.source_id): one for one in found if one.type in wanted}
    for key in _known(told):
        del told[key]
    rows = [_event(one, now) for one in told.values()]
    deliveries = [
        _delivery(key, endpoint, now)
        for key, one in told.items()
        for endpoint in endpoints
        if one.type in endpoint.event_types and one.written_at >= endpoint.position
    ]
    told_to = {row["event_id"] for row in deliveries}
    if deliveries:
        events = [row for row in rows if row["id"] in told_to]
        db.session.execute(insert(WebhookEvent).on_conflict_do_nothing(), events)
        db.session.execute(insert(Delivery).on_conflict_do_nothing(), deliveries)


def _known(keys: Iterable[uuid.UUID]) -> Iterable[uuid.UUID]:
    given = literal(list(keys), ARRAY(Uuid))
    return db.session.scalars(select(WebhookEvent.id).where(WebhookEvent.id == any_(given))).all()


def _event(found: Found, now: dt.datetime) -> dict[str, Any]:
    told = {"type": found.type, "timestamp": moment(found.occurred_at), "data": found.data}
    return {
        "id": event_id(found.type, found.source_id),
        "type": found.type,
        "source_id": found.source_id,
        "body": json.dumps(told, ensure_ascii=False, separators=(",", ":")),
        "occurred_at": found.occurred_at,
        "created_at": now,
    }


def _delivery(event: uuid.UUID, endpoint: Endpoint, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "endpoint_id": endpoint.id,
        "event_id": event,
        "status": "pending",
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }
