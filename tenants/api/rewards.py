"""Rewards at the API: what full cards became, and handing them out."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import Select, select

from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from tenants.api import locations
from tenants.api.cursors import page
from tenants.api.entries import actor
from tenants.api.example_ids import ENROLMENT, LOCATION, MEMBER, PROGRAM, REWARD
from tenants.api.operation import Example, Resource
from tenants.api.schemas import Answer, Body, Moment, PageQuery
from tenants.programs import ledger
from tenants.programs.models import Enrolment
from tenants.programs.models import Reward as Row
from tenants.purchases import handed
from tenants.units.merchandise import OutOfStock

resource = Resource("rewards", "Rewards", "What full cards became: issued, then handed out once.")
Status = Literal["issued", "fulfilled", "cancelled", "expired"]


class Reward(Answer):
    """A reward of a member."""

    id: UUID
    enrolment_id: UUID
    member_id: UUID
    program_id: UUID
    name: str
    status: Status
    issued_at: Moment
    expires_at: Moment | None
    fulfilled_at: Moment | None
    location_id: UUID | None


class RewardPage(Answer):
    """Rewards, the newest first."""

    data: list[Reward]
    next_cursor: str | None


class RewardQuery(PageQuery):
    """Which rewards: all conditions hold together."""

    member_id: UUID | None = None
    enrolment_id: UUID | None = None
    status: Status | None = None


class NewRedemption(Body):
    """A reward to hand out, and where."""

    reward_id: UUID
    location_id: UUID | None = None


class Redemption(Answer):
    """A reward that was handed out."""

    reward: Reward


FREE_COFFEE: dict[str, Any] = {
    "id": REWARD,
    "enrolment_id": ENROLMENT,
    "member_id": MEMBER,
    "program_id": PROGRAM,
    "name": "Free coffee",
    "status": "issued",
    "issued_at": "2026-11-18T07:55:10Z",
    "expires_at": None,
    "fulfilled_at": None,
    "location_id": None,
}


@resource.get(
    "/rewards",
    "rewards:read",
    "List rewards",
    query=RewardQuery,
    answer=RewardPage,
    example=Example(
        query={"member_id": MEMBER, "status": "issued"}, answer={"data": [FREE_COFFEE], "next_cursor": None}
    ),
)
def index(query: RewardQuery) -> RewardPage:
    statement = _selected()
    if query.member_id is not None:
        statement = statement.where(Enrolment.member_id == query.member_id)
    if query.enrolment_id is not None:
        statement = statement.where(Row.enrolment_id == query.enrolment_id)
    if query.status is not None:
        statement = statement.where(Row.status == query.status)
    rows, cursor = page(statement, [Row.id], query)
    return RewardPage(data=[_answer(*row[:2]) for row in rows], next_cursor=cursor)


@resource.get(
    "/rewards/<uuid:reward_id>",
    "rewards:read",
    "Get a reward",
    answer=Reward,
    example=Example(ids={"reward_id": REWARD}, answer=FREE_COFFEE),
)
def get(reward_id: UUID) -> Reward:
    row = db.session.execute(_selected().where(Row.id == reward_id)).first()
    return _answer(*row) if row else abort(404)


@resource.post(
    "/redemptions",
    "rewards:write",
    "Hand a reward out",
    body=NewRedemption,
    answer=Redemption,
    status=201,
    refusals=(ledger.RewardGone, OutOfStock),
    example=Example(
        body={"reward_id": REWARD, "location_id": LOCATION},
        answer={
            "reward": {
                **FREE_COFFEE,
                "status": "fulfilled",
                "fulfilled_at": "2026-11-21T10:01:02Z",
                "location_id": LOCATION,
            }
        },
    ),
)
def redeem(body: NewRedemption) -> Redemption:
    locations.check(body.location_id)
    row = db.session.execute(_selected().where(Row.id == body.reward_id)).first()
    if row is None:
        words = _("There is no such reward.")
        raise Invalid([Fault(words, "unknown_reward", pointer="/reward_id")])
    given = handed.hand_out(body.reward_id, actor=actor(), location_id=body.location_id, now=utcnow())
    return Redemption(reward=_answer(given, row[1]))


def _selected() -> Select[*tuple[Any, ...]]:
    return select(Row, Enrolment).join(Enrolment, Enrolment.id == Row.enrolment_id)


def _answer(row: Row, enrolment: Enrolment) -> Reward:
    values = {name: getattr(row, name) for name in Reward.model_fields if hasattr(row, name)}
    return Reward(**values, member_id=enrolment.member_id, program_id=enrolment.program_id)
