"""Stripe's events: stored once as they came, then settled by fetching what they are about, in whatever order."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from saas.billing import copies, customers
from saas.billing.gateway import Gateway, NotAtStripe, Obj, gateway
from saas.billing.models import BillingEvent, Subscription
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.web.clock import utcnow
from saas.web.jobs import defer, task

WANTED = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.finalization_failed",
    "invoice.voided",
    "customer.updated",
    "customer.deleted",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
)
NOT_OURS = "not of interest"
NOBODYS = "belongs to no shop"


def store(event: Obj, now: dt.datetime) -> bool:
    """Keep an event and put it into the queue, once; False when it is here already. Needs the platform's
    transaction."""
    thing = event["data"]["object"]
    customer = _customer(thing)
    is_wanted = event["type"] in WANTED
    statement = (
        insert(BillingEvent)
        .values(
            id=event["id"],
            type=event["type"][:80],
            object_id=thing.get("id"),
            customer_id=customer,
            payload=json.loads(json.dumps(event, default=str)),
            created_at=dt.datetime.fromtimestamp(event["created"], dt.UTC),
            received_at=now,
            state="waiting" if is_wanted else "ignored",
            error=None if is_wanted else NOT_OURS,
            attempts=0,
        )
        .on_conflict_do_nothing(index_elements=[BillingEvent.id])
        .returning(BillingEvent.id)
    )
    is_new = db.session.scalar(statement) is not None
    if is_new and is_wanted:
        queue(event["id"], customer)
    return is_new


def queue(event_id: str, customer_id: str | None, *, again: bool = False) -> None:
    """Put an event into the queue; `again` also settles one that is done. Those of one customer wait for each
    other."""
    defer("billing.process_event", lock=f"billing:{customer_id or event_id}", event_id=event_id, again=again)


@task("billing.process_event")
def process(event_id: str, again: bool = False) -> None:
    """Settle one event; harmless twice. What fails is written at the event, raised, and tried again."""
    with transaction(PLATFORM):
        event = db.session.get(BillingEvent, event_id)
    if event is None or (event.state == "done" and not again):
        return
    try:
        reason = _settle(event)
    except Exception as error:
        with transaction(PLATFORM):
            _mark(event_id, "failed", f"{type(error).__name__}: {error}")
        raise
    with transaction(PLATFORM):
        _mark(event_id, "ignored" if reason else "done", reason)


def _settle(event: BillingEvent) -> str | None:
    """Write the copy of the event's customer; the reason where there is nothing to write."""
    if event.type not in WANTED:
        return NOT_OURS
    stripe = gateway()
    customer_id = event.customer_id or _customer_of_charge(stripe, event.payload["data"]["object"])
    if customer_id is None:
        return "about no customer"
    merchant_id = owner(stripe, customer_id)
    with transaction(PLATFORM):
        db.session.execute(
            update(BillingEvent)
            .where(BillingEvent.id == event.id)
            .values(customer_id=customer_id, merchant_id=merchant_id)
        )
    if merchant_id is None:
        return f"customer {customer_id} {NOBODYS}"
    copies.sync(merchant_id, customer_id, stripe.snapshot, utcnow())
    return None


def owner(stripe: Gateway, customer_id: str) -> uuid.UUID | None:
    """The merchant of a customer; one that was made in Stripe's dashboard says it in its metadata (merchant_id or
    slug), and is adopted where the merchant has none yet."""
    with transaction(PLATFORM):
        found = db.session.scalar(
            select(Subscription.merchant_id).where(Subscription.stripe_customer_id == customer_id)
        )
    if found is not None:
        return found
    try:
        said = stripe.ask(lambda api: api.customers.retrieve, customer_id).get("metadata") or {}
    except NotAtStripe:
        return None
    now = utcnow()
    with transaction(PLATFORM):
        named = _uuid(said.get("merchant_id"))  # the id goes before the slug, which can pass to another shop
        whose = Merchant.id == named if named else Merchant.slug == str(said.get("slug", ""))
        merchant_id = db.session.scalar(select(Merchant.id).where(whose))
        if merchant_id is None:
            return None
        customers.row(merchant_id, now)
    return merchant_id if customers.adopt(merchant_id, None, customer_id, now) == customer_id else None


def _customer(thing: Obj) -> str | None:
    if thing.get("object") == "customer":
        return str(thing["id"])
    customer: Any = thing.get("customer")
    return customer["id"] if isinstance(customer, dict) else customer


def _customer_of_charge(stripe: Gateway, thing: Obj) -> str | None:
    """A dispute names its charge only."""
    charge = thing.get("charge")
    if not isinstance(charge, str):
        return None
    return _customer(stripe.ask(lambda api: api.charges.retrieve, charge))


def _uuid(text: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None


def _mark(event_id: str, state: str, error: str | None) -> None:
    db.session.execute(
        update(BillingEvent)
        .where(BillingEvent.id == event_id)
        .values(state=state, error=error, attempts=BillingEvent.attempts + 1, processed_at=utcnow())
    )
