"""Writes of endpoints by their owners: add, change, new secret, on and off, remove, test, send again, forget."""

from __future__ import annotations

import datetime as dt
import uuid

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from saas.db import db, new_id
from saas.merchants.registry import Record
from saas.web.jobs import defer
from saas.web.refusals import Refusal
from tenants.webhooks import outbox, queries, rules, signing
from tenants.webhooks.catalogue import TEST
from tenants.webhooks.dispatch import defer_endpoint
from tenants.webhooks.models import Attempt, Delivery, Endpoint, WebhookEvent

EVERY = dt.timedelta(seconds=5)


class TooManyEndpoints(Refusal):
    """The merchant has as many as are kept up."""


class SwitchedOff(Refusal):
    """Nothing is sent to an endpoint that is switched off."""


def add(
    merchant: Record, url: str, description: str, event_types: list[str], created_by: str, now: dt.datetime
) -> Endpoint:
    """An endpoint that is told what happens from now on; raises TooManyEndpoints."""
    if db.session.execute(select(func.count()).select_from(Endpoint)).scalar_one() >= rules.MOST_ENDPOINTS:
        words = _("There can be at most %(max)s endpoints. Remove one first.", max=rules.MOST_ENDPOINTS)
        raise TooManyEndpoints(words)
    endpoint = Endpoint(
        id=new_id(),
        url=url,
        description=description,
        event_types=event_types,
        secret_salt=signing.new_salt(),
        position=now,
        created_by=created_by[:120],
        created_at=now,
    )
    db.session.add(endpoint)
    db.session.flush()
    defer_collecting(merchant)
    return endpoint


def change(endpoint_id: uuid.UUID, url: str, description: str, event_types: list[str]) -> None:
    endpoint = queries.locked(endpoint_id)
    endpoint.url, endpoint.description, endpoint.event_types = url, description, event_types
    db.session.flush()


def rotate(endpoint_id: uuid.UUID, now: dt.datetime) -> Endpoint:
    """A new secret; the one before signs as well for a day, an older one no more."""
    endpoint = queries.locked(endpoint_id)
    endpoint.previous_salt, endpoint.previous_until = endpoint.secret_salt, now + rules.TWO_SECRETS_FOR
    endpoint.secret_salt = signing.new_salt()
    db.session.flush()
    return endpoint


def switch_on(merchant: Record, endpoint_id: uuid.UUID, now: dt.datetime) -> None:
    """What waited goes on at once, what happens from now on is told; what happened meanwhile is not."""
    endpoint = queries.locked(endpoint_id)
    if endpoint.is_enabled:
        return
    endpoint.is_enabled, endpoint.disabled_reason, endpoint.disabled_at = True, None, None
    endpoint.failing_since, endpoint.position = None, now
    db.session.flush()
    defer_collecting(merchant)


def switch_off(endpoint_id: uuid.UUID, now: dt.datetime) -> None:
    endpoint = queries.locked(endpoint_id)
    if endpoint.is_enabled:
        endpoint.is_enabled, endpoint.disabled_reason, endpoint.disabled_at = False, "owner", now
        db.session.flush()


def remove(endpoint_id: uuid.UUID) -> None:
    """Take an endpoint away with its log."""
    endpoint = queries.locked(endpoint_id)
    own = select(Delivery.id).where(Delivery.endpoint_id == endpoint.id)
    db.session.execute(delete(Attempt).where(Attempt.delivery_id.in_(own)))
    db.session.execute(delete(Delivery).where(Delivery.endpoint_id == endpoint.id))
    db.session.delete(endpoint)
    db.session.flush()


def test(merchant: Record, endpoint_id: uuid.UUID, now: dt.datetime) -> Delivery:
    """Send an event that tells of nothing, once, even while the endpoint is switched off."""
    endpoint = queries.locked(endpoint_id)
    delivery = outbox.add(TEST, new_id(), {"endpoint_id": str(endpoint.id)}, endpoint, now)
    defer_endpoint(merchant, endpoint.id)
    return delivery


def send_again(merchant: Record, delivery_id: uuid.UUID, now: dt.datetime) -> None:
    """Make a delivery due now, whatever became of it, under the id it had; raises SwitchedOff."""
    delivery, event = queries.delivery(delivery_id)
    endpoint = queries.locked(delivery.endpoint_id)
    if not endpoint.is_enabled and event.type != TEST:
        raise SwitchedOff(_("This endpoint is switched off. Switch it on first."))
    db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(status="pending", next_attempt_at=now, finished_at=None)
    )
    defer_endpoint(merchant, endpoint.id)


def defer_collecting(merchant: Record, at: dt.datetime | None = None) -> None:
    """The merchant's rows are read on at `at`, or now; of several that wait one is enough."""
    defer("webhooks.collect", queueing_lock=f"webhooks.collect {merchant.id}", at=at, slug=merchant.slug)


def forget_old(now: dt.datetime) -> None:
    """Delete what was told more than thirty days ago, delivered or not."""
    before = now - rules.KEPT_FOR
    old = select(WebhookEvent.id).where(WebhookEvent.created_at < before)
    deliveries = select(Delivery.id).where(Delivery.event_id.in_(old))
    db.session.execute(delete(Attempt).where(Attempt.delivery_id.in_(deliveries)))
    db.session.execute(delete(Delivery).where(Delivery.event_id.in_(old)))
    db.session.execute(delete(WebhookEvent).where(WebhookEvent.created_at < before))
