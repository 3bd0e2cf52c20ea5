"""What the billing page shows, read in the platform's transaction and in the merchant's own, one after the other."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import select, tuple_

from saas.billing import api_calls, entitlements, trials
from saas.billing.entitlements import Use
from saas.billing.models import Invoice, Subscription
from saas.billing.plans import SHOWN
from saas.billing.standing import Standing, standing
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.merchants.registry import Record, record

PAGE = 12


@dataclass(frozen=True)
class Overview:
    """One merchant's plan as it stands now. `merchant` is its row as it is, not as the registry remembers it."""

    merchant: Record
    subscription: Subscription | None
    stands: Standing
    invoices: list[Invoice]
    older: str | None
    had_trial: bool
    uses: list[Use]

    @property
    def over(self) -> list[Use]:
        """What there is more of than the plan holds, members apart: what is frozen."""
        return [
            use for use in self.uses if use.level == "over" and use.what in ("programs", "locations", "staff")
        ]


def overview(merchant_id: uuid.UUID, now: dt.datetime, before: str | None = None) -> Overview:
    """Everything; no transaction may be open."""
    with transaction(PLATFORM):
        merchant = record(db.session.get_one(Merchant, merchant_id))
        subscription = db.session.get(Subscription, merchant_id)
        invoices = _invoices(merchant_id, before)
        had_trial = trials.was_granted(merchant_id)
        calls = db.session.scalar(api_calls.of_month(merchant_id, now.date())) or 0
        uses = {
            "staff": entitlements.use_of(merchant, "staff", now),
            "api_calls": Use("api_calls", calls, entitlements.limit_of(merchant, "api_calls")),
        }
    with transaction(merchant.binding):
        for what in SHOWN:
            if what not in uses:
                uses[what] = entitlements.use_of(merchant, what, now)
    return Overview(
        merchant=merchant,
        subscription=subscription,
        stands=standing(subscription, now),
        invoices=invoices[:PAGE],
        older=invoices[PAGE - 1].id if len(invoices) > PAGE else None,
        had_trial=had_trial,
        uses=[uses[what] for what in SHOWN],
    )


def _invoices(merchant_id: uuid.UUID, before: str | None) -> list[Invoice]:
    """The newest, or those older than the invoice `before`; one more than a page shows."""
    query = select(Invoice).where(Invoice.merchant_id == merchant_id, Invoice.status != "draft")
    if before:
        last = db.session.get(Invoice, before)
        if last is not None and last.merchant_id == merchant_id:
            query = query.where(tuple_(Invoice.created_at, Invoice.id) < (last.created_at, last.id))
    newest = query.order_by(Invoice.created_at.desc(), Invoice.id.desc()).limit(PAGE + 1)
    return list(db.session.scalars(newest))


def state_now(merchant_id: uuid.UUID, now: dt.datetime) -> Standing:
    """What the copy amounts to; needs the platform's transaction."""
    return standing(db.session.get(Subscription, merchant_id), now)
