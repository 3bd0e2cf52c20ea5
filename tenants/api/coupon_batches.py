"""Batches of codes at the API: many made or given by a job, its progress, the codes as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

from flask import abort, g
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import defer

from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from saas.web.throttle import throttle
from tenants.api.coupon_codes import known
from tenants.api.coupons import resource
from tenants.api.cursors import page
from tenants.api.example_ids import BATCH, COUPON, FAILED_BATCH
from tenants.api.operation import Example
from tenants.api.schemas import ONE_LINE_OR_NONE, Answer, Body, Moment, PageQuery
from tenants.coupons import batches, export, issuing
from tenants.coupons.models import CouponBatch as Row

MOST_CODES = 100_000


class CouponBatch(Answer):
    """Many codes of one coupon: `count` is how many there will be, `done` how many there are."""

    id: UUID
    coupon_id: UUID
    kind: Annotated[
        Literal["made", "imported", "given"], Field(description="`given`: one for each member of a filter.")
    ]
    name: str
    status: Literal["uploaded", "running", "done", "failed", "void"]
    count: int
    done: int
    held_back: Annotated[int, Field(description="Of those done: members left out for comparison, by chance.")]
    requested_by: str
    created_at: Moment
    finished_at: Moment | None


class CouponBatchPage(Answer):
    """Batches, the newest first."""

    data: list[CouponBatch]
    next_cursor: str | None


class CouponBatchQuery(PageQuery):
    """Which batches."""

    coupon_id: UUID | None = None


class NewCouponBatch(Body):
    """Either a number of codes for whoever shows them, or the members who get a personal coupon."""

    coupon_id: UUID
    count: Annotated[
        int | None, Field(ge=1, le=MOST_CODES, description="For a coupon that is used by a code.")
    ] = None
    members: Annotated[
        Literal["all", "active", "away"] | None,
        Field(description="For a personal coupon. `active`: seen in the last 30 days; `away`: not."),
    ] = None
    name: Annotated[str, Field(max_length=120), ONE_LINE_OR_NONE] = ""


FLYERS: dict[str, Any] = {
    "id": BATCH,
    "coupon_id": COUPON,
    "kind": "made",
    "name": "Flyer in spring",
    "status": "done",
    "count": 1,
    "done": 1,
    "held_back": 0,
    "requested_by": "Till",
    "created_at": "2026-10-01T07:10:00Z",
    "finished_at": "2026-10-01T07:10:02Z",
}
BEGUN = {**FLYERS, "status": "running", "count": 5000, "done": 0, "finished_at": None}


@resource.get(
    "/coupon-batches",
    "coupons:read",
    "List batches of codes",
    query=CouponBatchQuery,
    answer=CouponBatchPage,
    example=Example(query={"coupon_id": COUPON}, answer={"data": [FLYERS], "next_cursor": None}),
)
def batch_index(query: CouponBatchQuery) -> CouponBatchPage:
    statement = select(Row).options(defer(Row.choice))
    if query.coupon_id is not None:
        statement = statement.where(Row.coupon_id == query.coupon_id)
    rows, cursor = page(statement, [Row.id], query)
    return CouponBatchPage(data=[_answer(row[0]) for row in rows], next_cursor=cursor)


@resource.get(
    "/coupon-batches/<uuid:batch_id>",
    "coupons:read",
    "Get a batch with its progress",
    answer=CouponBatch,
    example=Example(ids={"batch_id": BATCH}, answer=FLYERS),
)
def get_batch(batch_id: UUID) -> CouponBatch:
    return _answer(_found(batch_id))


@resource.post(
    "/coupon-batches",
    "coupons:write",
    "Issue many codes",
    body=NewCouponBatch,
    answer=CouponBatch,
    status=202,
    refusals=(issuing.NotIssuable, batches.NoMembers),
    example=Example(body={"coupon_id": COUPON, "count": 5000, "name": "Flyer in autumn"}, answer=BEGUN),
)
def issue(body: NewCouponBatch) -> CouponBatch:
    """A job issues them; get the batch until its `status` is `done`, then its file. 60 batches an hour at most."""
    if (body.count is None) == (body.members is None):
        raise Invalid([Fault(_("Send one of count and members."), "one_of", pointer="/count")])
    coupon = known(body.coupon_id)
    throttle("coupons.batch", str(g.merchant.id), 60, 3600)
    by, now = g.api_key.name, utcnow()
    if body.members is not None:
        return _answer(batches.give(coupon, body.members, body.name, by, g.merchant, now))
    return _answer(batches.make(coupon, body.count or 0, body.name, by, g.merchant, now))


@resource.post(
    "/coupon-batches/<uuid:batch_id>/resumption",
    "coupons:write",
    "Go on with a batch that failed",
    answer=CouponBatch,
    status=202,
    example=Example(ids={"batch_id": FAILED_BATCH}, answer={**BEGUN, "id": FAILED_BATCH}),
)
def resume_batch(batch_id: UUID) -> CouponBatch:
    """What was issued stays. One that neither failed nor is stuck stays as it is."""
    row = _found(batch_id)
    batches.resume(row, g.merchant, utcnow())
    return _answer(row)


@resource.post(
    "/coupon-batches/<uuid:batch_id>/voiding",
    "coupons:write",
    "Make a batch’s codes void",
    answer=CouponBatch,
    example=Example(ids={"batch_id": BATCH}, answer={**FLYERS, "status": "void"}),
)
def void_batch(batch_id: UUID) -> CouponBatch:
    """Those that were used stay used."""
    row = _found(batch_id)
    batches.void(row, utcnow())
    return _answer(row)


@resource.get(
    "/coupon-batches/<uuid:batch_id>/codes.csv",
    "coupons:read",
    "Download a batch’s codes",
    example=Example(
        ids={"batch_id": BATCH},
        answer="code,member,state,issued,expires\r\n7KQM-2HXW-9FTB,,issued,2026-10-01 10:10,\r\n",
    ),
)
def download(batch_id: UUID) -> Iterator[bytes]:
    """Code, member number, state, and days in the shop’s time; what is held back is left out."""
    return export.parts(_found(batch_id).id, g.merchant)


def _found(batch_id: UUID) -> Row:
    """The batch; a missing or foreign one is 404."""
    return db.session.get(Row, batch_id, options=[defer(Row.choice)]) or abort(404)


def _answer(row: Row) -> CouponBatch:
    return CouponBatch.model_construct(**{name: getattr(row, name) for name in CouponBatch.model_fields})
