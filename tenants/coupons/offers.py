"""Which coupons a basket may try: the automatic ones and those named by codes, each with what stands against it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import defer

from saas.db import db
from tenants.coupons import rules
from tenants.coupons.models import Coupon, CouponCode, CouponCounter, CouponUse, CouponVersion
from tenants.coupons.rules import Plan
from tenants.engine import rewards
from tenants.engine.benefits import Benefit
from tenants.engine.reasons import Reason, because
from tenants.engine.rewards import CouponTerms

NOTHING = CouponTerms(Benefit("percent"))
LIMITS = {
    "total": "max_uses",
    "per_period": "max_per_period",
    "per_member_period": "max_per_member_period",
}
MAX_KEPT = 5_000
Counters = dict[tuple[uuid.UUID, str], int]
_kept: dict[uuid.UUID, CouponTerms] = {}


@dataclass(frozen=True)
class Asked:
    """A code that was named, with what it names: a coupon (by its public code), an issued code of one, or nothing."""

    text: str
    coupon: Coupon | None = None
    code: CouponCode | None = None


def offered(
    codes: Sequence[str],
    member_id: uuid.UUID | None,
    at: dt.datetime,
    currency: str,
    location_id: uuid.UUID | None,
) -> list[rewards.Coupon]:
    """Automatic coupons that are published, then those named by codes in their order; what can't be used carries why.
    Place, hours and the like are conditions, which the engine judges. Nothing is locked: `use` decides."""
    automatic, asked = _found([rules.normal(code) for code in codes])
    everything = [Asked("", coupon) for coupon in automatic] + asked
    versions = _versions(everything, at)
    terms = _terms(set(versions.values()))
    counters = _counters(everything, member_id, at)
    found = []
    for one in everything:
        version_id = versions.get(one.code.version_id if one.code else one.coupon.id) if one.coupon else None
        if version_id is None or one.coupon is None or _is_foreign(one, member_id):
            if one.text:
                found.append(rewards.Coupon(one.text, "", "", currency, NOTHING, because("unknown_code")))
            continue
        found.append(
            rewards.Coupon(
                str(one.code.id if one.code else one.coupon.id),
                str(one.coupon.id),
                str(version_id),
                one.coupon.currency,
                terms[version_id],
                _refusal(one.coupon, one.code, member_id, at, counters),
            )
        )
    return found


def uses(member_id: uuid.UUID) -> dict[str, int]:
    """How often the member used each coupon, by its id; what was given back doesn't count."""
    query = (
        select(CouponUse.coupon_id, func.count())
        .where(CouponUse.member_id == member_id, CouponUse.given_back_at.is_(None))
        .group_by(CouponUse.coupon_id)
    )
    return {str(coupon_id): count for coupon_id, count in db.session.execute(query)}


def _found(codes: list[str]) -> tuple[list[Coupon], list[Asked]]:
    wanted = [code for code in codes if code]
    is_automatic = and_(Coupon.status == "published", Coupon.trigger == "automatic")
    query = select(Coupon).where(or_(is_automatic, Coupon.code_key.in_(wanted)) if wanted else is_automatic)
    query = query.options(defer(Coupon.draft))
    coupons = list(db.session.scalars(query.order_by(Coupon.id)))
    automatic = [coupon for coupon in coupons if coupon.trigger == "automatic"]
    public = {coupon.code_key: coupon for coupon in coupons if coupon.code_key}
    issued: dict[str, Asked] = {}
    if wanted:
        rows = select(CouponCode, Coupon).join(Coupon, Coupon.id == CouponCode.coupon_id)
        for code, coupon in db.session.execute(rows.where(CouponCode.code.in_(wanted))):
            issued[code.code] = Asked(code.code, coupon, code)
    return automatic, [
        Asked(code, public[code]) if code in public else issued.get(code, Asked(code or "?"))
        for code in codes
    ]


