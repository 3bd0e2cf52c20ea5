"""Lists of coupons and of codes, page by page, and what a coupon did."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_

from saas.db import db
from saas.db.planning import few_or_all, first_keys
from tenants.coupons import rules
from tenants.coupons.models import Coupon, CouponBatch, CouponCode, CouponUse, CouponVersion
from tenants.members.models import Member
from tenants.members.queries import matches

SIZE = 50
STATUSES = ("published", "draft", "paused", "archived")
STATES = ("issued", "used", "expired", "void", "held")
MOST_MEMBERS = 200


@dataclass(frozen=True)
class Wish:
    """What coupons are wanted: a text, and one of STATUSES or none. Unknown words count as not said."""

    text: str = ""
    status: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Wish:
        status = asked.get("show", "")
        return cls(asked.get("q", "").strip()[:100], status if status in STATUSES else "")


@dataclass(frozen=True)
class Page:
    """Some rows in the list's order, and the id after which the next ones begin."""

    items: list[Any]
    after: uuid.UUID | None


@dataclass(frozen=True)
class Did:
    """What a coupon did: codes issued and held back, uses that stand, what they took off, and what was bought."""

    issued: int = 0
    held: int = 0
    used: int = 0
    discount_minor: int = 0
    total_minor: int = 0


def page(wish: Wish, after: uuid.UUID | None = None) -> Page:
    """The coupons after one of them in the order of their names; archived ones only when they are asked for."""
    query = select(Coupon).order_by(Coupon.sort_key, Coupon.id)
    query = query.where(Coupon.status == wish.status if wish.status else Coupon.status != "archived")
    if wish.text:
        named = Coupon.sort_key.contains(rules.sort_key(wish.text), autoescape=True)
        query = query.where(or_(named, Coupon.code_key == rules.normal(wish.text)))
    start = db.session.get(Coupon, after) if after else None
    if start is not None:
        query = query.where(tuple_(Coupon.sort_key, Coupon.id) > tuple_(start.sort_key, start.id))
    found = list(db.session.scalars(query.limit(SIZE + 1)))
    return Page(found[:SIZE], found[SIZE - 1].id if len(found) > SIZE else None)


def counts() -> dict[str, int]:
    """How many coupons there are of each status, "" being all but the archived."""
    rows = db.session.execute(select(Coupon.status, func.count()).group_by(Coupon.status))
    found = dict.fromkeys(STATUSES, 0) | {row[0]: row[1] for row in rows}
    return {"": sum(found.values()) - found["archived"], **found}


def did(coupon_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Did]:
    """What each of some coupons did."""
    ids = list(coupon_ids)
    held = func.count().filter(CouponCode.is_holdout)
    codes = {
        coupon_id: (count - held_back, held_back)
        for coupon_id, count, held_back in db.session.execute(
            select(CouponCode.coupon_id, func.count(), held)
            .where(CouponCode.coupon_id.in_(ids))
            .group_by(CouponCode.coupon_id)
        )
    }
    used = {
        row[0]: row[1:]
        for row in db.session.execute(
            select(
                CouponUse.coupon_id,
                func.count(),
                func.sum(CouponUse.discount_minor),
                func.sum(CouponUse.total_minor),
            )
            .where(CouponUse.coupon_id.in_(ids), CouponUse.given_back_at.is_(None))
            .group_by(CouponUse.coupon_id)
        )
    }
    return {
        one: Did(*codes.get(one, (0, 0)), *(int(value) for value in used.get(one, (0, 0, 0)))) for one in ids
    }


def versions(coupon_id: uuid.UUID) -> list[CouponVersion]:
    query = select(CouponVersion).where(CouponVersion.coupon_id == coupon_id)
    return list(db.session.scalars(query.order_by(CouponVersion.number.desc())))


def batches(coupon_id: uuid.UUID) -> list[CouponBatch]:
    query = select(CouponBatch).where(CouponBatch.coupon_id == coupon_id)
    return list(db.session.scalars(query.order_by(CouponBatch.id.desc()).limit(50)))


