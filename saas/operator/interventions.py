"""What an operator does to a merchant: suspend, restore, extend a trial. Each is written into the chain of actions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from saas.billing import trials
from saas.billing.models import Subscription
from saas.billing.standing import standing
from saas.db import db
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.operator import audit
from saas.web.refusals import Refusal


class NoTrial(Refusal):
    """The merchant pays, so there is no trial to extend."""


class Closed(Refusal):
    """The merchant is closed for good, or is in the state already that was asked for."""


def _locked(merchant: Merchant) -> Merchant:
    query = select(Merchant).where(Merchant.id == merchant.id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def suspend(merchant: Merchant, reason: str, *, now: dt.datetime, **who: Any) -> None:
    """Members' pages are gone, the API refuses, staff only look; raises Closed."""
    locked = _locked(merchant)
    if locked.status != "active":
        raise Closed(_("Only a merchant that is open can be suspended."))
    locked.status, locked.suspended_reason = "suspended", reason
    audit.append("suspended", merchant_id=locked.id, subject=locked.name, reason=reason, now=now, **who)
    registry.forget(locked.slug)


def restore(merchant: Merchant, *, now: dt.datetime, **who: Any) -> None:
    """Everything is as before; raises Closed."""
    locked = _locked(merchant)
    if locked.status != "suspended":
        raise Closed(_("This merchant is not suspended."))
    locked.status, locked.suspended_reason = "active", None
    audit.append("restored", merchant_id=locked.id, subject=locked.name, now=now, **who)
    registry.forget(locked.slug)


def extend_trial(merchant: Merchant, days: int, reason: str, *, now: dt.datetime, **who: Any) -> dt.datetime:
    """Let the trial last `days` longer, from its end or from now if it is over; raises NoTrial for one who pays."""
    before = standing(db.session.get(Subscription, merchant.id), now)
    if before.state not in ("trial", "free", "cancelled"):
        raise NoTrial(_("This merchant has a subscription: there is no trial to extend."))
    row = trials.extend(merchant.id, days, now)
    ends = row.trial_ends_at or now
    audit.append(
        "trial_extended",
        merchant_id=merchant.id,
        subject=f"+{days} → {ends:%Y-%m-%d}",
        reason=reason,
        now=now,
        **who,
    )
    registry.forget(merchant.slug)
    return ends