def _versions(asked: Iterable[Asked], at: dt.datetime) -> dict[uuid.UUID, uuid.UUID]:
    """The version of each code by its id, and the one in force at that moment by the coupon's id."""
    by_code = {one.code.version_id for one in asked if one.code}
    coupons = {one.coupon.id for one in asked if one.coupon and not one.code}
    found = {version_id: version_id for version_id in by_code}
    if coupons:
        newest = (CouponVersion.coupon_id, CouponVersion.number.desc())
        query = (
            select(CouponVersion.coupon_id, CouponVersion.id)
            .where(CouponVersion.coupon_id.in_(coupons), CouponVersion.published_at <= at)
            .ext(distinct_on(CouponVersion.coupon_id))
            .order_by(*newest)
        )
        found |= dict(db.session.execute(query).all())
    return found


def _terms(version_ids: set[uuid.UUID]) -> dict[uuid.UUID, CouponTerms]:
    """What versions say; this process keeps it, since versions never change."""
    missing = [version_id for version_id in version_ids if version_id not in _kept]
    if missing:
        if len(_kept) + len(missing) > MAX_KEPT:
            _kept.clear()
            missing = list(version_ids)
        query = select(CouponVersion.id, CouponVersion.terms).where(CouponVersion.id.in_(missing))
        _kept.update((row.id, Plan.from_mapping(row.terms).terms) for row in db.session.execute(query))
    return {version_id: _kept[version_id] for version_id in version_ids}


def _counters(asked: Iterable[Asked], member_id: uuid.UUID | None, at: dt.datetime) -> Counters:
    wanted = []
    for coupon in {one.coupon.id: one.coupon for one in asked if one.coupon}.values():
        keys = rules.keys(at, coupon.period, coupon.time_zone, member_id)
        wanted += [
            (coupon.id, keys[kind])
            for kind, column in LIMITS.items()
            if getattr(coupon, column) and kind in keys
        ]
    if not wanted:
        return {}
    query = select(CouponCounter).where(tuple_(CouponCounter.coupon_id, CouponCounter.key).in_(wanted))
    return {(row.coupon_id, row.key): row.used for row in db.session.scalars(query)}


def _is_foreign(one: Asked, member_id: uuid.UUID | None) -> bool:
    """Whether the code is somebody else's, or was never given: both look unknown."""
    code = one.code
    return code is not None and (
        code.is_holdout or (code.member_id is not None and code.member_id != member_id)
    )


def _refusal(
    coupon: Coupon, code: CouponCode | None, member_id: uuid.UUID | None, at: dt.datetime, counters: Counters
) -> Reason | None:
    if code is not None:
        if code.state != "issued":
            return because("code_used" if code.state == "used" else "code_void")
        if code.expires_at is not None and code.expires_at <= at:
            last = (code.expires_at - dt.timedelta(seconds=1)).astimezone(ZoneInfo(coupon.time_zone)).date()
            return because("code_expired", day=last.isoformat())
    if coupon.status != "published":
        return because("coupon_paused")
    if coupon.max_per_member_period and member_id is None:
        return because("needs_member")
    keys = rules.keys(at, coupon.period, coupon.time_zone, member_id)
    reached = [
        kind
        for kind, column in LIMITS.items()
        if (limit := getattr(coupon, column)) and counters.get((coupon.id, keys[kind]), 0) >= limit
    ]
    return limit_reached(coupon, reached[0], at) if reached else None


def limit_reached(coupon: Coupon, kind: str, at: dt.datetime) -> Reason:
    """Which limit is reached, and for those of a period the day on which the next one begins."""
    if kind == "total":
        return because("used_up", max=coupon.max_uses)
    if kind == "per_member":
        return because("used_up_by_member", uses=coupon.max_per_member, max=coupon.max_per_member)
    until = rules.next_period(at, coupon.period, coupon.time_zone).isoformat()
    if kind == "per_period":
        return because("used_up_for_now", max=coupon.max_per_period, until=until)
    return because("used_up_by_member_for_now", max=coupon.max_per_member_period, until=until)
