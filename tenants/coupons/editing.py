"""Writing a coupon and putting it in force: drafts, versions, pausing and putting away."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import cast, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from saas.merchants.registry import Record
from saas.web.refusals import Refusal
from tenants.coupons import allowance, issuing, public_codes, rules
from tenants.coupons.models import Coupon, CouponCounter, CouponUse, CouponVersion
from tenants.coupons.rules import Plan


class NotPublishable(Refusal):
    """Something that it needs is missing."""


def found(coupon_id: uuid.UUID, *, is_locked: bool = False) -> Coupon:
    """The coupon, or 404. Locked it is as it is now, and nobody uses it before the transaction ends."""
    query = select(Coupon).where(Coupon.id == coupon_id)
    if is_locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query) or abort(404)


def create(name: str, plan: Plan, merchant: Record, now: dt.datetime) -> Coupon:
    """Keep a new coupon as a draft."""
    coupon = Coupon(
        id=new_id(),
        name=name,
        sort_key=rules.sort_key(name),
        draft=plan.to_mapping(),
        trigger=plan.terms.trigger,
        currency=merchant.currency,
        time_zone=merchant.time_zone,
        created_at=now,
        updated_at=now,
    )
    db.session.add(coupon)
    db.session.flush()
    return coupon


def save(coupon_id: uuid.UUID, name: str, plan: Plan, now: dt.datetime) -> Coupon:
    """Keep the draft; what is in force stays as it is until it is published."""
    coupon = found(coupon_id, is_locked=True)
    coupon.name, coupon.sort_key = name, rules.sort_key(name)
    coupon.draft, coupon.updated_at = plan.to_mapping(), now
    if not coupon.version_number:
        coupon.trigger = plan.terms.trigger
    db.session.flush()
    return coupon


def publish(coupon_id: uuid.UUID, by: str, merchant: Record, now: dt.datetime) -> CouponVersion:
    """Put the draft in force as a new version, with its limits counted anew from the uses that stand. Codes that were
    issued keep the terms they were issued with. Raises CodeTaken, NotPublishable, Invalid, OverLimit."""
    coupon = found(coupon_id, is_locked=True)
    allowance.require_one_more(merchant, coupon, now)
    plan = Plan.from_mapping(coupon.draft)
    public_codes.take(coupon, rules.normal(plan.code) or None)
    if plan.terms.benefit.kind == "coupon" and issuing.named(plan.terms.benefit.item) is None:
        raise NotPublishable(_("The coupon that this one gives isn’t published yet. Publish that one first."))
    coupon.version_number += 1
    version = CouponVersion(
        id=new_id(),
        coupon_id=coupon.id,
        number=coupon.version_number,
        terms=plan.to_mapping(),
        published_at=now,
        published_by=by[:120],
    )
    for name, value in _columns(plan, merchant).items():
        setattr(coupon, name, value)
    coupon.status, coupon.updated_at = "published", now
    db.session.add(version)
    db.session.flush()
    recount(coupon)
    return version


def _columns(plan: Plan, merchant: Record) -> dict[str, Any]:
    return {
        "trigger": plan.terms.trigger,
        "max_uses": plan.limits.total,
        "max_per_member": plan.per_member,
        "max_per_period": plan.limits.per_period,
        "max_per_member_period": plan.limits.per_member_period,
        "period": plan.limits.period,
        "valid_days": plan.valid_days,
        "holdout_percent": plan.holdout_percent,
        "currency": merchant.currency,
        "time_zone": merchant.time_zone,
    }


def recount(coupon: Coupon) -> None:
    """Write the counters of a locked coupon anew, as its limits want them, from the uses that stand."""
    db.session.execute(delete(CouponCounter).where(CouponCounter.coupon_id == coupon.id))
    local = func.timezone(coupon.time_zone, CouponUse.used_at)
    day = func.to_char(func.date_trunc(coupon.period, local), "YYYY-MM-DD")
    member = cast(CouponUse.member_id, CouponCounter.key.type)
    kinds: list[tuple[int, Any, bool]] = [
        (coupon.max_uses, literal("all"), False),
        (coupon.max_per_member, literal("member ") + member, True),
        (coupon.max_per_period, literal(f"{coupon.period} ") + day, False),
        (coupon.max_per_member_period, literal(f"{coupon.period} ") + day + " " + member, True),
    ]
    for limit, key, is_by_member in kinds:
        if not limit:
            continue
        inner = select(key.label("key")).where(
            CouponUse.coupon_id == coupon.id, CouponUse.given_back_at.is_(None)
        )
        counted = (inner.where(CouponUse.member_id.is_not(None)) if is_by_member else inner).subquery()
        rows = select(literal(coupon.id), counted.c.key, func.count()).group_by(counted.c.key)
        statement = insert(CouponCounter).from_select(["coupon_id", "key", "used"], rows)
        db.session.execute(statement)


def set_status(coupon_id: uuid.UUID, status: str, now: dt.datetime) -> Coupon:
    """Pause it, let it run again, put it away or bring it back (paused). One that was never published stays a draft.
    Raises CodeTaken when it is to run again and another coupon took its public code while it was put away."""
    coupon = found(coupon_id, is_locked=True)
    wanted = "draft" if not coupon.version_number and status != "archived" else status
    if wanted == "published" and coupon.code_key is None:
        public_codes.take(coupon, public_codes.published(coupon))
    coupon.status, coupon.updated_at = wanted, now
    db.session.flush()
    return coupon
