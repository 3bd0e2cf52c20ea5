"""Coupons at the API: written as drafts, said in a sentence, published as versions, paused, archived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import select

from saas.billing.entitlements import OverLimit
from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Invalid
from tenants.api.coupon_schemas import (
    CROISSANT,
    DRAFTED,
    SAID,
    SPRING,
    SUMMER,
    Coupon,
    CouponChange,
    CouponFigures,
    CouponPage,
    CouponPreview,
    CouponQuery,
    CouponVersion,
    CouponVersionPage,
    NewCoupon,
    NewCouponPreview,
)
from tenants.api.cursors import page
from tenants.api.example_ids import ARCHIVED_COUPON, COUPON, DRAFT_COUPON, PAUSED_COUPON
from tenants.api.operation import Example, Resource
from tenants.api.schemas import Money, PageQuery
from tenants.api.words import MOST_FAULTS, of_engine
from tenants.coupons import editing, pages, public_codes, queries, rules
from tenants.coupons.models import Coupon as Row
from tenants.coupons.models import CouponVersion as VersionRow
from tenants.coupons.queries import Did
from tenants.coupons.rules import Plan
from tenants.engine.mapping import Invalid as BadPlan

resource = Resource(
    "coupons",
    "Coupons",
    "Discounts and gifts, given automatically, for a public code or for issued ones: written as a draft, then "
    "published as a version. Codes keep the version that they were issued by.",
)


@resource.get(
    "/coupons",
    "coupons:read",
    "List coupons",
    query=CouponQuery,
    answer=CouponPage,
    example=Example(query={"code": "spring"}, answer={"data": [SPRING], "next_cursor": None}),
)
def index(query: CouponQuery) -> CouponPage:
    statement = select(Row)
    if query.status is not None:
        statement = statement.where(Row.status == query.status)
    if query.code is not None:
        statement = statement.where(Row.code_key == rules.normal(query.code))
    rows, cursor = page(statement, [Row.id], query)
    return CouponPage(data=_answers([row[0] for row in rows]), next_cursor=cursor)


@resource.get(
    "/coupons/<uuid:coupon_id>",
    "coupons:read",
    "Get a coupon",
    answer=Coupon,
    example=Example(ids={"coupon_id": COUPON}, answer=SPRING),
)
def get(coupon_id: UUID) -> Coupon:
    return _answers([editing.found(coupon_id)])[0]


@resource.get(
    "/coupons/<uuid:coupon_id>/versions",
    "coupons:read",
    "List a coupon’s versions",
    query=PageQuery,
    answer=CouponVersionPage,
    example=Example(
        ids={"coupon_id": COUPON},
        answer={
            "data": [
                {
                    "number": 1,
                    "plan": CROISSANT,
                    "sentence": SAID,
                    "published_at": "2026-10-01T07:05:00Z",
                    "published_by": "Till",
                }
            ],
            "next_cursor": None,
        },
    ),
)
def versions(coupon_id: UUID, query: PageQuery) -> CouponVersionPage:
    editing.found(coupon_id)
    rows, cursor = page(select(VersionRow).where(VersionRow.coupon_id == coupon_id), [VersionRow.id], query)
    found = [row[0] for row in rows]
    said = pages.sentences([row.terms for row in found])
    data = [
        CouponVersion.model_construct(
            number=row.number,
            plan=row.terms,
            sentence=sentence,
            published_at=row.published_at,
            published_by=row.published_by,
        )
        for row, sentence in zip(found, said, strict=True)
    ]
    return CouponVersionPage(data=data, next_cursor=cursor)


@resource.post(
    "/coupons/preview",
    "coupons:read",
    "Say a plan in a sentence",
    body=NewCouponPreview,
    answer=CouponPreview,
    example=Example(body={"plan": CROISSANT}, answer={"sentence": SAID}),
)
def preview(body: NewCouponPreview) -> CouponPreview:
    return CouponPreview(sentence=pages.sentences([_plan(body.plan).to_mapping()])[0])


@resource.post(
    "/coupons",
    "coupons:write",
    "Write a coupon as a draft",
    body=NewCoupon,
    answer=Coupon,
    status=201,
    example=Example(
        body={"name": "Summer pastry", "plan": SUMMER},
        answer={**DRAFTED, "name": "Summer pastry", "draft": SUMMER},
    ),
)
def create(body: NewCoupon) -> Coupon:
    return _answers([editing.create(body.name, _plan(body.plan), g.merchant, utcnow())])[0]


@resource.patch(
    "/coupons/<uuid:coupon_id>",
    "coupons:write",
    "Change a coupon’s draft",
    body=CouponChange,
    answer=Coupon,
    example=Example(
        ids={"coupon_id": DRAFT_COUPON}, body={"plan": SUMMER}, answer={**DRAFTED, "draft": SUMMER}
    ),
)
def update(coupon_id: UUID, body: CouponChange) -> Coupon:
    row = editing.found(coupon_id)
    plan = Plan.from_mapping(row.draft) if body.plan is None else _plan(body.plan)
    return _answers([editing.save(coupon_id, body.name or row.name, plan, utcnow())])[0]


@resource.post(
    "/coupons/<uuid:coupon_id>/publication",
    "coupons:write",
    "Publish a coupon",
    answer=Coupon,
    refusals=(public_codes.CodeTaken, editing.NotPublishable, OverLimit),
    example=Example(ids={"coupon_id": DRAFT_COUPON}, answer={**SPRING, "id": DRAFT_COUPON}),
)
def publish(coupon_id: UUID) -> Coupon:
    editing.publish(coupon_id, g.api_key.name, g.merchant, utcnow())
    return get(coupon_id)


@resource.post(
    "/coupons/<uuid:coupon_id>/pause",
    "coupons:write",
    "Pause a coupon",
    answer=Coupon,
    example=Example(ids={"coupon_id": COUPON}, answer={**SPRING, "status": "paused"}),
)
def pause(coupon_id: UUID) -> Coupon:
    """Nobody can use it until it is resumed. One that is not published stays as it is."""
    return _turned(coupon_id, ("published",), "paused")


@resource.post(
    "/coupons/<uuid:coupon_id>/resumption",
    "coupons:write",
    "Resume a paused coupon",
    answer=Coupon,
    refusals=(public_codes.CodeTaken,),
    example=Example(ids={"coupon_id": PAUSED_COUPON}, answer={**SPRING, "id": PAUSED_COUPON}),
)
def resume(coupon_id: UUID) -> Coupon:
    """One that is not paused stays as it is."""
    return _turned(coupon_id, ("paused",), "published")


@resource.post(
    "/coupons/<uuid:coupon_id>/archive",
    "coupons:write",
    "Archive a coupon",
    answer=Coupon,
    example=Example(ids={"coupon_id": COUPON}, answer={**SPRING, "status": "archived"}),
)
def archive(coupon_id: UUID) -> Coupon:
    return _turned(coupon_id, ("draft", "published", "paused"), "archived")


@resource.post(
    "/coupons/<uuid:coupon_id>/restoration",
    "coupons:write",
    "Bring an archived coupon back",
    answer=Coupon,
    example=Example(
        ids={"coupon_id": ARCHIVED_COUPON}, answer={**SPRING, "id": ARCHIVED_COUPON, "status": "paused"}
    ),
)
def restore(coupon_id: UUID) -> Coupon:
    """It is paused then, or a draft where it was never published. One that is not archived stays as it is."""
    return _turned(coupon_id, ("archived",), "paused")


def _turned(coupon_id: UUID, before: Sequence[str], after: str) -> Coupon:
    """The coupon, with another status where it had one of those before."""
    row = editing.found(coupon_id, is_locked=True)
    if row.status in before:
        editing.set_status(coupon_id, after, utcnow())
    return _answers([row])[0]


def _plan(mapping: dict[str, Any]) -> Plan:
    """The plan of a body; raises Invalid with every fault."""
    try:
        return Plan.from_mapping(mapping)
    except BadPlan as bad:
        raise Invalid([of_engine(problem, "plan") for problem in bad.problems[:MOST_FAULTS]]) from None


def _answers(rows: Sequence[Row]) -> list[Coupon]:
    found = {
        (version.coupon_id, version.number): version.terms
        for version in db.session.scalars(
            select(VersionRow)
            .join(Row, (Row.id == VersionRow.coupon_id) & (Row.version_number == VersionRow.number))
            .where(Row.id.in_([row.id for row in rows]))
        )
    }
    plans = [found.get((row.id, row.version_number)) for row in rows]
    drafts = pages.sentences([row.draft for row in rows])
    in_force = iter(pages.sentences([plan for plan in plans if plan is not None]))
    did = queries.did(row.id for row in rows)
    return [
        Coupon.model_construct(
            id=row.id,
            name=row.name,
            status=row.status,
            version=row.version_number,
            plan=plan,
            sentence=None if plan is None else next(in_force),
            draft=row.draft,
            draft_sentence=draft,
            figures=_figures(did[row.id], row.currency),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row, plan, draft in zip(rows, plans, drafts, strict=True)
    ]


def _figures(did: Did, currency: str) -> CouponFigures:
    return CouponFigures(
        codes_issued=did.issued,
        codes_held_back=did.held,
        used=did.used,
        discount=Money(amount_minor=did.discount_minor, currency=currency),
        bought=Money(amount_minor=did.total_minor, currency=currency),
    )
