"""What the clock does for billing: ends trials and grace periods, reminds, and looks for what was missed."""

from __future__ import annotations

import datetime as dt
import logging
import uuid

from flask import current_app
from sqlalchemy import ColumnElement, and_, delete, or_, select

from saas.accounts.models import Staff, User
from saas.billing import copies, events, trials
from saas.billing.gateway import NotAtStripe, Snapshot, gateway
from saas.billing.models import BillingEvent, Subscription
from saas.billing.notices import Notice, restricted
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.web.clock import utcnow
from saas.web.jobs import defer, task

SOON = dt.timedelta(days=3)
LOOK_BACK = dt.timedelta(days=3)
EVENTS_KEPT = dt.timedelta(days=400)
log = logging.getLogger(__name__)


def is_on() -> bool:
    return bool(current_app.extensions["regulars"].settings.billing.is_on)


@task("billing.review", cron="7 * * * *")
def review_all() -> None:
    """Every hour: trials and grace periods that end or are about to, and shops that have no row yet."""
    if not is_on():
        return
    now = utcnow()
    begin_missing(now)
    with transaction(PLATFORM):
        due = list(db.session.scalars(select(Subscription.merchant_id).where(_is_due(now))))
    for merchant_id in due:
        with transaction(PLATFORM):
            review(merchant_id, now)


def _is_due(now: dt.datetime) -> ColumnElement[bool]:
    return or_(
        and_(Subscription.state == "trial", Subscription.trial_ends_at <= now + SOON),
        and_(Subscription.state == "past_due", Subscription.grace_ends_at <= now + SOON),
        and_(Subscription.state == "incomplete", Subscription.trial_ends_at <= now),
    )


def review(merchant_id: uuid.UUID, now: dt.datetime) -> None:
    """Write what a shop's row amounts to by now, and the mail that goes with it."""
    subscription = copies.lock(merchant_id)
    before = subscription.state
    stands = copies.review(subscription, now)
    trial, grace = subscription.trial_ends_at, subscription.grace_ends_at
    if stands.state == "trial" and trial is not None and trial == stands.until and trial - now <= SOON:
        copies.tell(merchant_id, _notice("trial_ending", merchant_id, trial), now)
    elif before == "trial" and stands.state == "free" and trial is not None:
        copies.tell(merchant_id, _notice("trial_over", merchant_id, trial), now)
    elif stands.state == "past_due" and grace is not None and grace - now <= SOON:
        copies.tell(merchant_id, _notice("grace_ending", merchant_id, grace), now)
    elif stands.state == "restricted" and subscription.stripe_subscription_id is not None:
        since = subscription.past_due_since
        copies.tell(merchant_id, restricted(subscription.stripe_subscription_id, since), now)


def _notice(kind: str, merchant_id: uuid.UUID, at: dt.datetime) -> Notice:
    return Notice(kind, f"{kind}:{merchant_id}:{at:%Y-%m-%d}", at=at)


def begin_missing(now: dt.datetime) -> None:
    """Shops from before billing was on begin their trial now, one after another, oldest first."""
    with transaction(PLATFORM):
        missing = db.session.execute(
            select(Merchant.id, User.email)
            .join(
                Staff,
                and_(Staff.merchant_id == Merchant.id, Staff.role == "owner", Staff.removed_at.is_(None)),
            )
            .join(User, User.id == Staff.user_id)
            .outerjoin(Subscription, Subscription.merchant_id == Merchant.id)
            .where(Subscription.merchant_id.is_(None), Merchant.status == "active")
            .order_by(Merchant.created_at, Merchant.id, Staff.created_at)
        ).all()
    owners: dict[uuid.UUID, str] = {}
    for merchant_id, email in missing:
        owners.setdefault(merchant_id, email)
    for merchant_id, email in owners.items():
        with transaction(PLATFORM):
            trials.begin(merchant_id, email, now)


@task("billing.reconcile", cron="41 2 * * *")
def reconcile() -> None:
    """Every night: events that never arrived, and every shop that is a customer, fetched again by jobs of their own."""
    if not is_on():
        return
    find_missed_events()
    forget_old_events(utcnow())
    with transaction(PLATFORM):
        known = db.session.execute(
            select(Subscription.merchant_id, Subscription.stripe_customer_id).where(
                Subscription.stripe_customer_id.is_not(None)
            )
        ).all()
        for merchant_id, customer_id in known:
            ask_for_sync(merchant_id, str(customer_id))


def ask_for_sync(merchant_id: uuid.UUID, customer_id: str) -> None:
    """Fetch a shop's customer soon; needs a transaction of the platform."""
    defer(
        "billing.sync",
        lock=f"billing:{customer_id}",
        queueing_lock=f"billing.sync:{customer_id}",
        merchant_id=str(merchant_id),
        customer_id=customer_id,
    )


@task("billing.sync")
def sync(merchant_id: str, customer_id: str) -> None:
    """Fetch one customer. One that Stripe doesn't know keeps its state, and the operator is told: a wrong key would
    otherwise end everybody's plan. In play money it is as deleted: the stand-in has been emptied."""
    stripe = gateway()
    try:
        copies.sync(uuid.UUID(merchant_id), customer_id, stripe.snapshot, utcnow())
    except NotAtStripe:
        if stripe.billing.mode == "demo":
            gone = Snapshot({"id": customer_id, "deleted": True})
            copies.sync(uuid.UUID(merchant_id), customer_id, lambda _id: gone, utcnow())
            return
        log.error("customer %s of merchant %s is not at Stripe", customer_id, merchant_id)
        with transaction(PLATFORM):
            copies.lock(uuid.UUID(merchant_id)).notice = f"customer {customer_id} is not at Stripe"


def find_missed_events() -> int:
    """Store events of the last days that never came; answers how many these were."""
    since = int((utcnow() - LOOK_BACK).timestamp())
    asked = {"created": {"gte": since}, "types": list(events.WANTED)}
    stripe, found = gateway(), 0
    for event in stripe.every(lambda api: api.events.list, asked, most=5000):
        with transaction(PLATFORM):
            found += events.store(event, utcnow())
    if found:
        log.warning("%s events of Stripe's had not arrived", found)
    return found


def forget_old_events(now: dt.datetime) -> None:
    """Events hold names and addresses, and say nothing that the copies don't: they go after a year and a bit."""
    with transaction(PLATFORM):
        db.session.execute(delete(BillingEvent).where(BillingEvent.received_at < now - EVENTS_KEPT))
