"""Deliveries that are due: taken, sent outside of any transaction, and what came of it written down.

A worker that dies between sending and writing leaves the delivery due, so it is sent again under the same id.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import ColumnElement, and_, or_, select

from saas.db import db, transaction
from saas.merchants.registry import Record
from saas.web.jobs import defer
from tenants.webhooks import rules, sending, signing
from tenants.webhooks.catalogue import TEST
from tenants.webhooks.models import Attempt, Delivery, Endpoint, WebhookEvent
from tenants.webhooks.sending import Answer

RUN_FOR = dt.timedelta(seconds=20)
SLOW_SECONDS = 3.0


@dataclass(frozen=True)
class Parcel:
    """A delivery as it is sent."""

    delivery_id: uuid.UUID
    url: str
    body: str
    headers: dict[str, str]


def defer_due(merchant: Record, now: dt.datetime) -> None:
    """A job for each endpoint that something is due for; while one waits, another is not added."""
    due = select(Delivery.endpoint_id).join(Endpoint).join(WebhookEvent).where(_is_due(now))
    for endpoint_id in db.session.scalars(due.distinct()).all():
        defer_endpoint(merchant, endpoint_id)


def defer_endpoint(merchant: Record, endpoint_id: uuid.UUID) -> None:
    """Send what is due for one endpoint, one after another: a slow one keeps a single job busy."""
    name = f"webhooks.deliver {endpoint_id}"
    defer("webhooks.deliver", lock=name, queueing_lock=name, slug=merchant.slug, endpoint_id=str(endpoint_id))


def deliver(merchant: Record, endpoint_id: uuid.UUID, clock: Callable[[], dt.datetime]) -> None:
    """Send until nothing is due, the time of a run is over, or an attempt failed slowly; the next run goes on."""
    platform = current_app.extensions["regulars"].settings
    began = clock()
    while (now := clock()) < began + RUN_FOR:
        with transaction(merchant.binding):
            parcel = next_due(endpoint_id, platform.secret_key, now)
        if parcel is None:
            return
        answer = sending.post(
            parcel.url,
            parcel.body,
            parcel.headers,
            is_loopback_allowed=platform.is_webhook_loopback_allowed,
            is_http_allowed=not platform.is_production,
        )
        with transaction(merchant.binding):
            record(merchant, parcel.delivery_id, answer, now)
        if answer.outcome != rules.DELIVERED and answer.seconds > SLOW_SECONDS:
            return


def next_due(endpoint_id: uuid.UUID, service_key: str, now: dt.datetime) -> Parcel | None:
    """The delivery that has been due the longest, signed for this moment."""
    found = db.session.execute(
        select(Delivery, WebhookEvent, Endpoint)
        .join(WebhookEvent)
        .join(Endpoint)
        .where(Delivery.endpoint_id == endpoint_id, _is_due(now))
        .order_by(Delivery.next_attempt_at, Delivery.id)
        .limit(1)
    ).first()
    if found is None:
        return None
    delivery, event, endpoint = found
    salts = [endpoint.secret_salt]
    if endpoint.previous_salt and endpoint.previous_until and endpoint.previous_until > now:
        salts.append(endpoint.previous_salt)
    keys = [signing.secret_of(service_key, endpoint.id, salt) for salt in salts]
    return Parcel(delivery.id, endpoint.url, event.body, signing.headers(event.id, event.body, keys, now))


def record(merchant: Record, delivery_id: uuid.UUID, answer: Answer, now: dt.datetime) -> None:
    """Append the attempt, and decide: delivered, tried again later, given up, the endpoint switched off.

    Locks the endpoint, then the delivery. One that was removed meanwhile leaves nothing to write.
    """
    owner = select(Delivery.endpoint_id).where(Delivery.id == delivery_id).scalar_subquery()
    endpoint = db.session.scalar(select(Endpoint).where(Endpoint.id == owner).with_for_update())
    delivery = db.session.scalar(select(Delivery).where(Delivery.id == delivery_id).with_for_update())
    if endpoint is None or delivery is None:
        return
    kind = db.session.scalars(select(WebhookEvent.type).where(WebhookEvent.id == delivery.event_id)).one()
    delivery.attempts += 1
    db.session.add(
        Attempt(
            delivery_id=delivery.id,
            number=delivery.attempts,
            outcome=answer.outcome,
            status_code=answer.status_code,
            answer=answer.text,
            duration_ms=int(answer.seconds * 1000),
            attempted_at=now,
        )
    )
    if answer.outcome == rules.DELIVERED:
        _finish(delivery, "delivered", now)
        endpoint.failing_since = None
    elif kind == TEST:
        _finish(delivery, "failed", now)
    else:
        _fail(merchant, endpoint, delivery, answer, now)
    db.session.flush()


def _fail(merchant: Record, endpoint: Endpoint, delivery: Delivery, answer: Answer, now: dt.datetime) -> None:
    delivery.next_attempt_at = rules.next_attempt(delivery.attempts, now)
    if delivery.next_attempt_at is None:
        _finish(delivery, "failed", now)
    endpoint.failing_since = endpoint.failing_since or now
    if not endpoint.is_enabled:
        return
    if answer.status_code == rules.GONE:
        _switch_off(merchant, endpoint, "gone", now)
    elif rules.is_switched_off(endpoint.failing_since, now):
        _switch_off(merchant, endpoint, "failing", now)


def _finish(delivery: Delivery, status: str, now: dt.datetime) -> None:
    delivery.status, delivery.finished_at, delivery.next_attempt_at = status, now, None


def _switch_off(merchant: Record, endpoint: Endpoint, reason: str, now: dt.datetime) -> None:
    """Switch it off and tell the owners. What waits for it stays, and goes on when it is switched on again."""
    endpoint.is_enabled, endpoint.disabled_reason, endpoint.disabled_at = False, reason, now
    defer(
        "webhooks.tell_owners",
        slug=merchant.slug,
        endpoint_id=str(endpoint.id),
        url=endpoint.url,
        reason=reason,
    )


def _is_due(now: dt.datetime) -> ColumnElement[bool]:
    """What waits for an endpoint that is switched off is not due, but for a test that its owner asked for."""
    is_wanted = or_(Endpoint.is_enabled, WebhookEvent.type == TEST)
    return and_(Delivery.status == "pending", Delivery.next_attempt_at <= now, is_wanted)