def codes(
    coupon_id: uuid.UUID, text: str, state: str, now: dt.datetime, after: uuid.UUID | None = None
) -> Page:
    """Codes of a coupon with their members, newest first; found by how a code begins or by the member."""
    query = (
        select(CouponCode, Member)
        .outerjoin(Member, Member.id == CouponCode.member_id)
        .where(CouponCode.coupon_id == coupon_id)
        .order_by(CouponCode.id.desc())
    )
    if text:
        begins = CouponCode.code.startswith(rules.normal(text) or "?", autoescape=True)
        people = first_keys(Member.id, matches(text), MOST_MEMBERS)
        test = or_(begins, CouponCode.member_id.in_(people)) if people else begins
        query = query.where(few_or_all(CouponCode.id, and_(CouponCode.coupon_id == coupon_id, test)))
    if state:
        query = query.where(is_state(state, now))
    if after:
        query = query.where(CouponCode.id < after)
    found: list[Any] = [tuple(row) for row in db.session.execute(query.limit(SIZE + 1))]
    return Page(found[:SIZE], found[SIZE - 1][0].id if len(found) > SIZE else None)


def is_state(state: str, now: dt.datetime) -> ColumnElement[bool]:
    """Codes in one of STATES."""
    is_late = and_(CouponCode.expires_at.is_not(None), CouponCode.expires_at <= now)
    is_open = and_(CouponCode.state == "issued", CouponCode.is_holdout.is_(False))
    if state == "expired":
        return and_(is_open, is_late)
    if state == "held":
        return CouponCode.is_holdout.is_(True)
    return and_(is_open, ~is_late) if state == "issued" else CouponCode.state == state


def state_of(code: CouponCode, now: dt.datetime) -> str:
    """The state of a code as a person sees it, one of STATES."""
    if code.is_holdout:
        return "held"
    is_late = code.expires_at is not None and code.expires_at <= now
    return "expired" if code.state == "issued" and is_late else code.state


def every(batch_id: uuid.UUID, after: uuid.UUID | None, limit: int) -> list[CouponCode]:
    """The codes of a batch that may be handed out, in order, after one of them."""
    query = select(CouponCode).where(CouponCode.batch_id == batch_id, CouponCode.is_holdout.is_(False))
    if after:
        query = query.where(CouponCode.id > after)
    return list(db.session.scalars(query.order_by(CouponCode.id).limit(limit)))


def rows(batch_id: uuid.UUID, after: uuid.UUID | None, limit: int) -> list[Any]:
    """Some codes of a batch with their members' numbers, for the file: id, code, number, state and times."""
    query = (
        select(
            CouponCode.id,
            CouponCode.code,
            Member.number,
            CouponCode.state,
            CouponCode.issued_at,
            CouponCode.expires_at,
        )
        .outerjoin(Member, Member.id == CouponCode.member_id)
        .where(CouponCode.batch_id == batch_id, CouponCode.is_holdout.is_(False))
        .order_by(CouponCode.id)
        .limit(limit)
    )
    if after:
        query = query.where(CouponCode.id > after)
    return list(db.session.execute(query))


def of_member(member_id: uuid.UUID, limit: int = 20) -> list[tuple[CouponCode, Coupon]]:
    """The member's codes that were given, newest first."""
    query = (
        select(CouponCode, Coupon)
        .join(Coupon, Coupon.id == CouponCode.coupon_id)
        .where(CouponCode.member_id == member_id, CouponCode.is_holdout.is_(False))
        .order_by(CouponCode.id.desc())
    )
    return [(code, coupon) for code, coupon in db.session.execute(query.limit(limit))]


def names(items: Iterable[str]) -> dict[str, str]:
    """The names of those coupons that are named by their ids."""
    ids = []
    for item in items:
        with suppress(ValueError):  # a name is no id
            ids.append(uuid.UUID(item))
    rows = db.session.execute(select(Coupon.id, Coupon.name).where(Coupon.id.in_(ids))) if ids else ()
    return {str(row[0]): row[1] for row in rows}


def personal() -> list[Coupon]:
    """The coupons that can be given to members."""
    query = select(Coupon).where(Coupon.status == "published", Coupon.trigger == "personal")
    return list(db.session.scalars(query.order_by(Coupon.sort_key).limit(200)))
