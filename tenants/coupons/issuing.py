"""Issuing codes: to one member, for a purchase, or many in one statement; and taking them back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import any_, func, or_, select, update

from saas.db import db, new_id
from saas.db.bulk import array, insert_rows, table_of
from saas.web.refusals import Refusal
from tenants.coupons import rules
from tenants.coupons.models import Coupon, CouponCode, CouponVersion
from tenants.members.models import Member

MOST_GRANTED = 1_000
LONGEST_SOURCE = 80


class NotIssuable(Refusal):
    """The coupon was never published, or is given in another way."""


def version_of(coupon: Coupon) -> uuid.UUID:
    """The version in force; raises NotIssuable where there is none."""
    query = select(CouponVersion.id).where(
        CouponVersion.coupon_id == coupon.id, CouponVersion.number == coupon.version_number
    )
    found = db.session.scalar(query)
    if found is None or coupon.status == "archived":
        raise NotIssuable(_("Publish the coupon first: codes are issued by what is in force."))
    return found


def named(item: str) -> Coupon | None:
    """The coupon that a benefit names, by its id or its name; one that was published, put away or not."""
    is_it = func.lower(Coupon.name) == item.lower()
    with suppress(ValueError):  # not an id, then it is a name
        is_it = or_(Coupon.id == uuid.UUID(item), is_it)
    query = select(Coupon).where(is_it, Coupon.version_number > 0)
    query = query.order_by(Coupon.status == "archived", Coupon.id)
    return db.session.scalars(query.limit(1)).first()


def to_give() -> dict[str, str]:
    """The names of the coupons that rewards may give, by their ids: those that were published and aren't put away."""
    query = select(Coupon.id, Coupon.name).where(Coupon.version_number > 0, Coupon.status != "archived")
    return {str(coupon_id): name for coupon_id, name in db.session.execute(query.order_by(Coupon.sort_key))}


def give(coupon: Coupon, member_id: uuid.UUID, now: dt.datetime) -> CouponCode:
    """Give a personal coupon to one member. Raises NotIssuable; an unknown member is 404."""
    if coupon.trigger != "personal":
        raise NotIssuable(_("Only a personal coupon can be given to a member."))
    version_id = version_of(coupon)
    if db.session.get(Member, member_id) is None:
        abort(404)
    code = CouponCode(
        id=new_id(),
        coupon_id=coupon.id,
        version_id=version_id,
        code=rules.new_code(),
        member_id=member_id,
        issued_at=now,
        expires_at=rules.expires_at(now, coupon.valid_days, coupon.time_zone),
    )
    db.session.add(code)
    db.session.flush()
    return code


def grant(
    coupon: Coupon,
    count: int,
    member_id: uuid.UUID | None,
    purchase_id: uuid.UUID | None,
    source: str,
    now: dt.datetime,
) -> None:
    """Issue codes for a purchase: personal ones for a member, else ones for whoever holds them."""
    version_id = db.session.scalars(
        select(CouponVersion.id).where(
            CouponVersion.coupon_id == coupon.id, CouponVersion.number == coupon.version_number
        )
    ).one()
    codes = [rules.new_code() for _one in range(min(count, MOST_GRANTED))]
    constants = {"member_id": member_id, "granted_by": purchase_id, "granted_source": source_name(source)}
    insert_codes(coupon, version_id, codes, now, constants=constants)


def source_name(source: str) -> str:
    """What gave a code, as it is stored: a reward's key may be longer than there is room for."""
    return source[:LONGEST_SOURCE]


def insert_codes(
    coupon: Coupon,
    version_id: uuid.UUID,
    codes: Sequence[str],
    now: dt.datetime,
    *,
    columns: dict[str, Sequence[Any]] | None = None,
    constants: dict[str, Any] | None = None,
    expires: dt.datetime | None = None,
) -> int:
    """Insert codes in one statement, leaving out those that there are already; says how many there are now more."""
    fixed: dict[str, Any] = {
        "member_id": None,
        "is_holdout": False,
        "batch_id": None,
        "granted_by": None,
        "granted_source": None,
        "coupon_id": coupon.id,
        "version_id": version_id,
        "state": "issued",
        "issued_at": now,
        "expires_at": expires or rules.expires_at(now, coupon.valid_days, coupon.time_zone),
        **(constants or {}),
    }
    given: dict[str, Sequence[Any]] = {
        "id": [new_id() for _one in codes],
        "code": list(codes),
        **(columns or {}),
    }
    for name in columns or {}:
        fixed.pop(name, None)
    statement = insert_rows(CouponCode, given, fixed).on_conflict_do_nothing()
    return len(db.session.execute(statement.returning(table_of(CouponCode).c.id)).all())


def known(codes: Sequence[str]) -> set[str]:
    """Those of some codes that exist already, as issued or as public ones."""
    issued = select(CouponCode.code).where(CouponCode.code == any_(array(codes, table_of(CouponCode).c.code)))
    public = select(Coupon.code_key).where(Coupon.code_key == any_(array(codes, table_of(Coupon).c.code_key)))
    return set(db.session.scalars(issued)) | {key for key in db.session.scalars(public) if key}


def void(coupon_id: uuid.UUID, code_id: uuid.UUID) -> bool:
    """Make an issued code void; False when it is used or void already. An unknown one is 404."""
    row = db.session.get(CouponCode, code_id)
    if row is None or row.coupon_id != coupon_id:
        abort(404)
    statement = update(CouponCode).where(CouponCode.id == code_id, CouponCode.state == "issued")
    done = db.session.scalar(
        statement.values(state="void").returning(CouponCode.id),
        execution_options={"synchronize_session": False},
    )
    return done is not None
