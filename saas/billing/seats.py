"""Staff as a plan counts it: people and open invitations; whom a smaller plan leaves out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Set

from sqlalchemy import select

from saas.accounts import seats
from saas.accounts.permissions import ROLE_NAMES
from saas.billing import choices, entitlements
from saas.billing.choices import Holding, Kept, hold
from saas.db import db
from saas.merchants.models import Merchant
from saas.merchants.registry import Record, record
from saas.web.clock import utcnow


@entitlements.counts("staff")
def taken(merchant: Record, now: dt.datetime) -> int:
    """Needs the platform's transaction, as everything about staff does."""
    return seats.taken(merchant.id, now)


@seats.before_one_more
def check(merchant_id: uuid.UUID) -> None:
    """Raises OverLimit where the plan has no seat left; by the merchant's row as it is now."""
    query = select(Merchant).where(Merchant.id == merchant_id).execution_options(populate_existing=True)
    entitlements.require(record(db.session.scalars(query).one()), "staff", now=utcnow())


@seats.after_a_change
def changed(merchant_id: uuid.UUID) -> None:
    choices.ask(merchant_id)


def listed(merchant: Record) -> list[Kept]:
    return [
        Kept(id_, f"{name} · {ROLE_NAMES[role]}", is_frozen, is_fixed=role == "owner")
        for id_, name, role, is_frozen in seats.listed(merchant.id)
    ]


def freeze(merchant: Record, ids: Set[uuid.UUID], now: dt.datetime) -> None:
    seats.freeze(merchant.id, ids, now)


hold(Holding("staff", listed, freeze, is_platform=True))
