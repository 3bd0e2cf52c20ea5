"""Stripe's meter, where one is set: the active members of a day, sent once for a shop and day."""

from __future__ import annotations

import datetime as dt
import logging
import uuid

from flask import current_app
from sqlalchemy import select

from saas.billing.gateway import Gateway, gateway, idempotency
from saas.billing.models import Subscription, UsageDay
from saas.db import PLATFORM, db, transaction
from saas.web.refusals import Refusal

log = logging.getLogger(__name__)


def report(merchant_id: uuid.UUID, now: dt.datetime) -> None:
    """Send the day's number; no transaction may be open. A failure is logged and made good the next night: the meter
    takes the last value of a period."""
    billing = current_app.extensions["regulars"].settings.billing
    if not (billing.is_on and billing.meter):
        return
    with transaction(PLATFORM):
        found = db.session.execute(
            select(Subscription.stripe_customer_id, UsageDay.active_members)
            .join(UsageDay, UsageDay.merchant_id == Subscription.merchant_id)
            .where(Subscription.merchant_id == merchant_id, UsageDay.day == now.date())
        ).first()
    if found is None or found.stripe_customer_id is None:
        return
    try:
        send(gateway(), found.stripe_customer_id, found.active_members, now.date())
    except Refusal as refusal:
        log.warning("the meter of merchant %s was not written: %s", merchant_id, refusal)


def send(gateway: Gateway, customer_id: str, value: int, day: dt.date) -> None:
    """The same day and number is the same request and counts once; another number of the day is refused: the first
    one stands until the next day's."""
    params = {
        "event_name": gateway.billing.meter or "",
        "payload": {"stripe_customer_id": customer_id, "value": str(value)},
        "identifier": f"{customer_id}:{day:%Y-%m-%d}",
        "timestamp": int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()),
    }
    once = idempotency(f"meter:{customer_id}:{day:%Y-%m-%d}", params)
    gateway.ask(lambda api: api.billing.meter_events.create, params, once)
