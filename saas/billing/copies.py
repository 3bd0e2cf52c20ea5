"""Writing down what Stripe has: under the row's lock, and never an older copy over a newer one."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import asdict, fields

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from saas.billing import choices, customers, mails
from saas.billing.gateway import Snapshot
from saas.billing.models import BillingEvent, BillingNotice, Invoice, Subscription
from saas.billing.notices import Notice
from saas.billing.standing import Standing, standing
from saas.billing.stripe_copy import Copy
from saas.billing.sync import Outcome, outcome
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant

Fetch = Callable[[str], Snapshot]
TRIES = 5


class OvertakenError(Exception):
    """Somebody wrote a newer copy each time; the job is tried again."""


def sync(merchant_id: uuid.UUID, customer_id: str, fetch: Fetch, now: dt.datetime) -> None:
    """Fetch the customer and write the copy; no transaction may be open.

    What was fetched before another copy was written is thrown away and fetched again: a slow answer can't undo a
    newer one. Raises OvertakenError, and whatever `fetch` raises.
    """
    for _try in range(TRIES):
        with transaction(PLATFORM):
            version = customers.row(merchant_id, now).sync_version
        snapshot = fetch(customer_id)
        with transaction(PLATFORM):
            subscription = lock(merchant_id)
            if subscription.sync_version == version:
                _write(subscription, customer_id, snapshot, now)
                return
    raise OvertakenError(f"merchant {merchant_id}")


def lock(merchant_id: uuid.UUID) -> Subscription:
    """The merchant's row, locked until the transaction ends."""
    query = select(Subscription).where(Subscription.merchant_id == merchant_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _write(subscription: Subscription, customer_id: str, snapshot: Snapshot, now: dt.datetime) -> None:
    merchant_id = subscription.merchant_id
    sent = set(db.session.scalars(select(BillingNotice.key).where(BillingNotice.merchant_id == merchant_id)))
    before = Copy(**{field.name: getattr(subscription, field.name) for field in fields(Copy)})
    result: Outcome = outcome(before, snapshot, sent, now)
    for name, value in asdict(result.copy).items():
        setattr(subscription, name, value)
    subscription.sync_version += 1
    subscription.synced_at = now
    keep(subscription, result.standing, now)
    for values in result.invoices:
        row = {name: value for name, value in values.items() if name != "subscription"}
        statement = insert(Invoice).values(merchant_id=merchant_id, **row)
        db.session.execute(statement.on_conflict_do_update(index_elements=[Invoice.id], set_=row))
    for notice in result.notices:
        tell(merchant_id, notice, now)
    _settle_events(merchant_id, customer_id, now)


def keep(subscription: Subscription, stands: Standing, now: dt.datetime) -> None:
    """Write what the row amounts to, here and on the merchant, where every request reads it."""
    if (subscription.state, subscription.plan) != (stands.state, stands.plan):
        subscription.changed_at = now
    subscription.state, subscription.plan = stands.state, stands.plan
    db.session.flush()
    slug = db.session.scalar(
        update(Merchant)
        .where(
            Merchant.id == subscription.merchant_id,
            or_(
                Merchant.plan != stands.plan,
                Merchant.billing_state != stands.state,
                Merchant.billing_until.is_distinct_from(stands.until),
            ),
        )
        .values(plan=stands.plan, billing_state=stands.state, billing_until=stands.until)
        .returning(Merchant.slug)
    )
    if slug is not None:
        registry.forget(slug)
        choices.ask(subscription.merchant_id)


def review(subscription: Subscription, now: dt.datetime) -> Standing:
    """Write what the locked row amounts to by now, as when a trial or a grace period has run out."""
    stands = standing(subscription, now)
    keep(subscription, stands, now)
    return stands


def tell(merchant_id: uuid.UUID, notice: Notice, now: dt.datetime) -> None:
    """Write the mail, unless one of the same key was written: the unique key decides between two who try."""
    statement = insert(BillingNotice).values(
        key=notice.key, merchant_id=merchant_id, kind=notice.kind, sent_at=now
    )
    statement = statement.on_conflict_do_nothing(index_elements=[BillingNotice.key])
    if db.session.scalar(statement.returning(BillingNotice.key)) is not None:
        mails.send(merchant_id, notice)


def _settle_events(merchant_id: uuid.UUID, customer_id: str, now: dt.datetime) -> None:
    """This copy has what every event of the customer that came before `now` could tell, also those that came before
    the customer was known."""
    db.session.execute(
        update(BillingEvent)
        .where(
            BillingEvent.customer_id == customer_id,
            BillingEvent.received_at <= now,
            or_(
                BillingEvent.state.in_(("waiting", "failed")),
                (BillingEvent.state == "ignored") & BillingEvent.merchant_id.is_(None),
            ),
        )
        .values(state="done", merchant_id=merchant_id, processed_at=now, error=None)
    )
