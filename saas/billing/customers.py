"""A merchant as Stripe's customer: made at the first need, once, and made again where it was deleted there."""

from __future__ import annotations

import datetime as dt
import uuid

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from saas.billing.gateway import Gateway, NotAtStripe, idempotency
from saas.billing.models import Subscription
from saas.db import PLATFORM, db, transaction
from saas.merchants.registry import Record
from saas.web.refusals import Refusal

LIVE = ("active", "trialing", "past_due", "unpaid", "paused")


class AlreadySubscribed(Refusal):
    """There is a subscription; it is changed, not begun once more."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("There is a subscription already: change it on the billing page. Nothing was charged.")
        )


class NoSubscription(Refusal):
    """There is nothing yet that could be changed, cancelled or shown at Stripe."""

    def __init__(self) -> None:
        super().__init__(_("There is no subscription yet. Choose a plan first."))


def row(merchant_id: uuid.UUID, now: dt.datetime) -> Subscription:
    """The merchant's row, made where there is none; needs the platform's transaction."""
    db.session.execute(
        insert(Subscription)
        .values(merchant_id=merchant_id, changed_at=now)
        .on_conflict_do_nothing(index_elements=[Subscription.merchant_id])
    )
    return db.session.scalars(select(Subscription).where(Subscription.merchant_id == merchant_id)).one()


def known(merchant_id: uuid.UUID) -> tuple[str, str | None]:
    """The customer and its subscription at Stripe; raises NoSubscription where there is no customer. No transaction
    may be open."""
    with transaction(PLATFORM):
        found = db.session.execute(
            select(Subscription.stripe_customer_id, Subscription.stripe_subscription_id).where(
                Subscription.merchant_id == merchant_id
            )
        ).first()
    if found is None or found.stripe_customer_id is None:
        raise NoSubscription
    return found.stripe_customer_id, found.stripe_subscription_id


def ensure(gateway: Gateway, merchant: Record, email: str, now: dt.datetime) -> str:
    """The customer's id. Two who need it at once get the same one: Stripe sees the same key twice."""
    with transaction(PLATFORM):
        before = row(merchant.id, now).stripe_customer_id
    if before is not None and _is_there(gateway, before):
        return before
    params = {
        "name": merchant.name,
        "email": email,
        "preferred_locales": [merchant.language],
        "metadata": {"merchant_id": str(merchant.id), "slug": merchant.slug},
    }
    once = idempotency(f"customer:{merchant.id}:{before or 'first'}", params)
    made = str(gateway.ask(lambda api: api.customers.create, params, once)["id"])
    return adopt(merchant.id, before, made, now)


def adopt(merchant_id: uuid.UUID, before: str | None, customer_id: str, now: dt.datetime) -> str:
    """Keep the customer's id in the place of `before`; answers the one that is kept, if another was quicker."""
    with transaction(PLATFORM):
        db.session.execute(
            update(Subscription)
            .where(
                Subscription.merchant_id == merchant_id,
                Subscription.stripe_customer_id.is_not_distinct_from(before),
            )
            .values(stripe_customer_id=customer_id, changed_at=now)
        )
        kept = db.session.scalar(
            select(Subscription.stripe_customer_id).where(Subscription.merchant_id == merchant_id)
        )
    return kept or customer_id


def _is_there(gateway: Gateway, customer_id: str) -> bool:
    try:
        return not gateway.ask(lambda api: api.customers.retrieve, customer_id).get("deleted")
    except NotAtStripe:
        return False
