"""What merchants use, counted every day: kept, told at 80 % and at 100 % of the plan, and sent to Stripe's meter."""

from __future__ import annotations

import datetime as dt
import uuid

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from saas.accounts.mails import address_of
from saas.billing import choices, entitlements, mails, meter
from saas.billing.models import BillingNotice, UsageDay
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record, every_open
from saas.web.clock import utcnow
from saas.web.jobs import defer, task
from saas.web.mail import post
from saas.web.template_filters import date, number


@task("billing.count_usage", cron="23 1 * * *")
def count_all() -> None:
    """Every night: a job for each open merchant."""
    if not entitlements.is_limited():
        return
    with transaction(PLATFORM):
        for merchant in every_open():
            defer(
                "billing.count_usage_of",
                lock=choices.lock_of(merchant.id),
                queueing_lock=f"billing.usage:{merchant.id}",
                merchant_id=str(merchant.id),
            )


@task("billing.count_usage_of")
def count_one(merchant_id: str) -> None:
    """Apply what the plan holds, then count a merchant's day; harmless twice."""
    now = utcnow()
    if entitlements.is_limited():
        choices.apply(uuid.UUID(merchant_id), now)
    count(uuid.UUID(merchant_id), now)
    meter.report(uuid.UUID(merchant_id), now)


@task("billing.apply_limits")
def apply_limits(merchant_id: str) -> None:
    """Freeze what the plan leaves out, bring back what it holds, and count anew by the new limit."""
    if entitlements.is_limited():
        choices.apply(uuid.UUID(merchant_id), utcnow())
        count(uuid.UUID(merchant_id), utcnow())


def count(merchant_id: uuid.UUID, now: dt.datetime) -> None:
    """Count the active members and write what follows from it; no transaction may be open."""
    with transaction(PLATFORM):
        row = db.session.get(Merchant, merchant_id)
        if row is None or row.status != "active":
            return
        merchant = registry.record(row)
    with transaction(merchant.binding):
        use = entitlements.use_of(merchant, "active_members", now)
    with transaction(PLATFORM):
        keep(merchant, use, now)


def keep(merchant: Record, use: entitlements.Use, now: dt.datetime) -> None:
    """The day's row, since when the plan is over its limit, and the mails that are due; in the platform's
    transaction."""
    row = insert(UsageDay).values(
        merchant_id=merchant.id, day=now.date(), active_members=use.used, api_calls=0, counted_at=now
    )
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=[UsageDay.merchant_id, UsageDay.day],
            set_={"active_members": use.used, "counted_at": now},
        )
    )
    is_over = use.level == "over"
    if is_over != (merchant.over_limit_since is not None):
        since = now if is_over else None
        db.session.execute(update(Merchant).where(Merchant.id == merchant.id).values(over_limit_since=since))
        registry.forget(merchant.slug)
    if use.limit is not None and use.level != "ok":
        tell(merchant, use, 100 if use.used >= use.limit else 80, now)


def tell(merchant: Record, use: entitlements.Use, percent: int, now: dt.datetime) -> None:
    """Write to the owners, once a month for each of 80 % and 100 %."""
    key = f"usage{percent}:{merchant.id}:{merchant.plan}:{now:%Y-%m}"
    statement = insert(BillingNotice).values(
        key=key, merchant_id=merchant.id, kind=f"usage_{percent}", sent_at=now
    )
    statement = statement.on_conflict_do_nothing(index_elements=[BillingNotice.key])
    if db.session.scalar(statement.returning(BillingNotice.key)) is None:
        return
    for name, email, language, shop, slug in mails.owners(merchant.id):
        with force_locale(language):
            subject, text = _letter(shop, use, percent, now)
            link = address_of("billing.show", merchant=slug)
            post(
                email,
                subject,
                _("Hello %(name)s,\n\n%(text)s\n\n%(link)s\n", name=name, text=text, link=link),
            )


def _letter(shop: str, use: entitlements.Use, percent: int, now: dt.datetime) -> tuple[str, str]:
    known = {"used": number(use.used), "limit": number(use.limit or 0)}
    if percent < 100:
        return (
            _("%(shop)s: %(used)s of %(limit)s active members", shop=shop, **known),
            _(
                "your plan is for up to %(limit)s active members, and you have %(used)s now. If there are more one "
                "day, stamps, rewards and new members go on all the same. A larger plan is here:",
                **known,
            ),
        )
    return (
        _("%(shop)s: your plan is full", shop=shop),
        _(
            "your plan is for up to %(limit)s active members, and you have %(used)s now. Congratulations! Stamps, "
            "rewards and new members go on. If it stays above that, new programs and coupons can be "
            "published from %(day)s on only with a larger plan:",
            day=date(now + entitlements.GRACE, "long"),
            **known,
        ),
    )
