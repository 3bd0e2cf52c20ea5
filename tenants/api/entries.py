"""Entries at the API: the lines of a card's ledger with their reasons, and giving stamps."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from flask import g
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from saas.db import db
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from tenants.api import enrolments, locations
from tenants.api.cursors import page
from tenants.api.example_ids import ENROLMENT, ENTRY, LOCATION
from tenants.api.idempotency import request_key
from tenants.api.operation import Example
from tenants.api.schemas import Answer, Body, Moment, Money, PageQuery
from tenants.card import history
from tenants.programs import ledger
from tenants.programs.ledger import Actor
from tenants.programs.models import Entry as Row
from tenants.programs.models import Program, ProgramVersion
from tenants.programs.rules import MAX_UNITS
from tenants.purchases.models import Purchase

CAUSES = {
    "counter_code": "stamped_by_counter_code",
    "member_code": "stamped_by_member_number",
    "purchase": "stamped_for_purchase",
    "api": "stamped_by_api",
}


class NotAStampCard(Refusal):
    """Stamps were to be given in a program of another kind."""


class Reason(Answer):
    """One reason: a code, and what belongs to it."""

    code: str
    params: dict[str, Any]


class Why(Answer):
    """Why an entry is there: as reasons for programs, and in words in the language asked for."""

    reasons: list[Reason]
    sentence: str


class Entry(Answer):
    """One signed line of a card’s ledger; never changed, and taken back only by another one."""

    id: UUID
    enrolment_id: UUID
    kind: Literal["earn", "redeem", "expire", "adjust", "reverse"]
    units: Annotated[int, Field(description="Signed: what it adds to the balance.")]
    why: Why
    program_version: Annotated[int, Field(description="Of the program’s terms that it was written by.")]
    amount: Annotated[Money | None, Field(description="Of the purchase that it is for.")]
    actor: Literal["staff", "member", "system", "api"]
    actor_name: str | None
    location_id: UUID | None
    reward_id: UUID | None
    purchase_id: UUID | None
    reverses_id: UUID | None
    occurred_at: Moment


class EntryPage(Answer):
    """A card’s entries, the newest first."""

    data: list[Entry]
    next_cursor: str | None


class NewEntry(Body):
    """Stamps to give. The program’s cool-down and daily cap hold."""

    units: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    location_id: UUID | None = None


class Earned(Answer):
    """The entry, the card as it is now, and the rewards that became ready by it."""

    entry: Entry
    balance: int
    required: int
    rewards_issued: list[UUID]


STAMPS: dict[str, Any] = {
    "id": ENTRY,
    "enrolment_id": ENROLMENT,
    "kind": "earn",
    "units": 2,
    "why": {
        "reasons": [{"code": "stamped_by_api", "params": {"units": 2}}],
        "sentence": "2 stamps on Nov 20, 2026 at 10:12 AM at Old town. Rules version 1.",
    },
    "program_version": 1,
    "amount": None,
    "actor": "api",
    "actor_name": "Till",
    "location_id": LOCATION,
    "reward_id": None,
    "purchase_id": None,
    "reverses_id": None,
    "occurred_at": "2026-11-20T08:12:44Z",
}


@enrolments.resource.get(
    "/enrolments/<uuid:enrolment_id>/entries",
    "enrolments:read",
    "List a card’s entries",
    query=PageQuery,
    answer=EntryPage,
    example=Example(
        ids={"enrolment_id": ENROLMENT},
        query={"limit": "1"},
        answer={"data": [STAMPS], "next_cursor": "WyIyMDI2…"},
    ),
)
def entries(enrolment_id: UUID, query: PageQuery) -> EntryPage:
    enrolments.found(enrolment_id)
    rows, cursor = page(_selected().where(Row.enrolment_id == enrolment_id), [Row.occurred_at, Row.id], query)
    return EntryPage(data=_answers([tuple(row[:3]) for row in rows]), next_cursor=cursor)


@enrolments.resource.post(
    "/enrolments/<uuid:enrolment_id>/entries",
    "enrolments:write",
    "Give stamps",
    body=NewEntry,
    answer=Earned,
    status=201,
    refusals=(NotAStampCard, ledger.ProgramNotRunning, ledger.CooldownRunning, ledger.DailyCapReached),
    example=Example(
        ids={"enrolment_id": ENROLMENT},
        body={"units": 2, "location_id": LOCATION},
        answer={"entry": STAMPS, "balance": 6, "required": 10, "rewards_issued": []},
    ),
)
def earn(enrolment_id: UUID, body: NewEntry) -> Earned:
    enrolment = enrolments.found(enrolment_id)
    if db.session.get_one(Program, enrolment.program_id).kind != "stamp_card":
        raise NotAStampCard(_("Stamps are given on stamp cards; other programs earn by purchases."))
    locations.check(body.location_id)
    stamped = ledger.earn(
        enrolment.member_id,
        enrolment.program_id,
        body.units,
        actor=actor(),
        cause="api",
        location_id=body.location_id,
        request_key=request_key(),
        now=utcnow(),
        time_zone=g.merchant.time_zone,
    )
    opened = select(Row.reward_id).where(Row.cause_id == stamped.entry_id, Row.kind == "redeem")
    rewards = [reward_id for reward_id in db.session.scalars(opened.order_by(Row.id)) if reward_id]
    return Earned(
        entry=one(stamped.entry_id),
        balance=stamped.balance,
        required=stamped.required,
        rewards_issued=rewards,
    )


def one(entry_id: UUID) -> Entry:
    """An entry that is known to be there."""
    return _answers([tuple(db.session.execute(_selected().where(Row.id == entry_id)).one())])[0]


def actor() -> Actor:
    """The key as whoever does it."""
    return Actor("api", g.api_key.id, g.api_key.name)


def _selected() -> Select[*tuple[Any, ...]]:
    bought = aliased(Purchase)
    return (
        select(Row, ProgramVersion.number, bought)
        .join(ProgramVersion, ProgramVersion.id == Row.version_id)
        .outerjoin(bought, (bought.id == Row.cause_id) & (Row.cause == "purchase"))
    )


def _answers(rows: list[tuple[Any, ...]]) -> list[Entry]:
    lines = history.explained([row[0] for row in rows], g.merchant)
    return [_answer(*row, sentence=line.why) for row, line in zip(rows, lines, strict=True)]


def _answer(row: Row, version: int, bought: Purchase | None, *, sentence: str) -> Entry:
    stored = row.why or [{"code": _code(row), "params": {"units": row.units}}]
    why = Why(
        reasons=[Reason(code=one["code"], params=one.get("params", {})) for one in stored], sentence=sentence
    )
    names = ("id", "enrolment_id", "kind", "units", "actor_name", "location_id", "reward_id", "reverses_id")
    return Entry.model_construct(
        **{name: getattr(row, name) for name in names},
        why=why,
        program_version=version,
        amount=Money(amount_minor=bought.amount_minor, currency=bought.currency) if bought else None,
        actor=row.actor_kind,
        purchase_id=bought.id if bought else None,
        occurred_at=row.occurred_at,
    )


def _code(row: Row) -> str:
    if row.kind == "redeem":
        return "card_full"
    if row.kind == "reverse":
        return "card_reopened" if row.units > 0 else "undone"
    return CAUSES.get(row.cause, "stamped") if row.kind == "earn" else "corrected"
