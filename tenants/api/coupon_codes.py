"""Issued codes at the API: listed and looked up, one given to a member, one made void."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from flask import abort, g
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import select

from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from saas.web.refusals import Refusal
from saas.web.throttle import throttle
from tenants.api.coupons import resource
from tenants.api.cursors import page
from tenants.api.example_ids import BATCH, CODE, COUPON, MEMBER, PERSONAL_COUPON
from tenants.api.operation import Example
from tenants.api.schemas import Answer, Body, Moment, PageQuery
from tenants.coupons import issuing, queries, rules
from tenants.coupons.models import Coupon, CouponVersion
from tenants.coupons.models import CouponCode as Row
from tenants.members.models import Member

State = Literal["issued", "used", "expired", "void", "held"]
LOOKUPS, LOOKUP_SECONDS = 120, 60


class CodeUsed(Refusal):
    """The code was used already, so that it can’t be made void."""


class CouponCode(Answer):
    """A code. One that is held back says only who was left out for comparison: it is never shown, never valid."""

    id: UUID
    coupon_id: UUID
    coupon_version: Annotated[int, Field(description="Of the coupon’s plan that it was issued by.")]
    code: Annotated[str | None, Field(description="As people type it; null where it is held back.")]
    state: State
    member_id: Annotated[UUID | None, Field(description="The only one who can use it.")]
    batch_id: UUID | None
    purchase_id: Annotated[UUID | None, Field(description="The purchase that it was given for.")]
    issued_at: Moment
    expires_at: Moment | None
    used_at: Moment | None


class CouponCodePage(Answer):
    """Codes, the newest first."""

    data: list[CouponCode]
    next_cursor: str | None


class CouponCodeQuery(PageQuery):
    """Which codes: all conditions hold together."""

    code: Annotated[
        str | None,
        Field(max_length=120, description="One code, however it is written; 120 times a minute at most."),
    ] = None
    coupon_id: UUID | None = None
    member_id: UUID | None = None
    batch_id: UUID | None = None
    state: State | None = None


class NewCouponCode(Body):
    """A personal coupon, and the member who gets it."""

    coupon_id: UUID
    member_id: UUID


FLYER: dict[str, Any] = {
    "id": CODE,
    "coupon_id": COUPON,
    "coupon_version": 1,
    "code": "7KQM-2HXW-9FTB",
    "state": "issued",
    "member_id": None,
    "batch_id": BATCH,
    "purchase_id": None,
    "issued_at": "2026-10-01T07:10:00Z",
    "expires_at": None,
    "used_at": None,
}


@resource.get(
    "/coupon-codes",
    "coupons:read",
    "List and look up codes",
    query=CouponCodeQuery,
    answer=CouponCodePage,
    example=Example(
        query={"coupon_id": COUPON, "state": "issued"}, answer={"data": [FLYER], "next_cursor": None}
    ),
)
def codes(query: CouponCodeQuery) -> CouponCodePage:
    statement = select(Row, CouponVersion.number).join(CouponVersion, CouponVersion.id == Row.version_id)
    now = utcnow()
    if query.code is not None:
        throttle("api.coupon-codes", str(g.api_key.id), LOOKUPS, LOOKUP_SECONDS)
        statement = statement.where(Row.code == rules.normal(query.code), Row.is_holdout.is_(False))
    for name in ("coupon_id", "member_id", "batch_id"):
        if (wanted := getattr(query, name)) is not None:
            statement = statement.where(getattr(Row, name) == wanted)
    if query.state is not None:
        statement = statement.where(queries.is_state(query.state, now))
    rows, cursor = page(statement, [Row.id], query)
    return CouponCodePage(data=[_answer(row[0], row[1]) for row in rows], next_cursor=cursor)


@resource.get(
    "/coupon-codes/<uuid:code_id>",
    "coupons:read",
    "Get a code",
    answer=CouponCode,
    example=Example(ids={"code_id": CODE}, answer=FLYER),
)
def get_code(code_id: UUID) -> CouponCode:
    query = select(Row, CouponVersion.number).join(CouponVersion, CouponVersion.id == Row.version_id)
    row = db.session.execute(query.where(Row.id == code_id)).first()
    return _answer(row[0], row[1]) if row else abort(404)


@resource.post(
    "/coupon-codes",
    "coupons:write",
    "Give a personal coupon to a member",
    body=NewCouponCode,
    answer=CouponCode,
    status=201,
    refusals=(issuing.NotIssuable,),
    example=Example(
        body={"coupon_id": PERSONAL_COUPON, "member_id": MEMBER},
        answer={
            **FLYER,
            "coupon_id": PERSONAL_COUPON,
            "member_id": MEMBER,
            "batch_id": None,
            "expires_at": "2026-10-31T22:00:00Z",
        },
    ),
)
def give(body: NewCouponCode) -> CouponCode:
    """It is on the member’s card at once."""
    coupon = known(body.coupon_id)
    if db.session.get(Member, body.member_id) is None:
        words = _("There is no such member.")
        raise Invalid([Fault(words, "unknown_member", pointer="/member_id")])
    return get_code(issuing.give(coupon, body.member_id, utcnow()).id)


@resource.post(
    "/coupon-codes/<uuid:code_id>/voiding",
    "coupons:write",
    "Make a code void",
    answer=CouponCode,
    refusals=(CodeUsed,),
    example=Example(ids={"code_id": CODE}, answer={**FLYER, "state": "void"}),
)
def void(code_id: UUID) -> CouponCode:
    """One that is void already stays so."""
    row = db.session.get(Row, code_id) or abort(404)
    issuing.void(row.coupon_id, code_id)
    db.session.refresh(row)
    if row.state == "used":
        raise CodeUsed(_("This code was used already."))
    return get_code(code_id)


def known(coupon_id: UUID, parameter: str = "") -> Coupon:
    """The coupon that a body or a parameter names; raises Invalid where there is none."""
    found = db.session.get(Coupon, coupon_id)
    if found is None:
        words = _("There is no such coupon.")
        where = {"parameter": parameter} if parameter else {"pointer": "/coupon_id"}
        raise Invalid([Fault(words, "unknown_coupon", **where)])
    return found


def _answer(row: Row, version: int) -> CouponCode:
    names = ("id", "coupon_id", "member_id", "batch_id", "issued_at", "expires_at", "used_at")
    return CouponCode.model_construct(
        **{name: getattr(row, name) for name in names},
        coupon_version=version,
        code=None if row.is_holdout else rules.shown(row.code),
        state=queries.state_of(row, utcnow()),
        purchase_id=row.granted_by,
    )
