"""What purchases do to coupons: take uses under exact limits, issue what was granted, give uses back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from saas.db import db
from saas.web.refusals import Refusal
from tenants.coupons import issuing, rules
from tenants.coupons.models import Coupon, CouponCode, CouponCounter, CouponUse
from tenants.coupons.offers import LIMITS, limit_reached, offered, uses
from tenants.engine.reasons import Reason, because
from tenants.engine.results import Result, Source, Used
from tenants.programs import reasons
from tenants.programs.reasons import Speech

__all__ = ["CouponUsedUp", "give_back", "grant", "offered", "use", "uses"]
UNSYNCED = {"synchronize_session": False}
COLUMNS = {**LIMITS, "per_member": "max_per_member"}


class CouponUsedUp(Refusal):
    """Somebody else was faster, or the coupon was stopped meanwhile: the purchase must be looked at again."""


def use(result: Result, purchase_id: uuid.UUID, member_id: uuid.UUID | None, now: dt.datetime) -> None:
    """Take the uses that a result names, and issue the coupons that it grants. Locks the coupons against publishing,
    then codes and counters, each in one order, so that of many tills exactly as many succeed as the limit says. Raises
    CouponUsedUp, upon which nothing of the purchase may be kept."""
    taken = {uuid.UUID(used.source.id): used for used in result.used if used.source.kind == "coupon"}
    if taken:
        _take(taken, result, purchase_id, member_id)
    for granted in result.grants:
        if granted.kind == "coupon":
            paid = granted.source.kind != "coupon"
            _grant(granted.item, granted.count, member_id, purchase_id, granted.source.id, now, is_paid=paid)


def grant(item: str, member_id: uuid.UUID, reward_id: uuid.UUID, now: dt.datetime) -> None:
    """Give a member a coupon, which a reward promised that is handed out without a purchase. Raises CouponUsedUp."""
    _grant(item, 1, member_id, None, str(reward_id), now, is_paid=True)


def _grant(
    item: str,
    count: int,
    member_id: uuid.UUID | None,
    purchase_id: uuid.UUID | None,
    source: str,
    now: dt.datetime,
    *,
    is_paid: bool,
) -> None:
    """What a member paid for with units or a full card isn't taken for a coupon that can't be used."""
    coupon = issuing.named(item)
    if is_paid and (coupon is None or coupon.status == "archived"):
        raise CouponUsedUp(
            _("The coupon that this reward gives is no longer available. Nothing was taken for it.")
        )
    if coupon:
        issuing.grant(coupon, count, member_id, purchase_id, source, now)
    else:
        current_app.logger.warning("the coupon %r is granted, which there is not", item)


def _take(
    taken: dict[uuid.UUID, Used], result: Result, purchase_id: uuid.UUID, member_id: uuid.UUID | None
) -> None:
    query = select(CouponCode.id, CouponCode.coupon_id).where(CouponCode.id.in_(taken))
    issued = {row.id: row.coupon_id for row in db.session.execute(query)}
    coupons = _held(issued.get(source_id, source_id) for source_id in taken)
    for source_id in sorted(taken):
        coupon = coupons[issued.get(source_id, source_id)]
        if coupon.status != "published":
            raise CouponUsedUp(_words(coupon, because("coupon_paused")))
        if source_id in issued:
            _burn(source_id, coupon, member_id, result.at)
    for source_id in sorted(taken, key=lambda one: (issued.get(one, one), one)):
        coupon = coupons[issued.get(source_id, source_id)]
        _count(coupon, member_id, result.at)
        used = taken[source_id]
        db.session.add(
            CouponUse(
                coupon_id=coupon.id,
                version_id=uuid.UUID(used.source.version_id),
                code_id=source_id if source_id in issued else None,
                member_id=member_id,
                purchase_id=purchase_id,
                discount_minor=used.discount_minor,
                total_minor=result.total_minor,
                used_at=result.at,
            )
        )
    db.session.flush()


def _held(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Coupon]:
    """The coupons as they are now; they can be used by others at once, but not be published or paused meanwhile."""
    query = select(Coupon).where(Coupon.id.in_(set(ids))).order_by(Coupon.id)
    query = query.with_for_update(read=True, key_share=True).execution_options(populate_existing=True)
    return {coupon.id: coupon for coupon in db.session.scalars(query)}


def _burn(code_id: uuid.UUID, coupon: Coupon, member_id: uuid.UUID | None, at: dt.datetime) -> None:
    """Use up a code, once."""
    is_own: ColumnElement[bool] = CouponCode.member_id.is_(None)
    if member_id:
        is_own = or_(is_own, CouponCode.member_id == member_id)
    burnt = db.session.scalar(
        update(CouponCode)
        .where(
            CouponCode.id == code_id,
            CouponCode.state == "issued",
            CouponCode.is_holdout.is_(False),
            or_(CouponCode.expires_at.is_(None), CouponCode.expires_at > at),
            is_own,
        )
        .values(state="used", used_at=at)
        .returning(CouponCode.id),
        execution_options=UNSYNCED,
    )
    if burnt is None:
        raise CouponUsedUp(_words(coupon, because("code_used")))


def _count(coupon: Coupon, member_id: uuid.UUID | None, at: dt.datetime) -> None:
    """Count one use under each limit, in the order of the keys."""
    keys = rules.keys(at, coupon.period, coupon.time_zone, member_id)
    limited = [(key, kind) for kind, key in keys.items() if getattr(coupon, COLUMNS[kind])]
    for key, kind in sorted(limited):
        statement = insert(CouponCounter).values(coupon_id=coupon.id, key=key, used=1)
        statement = statement.on_conflict_do_update(
            index_elements=[CouponCounter.coupon_id, CouponCounter.key],
            set_={"used": CouponCounter.used + 1},
            where=CouponCounter.used < getattr(coupon, COLUMNS[kind]),
        )
        if db.session.scalar(statement.returning(CouponCounter.used)) is None:
            raise CouponUsedUp(_words(coupon, limit_reached(coupon, kind, at)))


def _words(coupon: Coupon, reason: Reason) -> str:
    why = reasons.of(reason, Speech(coupon.currency))
    return _("“%(coupon)s” can’t be used: %(why)s", coupon=coupon.name, why=why)


def give_back(sources: Sequence[Source], purchase_id: uuid.UUID, now: dt.datetime) -> None:
    """Return the uses of a purchase that was returned, each once: counters sink, codes are valid again as long as they
    were to be, and codes that these sources gave, of whatever kind they are, are void."""
    ids = [uuid.UUID(source.id) for source in sources if source.kind == "coupon"]
    is_meant = or_(
        CouponUse.code_id.in_(ids), and_(CouponUse.code_id.is_(None), CouponUse.coupon_id.in_(ids))
    )
    standing = CouponUse.purchase_id == purchase_id, CouponUse.given_back_at.is_(None), is_meant
    coupons = _held(db.session.scalars(select(CouponUse.coupon_id).where(*standing)))
    back = update(CouponUse).where(*standing).values(given_back_at=now)
    rows = db.session.execute(
        back.returning(CouponUse.coupon_id, CouponUse.code_id, CouponUse.member_id, CouponUse.used_at),
        execution_options=UNSYNCED,
    ).all()
    for coupon_id, code_id, member_id, used_at in sorted(rows, key=lambda row: (row[0], str(row[1]))):
        _discount(coupons[coupon_id], member_id, used_at)
        if code_id:
            free = update(CouponCode).where(CouponCode.id == code_id, CouponCode.state == "used")
            db.session.execute(free.values(state="issued", used_at=None), execution_options=UNSYNCED)
    _take_back_granted(sources, purchase_id, now)


def _take_back_granted(sources: Sequence[Source], purchase_id: uuid.UUID, now: dt.datetime) -> None:
    """Unused codes that sources gave are void; used ones stay used, and are over should their purchase be returned."""
    granted = update(CouponCode).where(
        CouponCode.granted_by == purchase_id,
        CouponCode.granted_source.in_({issuing.source_name(source.id) for source in sources}),
    )
    unused = granted.where(CouponCode.state == "issued").values(state="void")
    used = granted.where(CouponCode.state == "used").values(expires_at=now)
    for statement in (unused, used):
        db.session.execute(statement, execution_options=UNSYNCED)


def _discount(coupon: Coupon, member_id: uuid.UUID | None, used_at: dt.datetime) -> None:
    """Take one use off every counter that counted it, whatever period the limits had been published with since."""
    keys = {
        key
        for period in rules.PERIODS
        for key in rules.keys(used_at, period, coupon.time_zone, member_id).values()
    }
    for key in sorted(keys):
        statement = update(CouponCounter).where(
            CouponCounter.coupon_id == coupon.id, CouponCounter.key == key, CouponCounter.used > 0
        )
        db.session.execute(statement.values(used=CouponCounter.used - 1), execution_options=UNSYNCED)
