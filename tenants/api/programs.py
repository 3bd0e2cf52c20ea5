"""Programs at the API: written as drafts, published, paused, archived."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from flask import g
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import select

from saas.billing.entitlements import OverLimit
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from tenants.api.cursors import page
from tenants.api.example_ids import ARCHIVED, DRAFT, PAUSED, PROGRAM
from tenants.api.operation import Example, Resource
from tenants.api.schemas import ONE_LINE, ONE_LINE_OR_NONE, Answer, Body, Moment, Money, PageQuery
from tenants.api.words import MOST_FAULTS, of_engine
from tenants.engine.mapping import Problem
from tenants.programs import operations, queries
from tenants.programs.models import Program as Row
from tenants.programs.rules import MAX_REQUIRED, MAX_UNITS
from tenants.programs.rules import Terms as Values
from tenants.programs.terms import faults, in_force_at

resource = Resource(
    "programs",
    "Programs",
    "Stamp cards, points, cashback, tiers and bonuses: written as a draft, then published as a version. Cards under "
    "way keep the version they began with.",
)
Kind = Literal["stamp_card", "points", "cashback", "tiers", "bonus"]
Status = Literal["draft", "published", "paused", "archived"]
Icon = Literal[
    "coffee", "cup", "bread", "ice-cream", "flower", "car", "shoe", "scissors", "pizza", "burger", "book", "paw",
    "dumbbell", "star", "heart", "bolt",
]  # fmt: skip
Text = Annotated[str, Field(min_length=1, max_length=120), ONE_LINE]


class Card(Body, Answer):
    """What a stamp card promises: `required` stamps become the reward."""

    headline: Text
    required: Annotated[int, Field(ge=1, le=MAX_REQUIRED)]
    reward_name: Text
    reward_note: Annotated[str, Field(max_length=200), ONE_LINE_OR_NONE] = ""
    icon: Icon = "coffee"
    earn_by: Annotated[Literal["visit", "item", "amount"], Field(description="What a stamp stands for.")] = (
        "visit"
    )
    amount_step: Annotated[
        Money | None, Field(description="How much is spent for a stamp; needed for, and only for, `amount`.")
    ] = None
    cooldown_minutes: Annotated[
        int, Field(ge=0, le=10_080, description="Between two stamps of one member.")
    ] = 0
    daily_cap: Annotated[int, Field(ge=0, le=MAX_UNITS, description="Stamps a day at most; 0: no cap.")] = 0


class Terms(Body, Answer):
    """What a program promises: a stamp card says it in `card`, other kinds in `engine`."""

    card: Annotated[Card | None, Field(description="For, and only for, a stamp card.")] = None
    engine: Annotated[
        dict[str, Any] | None,
        Field(description="Rules, multipliers, occasions, rewards, tiers, expiry: what purchases count by."),
    ] = None
    words: Annotated[
        dict[str, Any] | None, Field(description="Headline, unit, icon, and the names of rewards and tiers.")
    ] = None


class Program(Answer):
    """A program. `terms` are in force, null before it was published; `draft` is what publishing puts in force."""

    id: UUID
    kind: Kind
    name: str
    status: Status
    version: Annotated[int, Field(description="Of the terms in force; 0 before there are any.")]
    terms: Terms | None
    draft: Terms
    created_at: Moment
    updated_at: Moment


class ProgramPage(Answer):
    """Programs, the newest first."""

    data: list[Program]
    next_cursor: str | None


class ProgramQuery(PageQuery):
    """Which programs."""

    status: Status | None = None


class NewProgram(Body):
    """A program, kept as a draft: nobody sees it before it is published."""

    kind: Kind = "stamp_card"
    name: Text
    terms: Terms


class ProgramChange(Body):
    """Another name, which counts at once, or other terms, which count when they are published."""

    name: Text = ""
    terms: Terms | None = None


COFFEE: dict[str, Any] = {
    "headline": "Your 11th coffee is on us",
    "required": 10,
    "reward_name": "Free coffee",
    "reward_note": "Any size",
    "icon": "coffee",
    "earn_by": "visit",
    "amount_step": None,
    "cooldown_minutes": 0,
    "daily_cap": 0,
}
PROMISED: dict[str, Any] = {"card": COFFEE, "engine": None, "words": None}
CARD: dict[str, Any] = {
    "id": PROGRAM,
    "kind": "stamp_card",
    "name": "Coffee card",
    "status": "published",
    "version": 1,
    "terms": PROMISED,
    "draft": PROMISED,
    "created_at": "2026-10-01T07:00:00Z",
    "updated_at": "2026-10-01T07:05:00Z",
}
SPENT = {
    **COFFEE,
    "headline": "A stamp for every €10",
    "earn_by": "amount",
    "amount_step": {"amount_minor": 1000, "currency": "EUR"},
}
BY_AMOUNT: dict[str, Any] = {"card": SPENT, "engine": None, "words": None}
DRAFTED = {
    **CARD,
    "id": DRAFT,
    "name": "Lunch card",
    "status": "draft",
    "version": 0,
    "terms": None,
    "draft": BY_AMOUNT,
}
VERBS = (operations.ProgramArchived, operations.NothingPublished)


@resource.get(
    "/programs",
    "programs:read",
    "List programs",
    query=ProgramQuery,
    answer=ProgramPage,
    example=Example(query={"status": "published"}, answer={"data": [CARD], "next_cursor": None}),
)
def index(query: ProgramQuery) -> ProgramPage:
    statement = select(Row)
    if query.status is not None:
        statement = statement.where(Row.status == query.status)
    rows, cursor = page(statement, [Row.id], query)
    return ProgramPage(data=[_answer(row[0]) for row in rows], next_cursor=cursor)


@resource.get(
    "/programs/<uuid:program_id>",
    "programs:read",
    "Get a program",
    answer=Program,
    example=Example(ids={"program_id": PROGRAM}, answer=CARD),
)
def get(program_id: UUID) -> Program:
    return _answer(queries.found(program_id))


@resource.post(
    "/programs",
    "programs:write",
    "Write a program as a draft",
    body=NewProgram,
    answer=Program,
    status=201,
    example=Example(
        body={
            "name": "Lunch card",
            "terms": {
                "card": {
                    "headline": "A stamp for every €10",
                    "required": 10,
                    "reward_name": "Free coffee",
                    "earn_by": "amount",
                    "amount_step": {"amount_minor": 1000, "currency": "EUR"},
                }
            },
        },
        answer={**DRAFTED, "draft": {**BY_AMOUNT, "card": {**SPENT, "reward_note": ""}}},
    ),
)
def create(body: NewProgram) -> Program:
    mapping = _mapping(body.kind, body.terms)
    return _answer(operations.create_of_kind(body.kind, body.name, mapping, utcnow()))


@resource.patch(
    "/programs/<uuid:program_id>",
    "programs:write",
    "Change a program’s draft",
    body=ProgramChange,
    answer=Program,
    refusals=(operations.ProgramArchived,),
    example=Example(
        ids={"program_id": DRAFT}, body={"terms": {"card": COFFEE}}, answer={**DRAFTED, "draft": PROMISED}
    ),
)
def update(program_id: UUID, body: ProgramChange) -> Program:
    row = queries.found(program_id)
    mapping = _mapping(row.kind, body.terms, row.id) if body.terms else row.draft
    return _answer(operations.write_draft(program_id, body.name or row.name, mapping, utcnow()))


@resource.post(
    "/programs/<uuid:program_id>/publication",
    "programs:write",
    "Publish a program",
    answer=Program,
    refusals=(operations.ProgramArchived, operations.TermsInvalid, OverLimit),
    example=Example(ids={"program_id": DRAFT}, answer={**CARD, "id": DRAFT, "name": "Lunch card"}),
)
def publish(program_id: UUID) -> Program:
    operations.publish(program_id, g.api_key.name, utcnow(), g.merchant)
    return get(program_id)


@resource.post(
    "/programs/<uuid:program_id>/pause",
    "programs:write",
    "Pause a program",
    answer=Program,
    refusals=VERBS,
    example=Example(ids={"program_id": PROGRAM}, answer={**CARD, "status": "paused"}),
)
def pause(program_id: UUID) -> Program:
    return _answer(operations.pause(program_id, utcnow(), g.merchant))


@resource.post(
    "/programs/<uuid:program_id>/resumption",
    "programs:write",
    "Resume a paused program",
    answer=Program,
    refusals=(*VERBS, OverLimit),
    example=Example(ids={"program_id": PAUSED}, answer={**CARD, "id": PAUSED}),
)
def resume(program_id: UUID) -> Program:
    return _answer(operations.resume(program_id, utcnow(), g.merchant))


@resource.post(
    "/programs/<uuid:program_id>/archive",
    "programs:write",
    "Archive a program",
    answer=Program,
    example=Example(ids={"program_id": PROGRAM}, answer={**CARD, "status": "archived"}),
)
def archive(program_id: UUID) -> Program:
    return _answer(operations.archive(program_id, utcnow(), g.merchant))


@resource.post(
    "/programs/<uuid:program_id>/restoration",
    "programs:write",
    "Bring an archived program back",
    answer=Program,
    example=Example(ids={"program_id": ARCHIVED}, answer={**CARD, "id": ARCHIVED, "status": "paused"}),
)
def restore(program_id: UUID) -> Program:
    return _answer(operations.restore(program_id, utcnow()))


def _mapping(kind: str, terms: Terms, program_id: UUID | None = None) -> dict[str, Any]:
    """The terms as programs keep them, beside the other programs in force; raises Invalid with every fault."""
    known = {"engine": terms.engine, "words": terms.words}
    mapping: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    if (kind == "stamp_card") != (terms.card is not None):
        words = _("A stamp card needs this, and only a stamp card has it.")
        raise Invalid([Fault(words, "not_of_this_kind", pointer="/terms/card")])
    if terms.card is not None:
        mapping |= _card_values(terms.card).to_mapping()
    others = [one for one in in_force_at(utcnow(), g.merchant.currency) if one.id != str(program_id)]
    if problems := faults(kind, mapping, others):
        raise Invalid([_fault(problem) for problem in problems[:MOST_FAULTS]])
    return mapping


def _fault(problem: Problem) -> Fault:
    is_whole = problem.path.partition(".")[0] in ("engine", "words")
    return of_engine(problem, "terms") if is_whole else of_engine(problem, "terms", "card")


def _card_values(card: Card) -> Values:
    """A card as programs keep it; raises Invalid where the amount for a stamp doesn't fit."""
    step, is_needed = card.amount_step, card.earn_by == "amount"
    place = "/terms/card/amount_step"
    if is_needed and (step is None or step.amount_minor == 0):
        raise Invalid([Fault(_("Say how much someone spends for one stamp."), "missing", pointer=place)])
    if step is not None and not is_needed:
        raise Invalid([Fault(_("Only a card by amount has this."), "not_by_amount", pointer=place)])
    if step is not None and step.currency != g.merchant.currency:
        words = _("This shop’s currency is %(currency)s.", currency=g.merchant.currency)
        raise Invalid([Fault(words, "other_currency", pointer=f"{place}/currency")])
    values = card.model_dump(exclude={"amount_step"})
    return Values(**values, amount_step_minor=step.amount_minor if step else 0)


def _terms(kind: str, mapping: dict[str, Any]) -> Terms:
    engine, words = mapping.get("engine"), mapping.get("words")
    card = _card(Values.from_mapping(mapping)) if kind == "stamp_card" else None
    return Terms.model_construct(card=card, engine=engine, words=words)


def _card(values: Values) -> Card:
    known = values.to_mapping()
    step = known.pop("amount_step_minor")
    money = Money(amount_minor=step, currency=g.merchant.currency) if values.earn_by == "amount" else None
    return Card.model_construct(**known, amount_step=money)


def _answer(row: Row) -> Program:
    version = queries.in_force(row)
    return Program.model_construct(
        id=row.id,
        kind=row.kind,
        name=row.name,
        status=row.status,
        version=row.version_number,
        terms=_terms(row.kind, version.terms) if version else None,
        draft=_terms(row.kind, row.draft),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
