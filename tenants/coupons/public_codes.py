"""Public codes: each belongs to one coupon; one that was put away gives its own up to whoever wants it."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from saas.db import db
from saas.web.refusals import Refusal
from tenants.coupons import rules
from tenants.coupons.models import Coupon, CouponCode, CouponVersion
from tenants.coupons.rules import Plan


class CodeTaken(Refusal):
    """Another coupon has this code."""

    def __init__(self) -> None:
        super().__init__(_("Another coupon has this code already. Choose another one."))


def take(coupon: Coupon, key: str | None) -> None:
    """Make this the public code of a locked coupon, or say that it has none. A coupon that was put away keeps its code
    until somebody wants it, so that the counter can say what it was. Raises CodeTaken, also where two take it at once.
    """
    if key:
        _release(coupon, key)
        if db.session.scalar(select(CouponCode.id).where(CouponCode.code == key)):
            raise CodeTaken
    try:
        with db.session.begin_nested():
            coupon.code_key = key
            db.session.flush()
    except IntegrityError as error:
        raise CodeTaken from error


def _release(coupon: Coupon, key: str) -> None:
    holder = select(Coupon).where(Coupon.code_key == key, Coupon.id != coupon.id).with_for_update()
    other = db.session.scalar(holder.execution_options(populate_existing=True))
    if other is None:
        return
    if other.status != "archived":
        raise CodeTaken
    other.code_key = None
    db.session.flush()


def published(coupon: Coupon) -> str | None:
    """The public code of the version in force, as it is compared; None where it has none."""
    query = select(CouponVersion.terms).where(
        CouponVersion.coupon_id == coupon.id, CouponVersion.number == coupon.version_number
    )
    return rules.normal(Plan.from_mapping(db.session.scalars(query).one()).code) or None
