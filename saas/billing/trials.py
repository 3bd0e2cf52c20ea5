"""The trial: fourteen days of a paid plan without a card, at a shop's opening, once for a business."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from saas.billing import copies, customers
from saas.billing.models import Subscription, TrialGrant
from saas.billing.plans import TRIAL_DAYS
from saas.db import db
from saas.merchants.opening import at_entry

DOTLESS = ("gmail.com", "googlemail.com")


def business_key(email: str) -> str:
    """What stands for a business: its owner's address without regard to case, tags and Gmail's dots, hashed so that
    it can be kept when the account is gone."""
    local, _at, domain = email.strip().lower().rpartition("@")
    local = local.partition("+")[0]
    if domain in DOTLESS:
        local, domain = local.replace(".", ""), DOTLESS[0]
    return hashlib.sha256(f"{local}@{domain}".encode()).hexdigest()


@at_entry
def begin(merchant_id: uuid.UUID, owner_email: str, now: dt.datetime) -> None:
    """Begin a new shop's trial, unless its owner had one: then it begins on the free plan. Twice is harmless."""
    if not _is_on():
        return
    customers.row(merchant_id, now)
    subscription = copies.lock(merchant_id)
    grant = insert(TrialGrant).values(
        business_key=business_key(owner_email), merchant_id=merchant_id, granted_at=now
    )
    granted = db.session.scalar(grant.on_conflict_do_nothing().returning(TrialGrant.merchant_id))
    if granted is not None:
        subscription.trial_ends_at = now + dt.timedelta(days=TRIAL_DAYS)
    copies.review(subscription, now)


def give(merchant_id: uuid.UUID, now: dt.datetime) -> None:
    """A trial also for a shop whose owner had one, as in the demo; once, and only where plans are sold."""
    if not _is_on():
        return
    if customers.row(merchant_id, now).trial_ends_at is None:
        extend(merchant_id, TRIAL_DAYS, now)


def _is_on() -> bool:
    return bool(current_app.extensions["regulars"].settings.billing.is_on)


def was_granted(merchant_id: uuid.UUID) -> bool:
    """Whether this shop had the trial itself; if not, another shop of the same owner had it."""
    query = select(TrialGrant.merchant_id).where(TrialGrant.merchant_id == merchant_id)
    return db.session.scalar(query) is not None


def extend(merchant_id: uuid.UUID, days: int, now: dt.datetime) -> Subscription:
    """Give a shop more days from now or from its trial's end, whichever is later; needs the platform's transaction."""
    customers.row(merchant_id, now)
    subscription = copies.lock(merchant_id)
    subscription.trial_ends_at = max(subscription.trial_ends_at or now, now) + dt.timedelta(days=days)
    copies.review(subscription, now)
    return subscription
