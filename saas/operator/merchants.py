"""Merchants as an operator looks for them: filtered, page by page at any number, with their plan, use and trouble."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import abort
from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from saas.accounts.models import Staff, User, UserSession
from saas.billing.models import Subscription, UsageDay
from saas.billing.plans import PLANS, limit
from saas.billing.standing import STATES
from saas.db import db
from saas.merchants.models import Merchant
from saas.operator import failed_jobs

PAGE = 50
STATUSES = ("suspended", "closed")


@dataclass(frozen=True)
class Wish:
    """What list is wanted: a text, a plan, a state (of billing, or one of STATUSES), only those with failed
    jobs or a notice."""

    text: str = ""
    plan: str = ""
    state: str = ""
    is_failing: bool = False

    @classmethod
    def of(cls, text: str, plan: str, state: str, failing: str) -> Wish:
        """Unknown words count as not said."""
        known = state in STATES or state in STATUSES
        return cls(text.strip()[:100], plan if plan in PLANS else "", state if known else "", failing == "1")


@dataclass(frozen=True)
class Line:
    """A merchant in the list."""

    merchant: Merchant
    active: int | None
    limit: int | None
    seen_at: dt.datetime | None
    failed: int
    notice: str | None

    @property
    def state(self) -> str:
        return state_of(self.merchant)


def state_of(merchant: Merchant) -> str:
    """One word for how a merchant stands: suspended or closed, else what billing says."""
    return merchant.status if merchant.status in STATUSES else merchant.billing_state


def page(wish: Wish, before: uuid.UUID | None) -> tuple[list[Line], uuid.UUID | None]:
    """Merchants, the newest first, and where the next page begins; ids grow with time, so they are the key."""
    failing = failed_jobs.counts()
    query = _wanted(wish, failing)
    if before is not None:
        query = query.where(Merchant.id < before)
    found = list(db.session.scalars(query.order_by(Merchant.id.desc()).limit(PAGE + 1)))
    shown = found[:PAGE]
    return _lines(shown, failing), shown[-1].id if found[PAGE:] else None


def total(wish: Wish) -> int:
    """How many merchants the list holds."""
    query = select(func.count()).select_from(_wanted(wish, failed_jobs.counts()).subquery())
    return db.session.execute(query).scalar_one()


def _wanted(wish: Wish, failing: dict[str, int]) -> Select[Merchant]:
    query = select(Merchant)
    if wish.text:
        mine = select(Staff.merchant_id).join(User).where(func.lower(User.email) == wish.text.lower())
        query = query.where(
            or_(
                Merchant.name.icontains(wish.text, autoescape=True),
                Merchant.slug.contains(wish.text.lower(), autoescape=True),
                Merchant.id.in_(mine),
            )
        )
    if wish.plan:
        query = query.where(Merchant.plan == wish.plan)
    if wish.state in STATUSES:
        query = query.where(Merchant.status == wish.state)
    elif wish.state:
        query = query.where(Merchant.billing_state == wish.state, Merchant.status.not_in(STATUSES))
    if wish.is_failing:
        noticed = select(Subscription.merchant_id).where(Subscription.notice.is_not(None))
        query = query.where(or_(Merchant.slug.in_(list(failing)), Merchant.id.in_(noticed)))
    return query


def _lines(merchants: Sequence[Merchant], failing: dict[str, int]) -> list[Line]:
    ids = [merchant.id for merchant in merchants]
    active, seen, notices = _active(ids), _seen(ids), _notices(ids)
    return [
        Line(
            merchant,
            active.get(merchant.id),
            limit(merchant.plan, "active_members") if merchant.plan in PLANS else None,
            seen.get(merchant.id),
            failing.get(merchant.slug, 0),
            notices.get(merchant.id),
        )
        for merchant in merchants
    ]


def _active(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Active members as last counted."""
    newest = (
        select(UsageDay.merchant_id, UsageDay.active_members)
        .where(UsageDay.merchant_id.in_(list(ids)))
        .ext(distinct_on(UsageDay.merchant_id))
        .order_by(UsageDay.merchant_id, UsageDay.day.desc())
    )
    return dict(db.session.execute(newest).all())


def _seen(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dt.datetime]:
    """When somebody of the staff last used the service."""
    rows = db.session.execute(
        select(Staff.merchant_id, func.max(UserSession.last_used_at))
        .join(UserSession, UserSession.user_id == Staff.user_id)
        .where(Staff.merchant_id.in_(list(ids)), Staff.removed_at.is_(None))
        .group_by(Staff.merchant_id)
    )
    return dict(rows.all())


def _notices(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What billing has to say to the operator, such as an unknown price."""
    rows = db.session.execute(
        select(Subscription.merchant_id, Subscription.notice).where(
            Subscription.merchant_id.in_(list(ids)), Subscription.notice.is_not(None)
        )
    )
    return {merchant_id: str(notice) for merchant_id, notice in rows}


def get(merchant_id: uuid.UUID) -> Merchant:
    """A merchant, or the page that says there is none."""
    return db.session.get(Merchant, merchant_id) or abort(404)


def line(merchant: Merchant) -> Line:
    """The same as the list says."""
    return _lines([merchant], failed_jobs.counts())[0]
