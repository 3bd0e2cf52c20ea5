"""The coupons that a member holds, as the card and the console show them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy import or_, select

from saas.db import db
from saas.web.qr import qr_svg
from tenants.coupons import rules, words
from tenants.coupons.models import Coupon, CouponCode, CouponUse, CouponVersion
from tenants.coupons.rules import Plan
from tenants.locations import queries as locations
from tenants.products import naming

MOST_SHOWN = 5


@dataclass(frozen=True)
class HeldCoupon:
    """A coupon that a member can use: its name, its terms in a sentence, its code, the last day on which it counts."""

    coupon_id: uuid.UUID
    name: str
    sentence: str
    code: str
    until: dt.date | None
    qr: Markup


def of_member(member_id: uuid.UUID, now: dt.datetime, limit: int = MOST_SHOWN) -> list[HeldCoupon]:
    """What the member was given and can still use, what ends first on top; never what was held back."""
    query = (
        select(CouponCode, Coupon, CouponVersion.terms)
        .join(Coupon, Coupon.id == CouponCode.coupon_id)
        .join(CouponVersion, CouponVersion.id == CouponCode.version_id)
        .where(
            CouponCode.member_id == member_id,
            CouponCode.state == "issued",
            CouponCode.is_holdout.is_(False),
            or_(CouponCode.expires_at.is_(None), CouponCode.expires_at > now),
            Coupon.status == "published",
        )
        .order_by(CouponCode.expires_at.asc().nulls_last(), CouponCode.id)
        .limit(limit)
    )
    rows = db.session.execute(query).all()
    places = {str(place.id): place.name for place in locations.every()} if rows else {}
    found = []
    plans = [Plan.from_mapping(terms) for _code, _coupon, terms in rows]
    names = places | naming.names_of(sku for plan in plans for sku in words.skus_of(plan))
    for (code, coupon, _terms), plan in zip(rows, plans, strict=True):
        zone = ZoneInfo(coupon.time_zone)
        last = plan.terms.conditions.last_day
        if last and last < now.astimezone(zone).date():
            continue
        ends = (
            (code.expires_at - dt.timedelta(seconds=1)).astimezone(zone).date() if code.expires_at else None
        )
        sentence = words.sentence(plan, coupon.currency, names)
        until = min((day for day in (ends, last) if day), default=None)
        qr = qr_svg(code.code)
        found.append(HeldCoupon(coupon.id, coupon.name, sentence, rules.shown(code.code), until, qr))
    return found


def used_on(purchase_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[tuple[str, int]]]:
    """What coupons took off each of some purchases: their names and amounts, given back meanwhile or not."""
    query = (
        select(CouponUse.purchase_id, Coupon.name, CouponUse.discount_minor)
        .join(Coupon, Coupon.id == CouponUse.coupon_id)
        .where(CouponUse.purchase_id.in_(purchase_ids), CouponUse.discount_minor > 0)
        .order_by(CouponUse.id)
    )
    found: dict[uuid.UUID, list[tuple[str, int]]] = {}
    for purchase_id, name, minor in db.session.execute(query):
        found.setdefault(purchase_id, []).append((name, minor))
    return found
