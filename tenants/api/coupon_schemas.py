"""Coupons as the API takes and shows them, with the examples of its documentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from tenants.api.example_ids import COUPON, DRAFT_COUPON
from tenants.api.schemas import ONE_LINE, Answer, Body, Moment, Money, PageQuery

Status = Literal["draft", "published", "paused", "archived"]
Name = Annotated[str, Field(min_length=1, max_length=120), ONE_LINE]
PlanField = Annotated[
    dict[str, Any],
    Field(description="Terms, public code, limits, days that codes are valid, share held back."),
]


class CouponFigures(Answer):
    """What a coupon did; uses that were given back don’t count."""

    codes_issued: int
    codes_held_back: int
    used: int
    discount: Money
    bought: Annotated[Money, Field(description="The totals of the purchases that it was used for.")]


class Coupon(Answer):
    """A coupon. `plan` is in force, null before it was published; `draft` is what publishing puts in force."""

    id: UUID
    name: str
    status: Status
    version: Annotated[int, Field(description="Of the plan in force; 0 before there is any.")]
    plan: dict[str, Any] | None
    sentence: Annotated[str | None, Field(description="The plan in force, in words.")]
    draft: dict[str, Any]
    draft_sentence: str
    figures: CouponFigures
    created_at: Moment
    updated_at: Moment


class CouponPage(Answer):
    """Coupons, the newest first."""

    data: list[Coupon]
    next_cursor: str | None


class CouponQuery(PageQuery):
    """Which coupons: all conditions hold together."""

    status: Status | None = None
    code: Annotated[
        str | None, Field(max_length=120, description="The public code, however it is written.")
    ] = None


class NewCoupon(Body):
    """A coupon, kept as a draft: nobody can use it before it is published."""

    name: Name
    plan: PlanField


class CouponChange(Body):
    """Another name, which counts at once, or another plan, which counts when it is published."""

    name: Name = ""
    plan: dict[str, Any] | None = None


class NewCouponPreview(Body):
    """A plan to be said in words."""

    plan: PlanField


class CouponPreview(Answer):
    """A plan in words, in the language of `Accept-Language`."""

    sentence: str


class CouponVersion(Answer):
    """A plan as it was put in force."""

    number: int
    plan: dict[str, Any]
    sentence: str
    published_at: Moment
    published_by: str


class CouponVersionPage(Answer):
    """Versions, the newest first."""

    data: list[CouponVersion]
    next_cursor: str | None


CROISSANT: dict[str, Any] = {
    "terms": {
        "benefit": {"kind": "percent", "percent": "20"},
        "conditions": {"goods": {"categories": {"any": ["Pastry"]}}, "uses_per_member": 1},
    },
    "code": "SPRING",
    "limits": {"total": 500},
}
SAID = "20% off Pastry, once a member, only 500 times in all"
NOTHING_YET: dict[str, Any] = {
    "codes_issued": 0,
    "codes_held_back": 0,
    "used": 0,
    "discount": {"amount_minor": 0, "currency": "EUR"},
    "bought": {"amount_minor": 0, "currency": "EUR"},
}
SPRING: dict[str, Any] = {
    "id": COUPON,
    "name": "Spring pastry",
    "status": "published",
    "version": 1,
    "plan": CROISSANT,
    "sentence": SAID,
    "draft": CROISSANT,
    "draft_sentence": SAID,
    "figures": {
        **NOTHING_YET,
        "codes_issued": 1,
        "used": 12,
        "discount": {"amount_minor": 1140, "currency": "EUR"},
    },
    "created_at": "2026-10-01T07:00:00Z",
    "updated_at": "2026-10-01T07:05:00Z",
}
DRAFTED = {
    **SPRING,
    "id": DRAFT_COUPON,
    "status": "draft",
    "version": 0,
    "plan": None,
    "sentence": None,
    "figures": NOTHING_YET,
}
SUMMER = {**CROISSANT, "code": "SUMMER"}
