"""How many new coupons a plan lets out in a month: counted, and asked before one is published for the first time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from saas.billing import entitlements
from saas.db import db
from saas.merchants.registry import Record
from tenants.coupons.models import Coupon, CouponVersion


@entitlements.counts("campaigns")
def begun(merchant: Record, now: dt.datetime) -> int:
    """Coupons whose first version was published in the shop's calendar month."""
    local = now.astimezone(ZoneInfo(merchant.time_zone))
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    query = select(func.count()).select_from(CouponVersion)
    return db.session.execute(
        query.where(CouponVersion.number == 1, CouponVersion.published_at >= month)
    ).scalar_one()


def require_one_more(merchant: Record, coupon: Coupon, now: dt.datetime) -> None:
    """Raises OverLimit for a coupon that was never published where the plan holds no further one this month; of two
    that are published at once one waits."""
    if coupon.version_number:
        return
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(func.current_schema() + " coupons"))))
    entitlements.require(merchant, "campaigns", now=now)
