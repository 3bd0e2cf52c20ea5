"""Enrolments at the API: a member's cards with their balances."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from flask import abort
from pydantic import Field
from sqlalchemy import Select, func, select

from saas.db import db
from tenants.api import members
from tenants.api.cursors import page
from tenants.api.example_ids import ENROLMENT, MEMBER, PROGRAM
from tenants.api.operation import Example, Resource
from tenants.api.schemas import Answer, Moment, PageQuery
from tenants.programs.models import Enrolment as Row
from tenants.programs.models import Program, ProgramVersion, Reward

resource = Resource("enrolments", "Enrolments", "A member’s card in a program, with its balance.")


class Enrolment(Answer):
    """A member’s part in a program."""

    id: UUID
    member_id: UUID
    program_id: UUID
    program_name: str
    program_kind: Literal["stamp_card", "points", "cashback", "tiers", "bonus"]
    program_status: Literal["draft", "published", "paused", "archived"]
    balance: Annotated[
        int, Field(description="Units to spend, or stamps on the card under way: the sum of its entries.")
    ]
    required: Annotated[int | None, Field(description="Stamps that fill the card under way.")]
    tier: str | None
    tier_kept_until: Moment | None
    rewards_ready: Annotated[int, Field(description="Rewards that wait to be handed out.")]
    last_earned_at: Moment | None
    created_at: Moment


class EnrolmentPage(Answer):
    """A member’s cards."""

    data: list[Enrolment]
    next_cursor: str | None


COFFEE = {
    "id": ENROLMENT,
    "member_id": MEMBER,
    "program_id": PROGRAM,
    "program_name": "Coffee card",
    "program_kind": "stamp_card",
    "program_status": "published",
    "balance": 4,
    "required": 10,
    "tier": None,
    "tier_kept_until": None,
    "rewards_ready": 1,
    "last_earned_at": "2026-11-20T08:12:44Z",
    "created_at": "2026-11-02T09:30:00Z",
}


@resource.get(
    "/members/<uuid:member_id>/enrolments",
    "enrolments:read",
    "List a member’s cards",
    query=PageQuery,
    answer=EnrolmentPage,
    example=Example(ids={"member_id": MEMBER}, answer={"data": [COFFEE], "next_cursor": None}),
)
def index(member_id: UUID, query: PageQuery) -> EnrolmentPage:
    members.found(member_id)
    rows, cursor = page(_selected().where(Row.member_id == member_id), [Row.id], query)
    return EnrolmentPage(data=[_answer(*row[:4]) for row in rows], next_cursor=cursor)


@resource.get(
    "/enrolments/<uuid:enrolment_id>",
    "enrolments:read",
    "Get a card",
    answer=Enrolment,
    example=Example(ids={"enrolment_id": ENROLMENT}, answer=COFFEE),
)
def get(enrolment_id: UUID) -> Enrolment:
    row = db.session.execute(_selected().where(Row.id == enrolment_id)).first()
    return _answer(*row) if row else abort(404)


def found(enrolment_id: UUID) -> Row:
    """The enrolment; a missing or foreign one is 404."""
    return db.session.get(Row, enrolment_id) or abort(404)


def _selected() -> Select[*tuple[Any, ...]]:
    ready = (
        select(func.count())
        .where(Reward.enrolment_id == Row.id, Reward.status == "issued")
        .correlate(Row)
        .scalar_subquery()
    )
    return (
        select(Row, Program, ProgramVersion.terms, ready)
        .join(Program, Program.id == Row.program_id)
        .join(ProgramVersion, ProgramVersion.id == Row.version_id)
    )


def _answer(row: Row, program: Program, terms: dict[str, Any], ready: int) -> Enrolment:
    return Enrolment.model_construct(
        id=row.id,
        member_id=row.member_id,
        program_id=row.program_id,
        program_name=program.name,
        program_kind=program.kind,
        program_status=program.status,
        balance=row.balance,
        required=terms.get("required") if program.kind == "stamp_card" else None,
        tier=row.tier,
        tier_kept_until=row.tier_kept_until,
        rewards_ready=ready,
        last_earned_at=row.last_earned_at,
        created_at=row.created_at,
    )
