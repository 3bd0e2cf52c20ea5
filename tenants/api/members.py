"""Members at the API: list and search, get, add, change."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import abort, g
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from saas.db import db
from saas.db.planning import few_or_all
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from saas.web.refusals import Conflict
from tenants.api.cursors import page
from tenants.api.example_ids import MEMBER
from tenants.api.operation import Example, Resource
from tenants.api.schemas import ONE_LINE, Answer, Body, Email, Language, Moment, PageQuery
from tenants.members import operations, rules, tagging
from tenants.members.contacts import phone_number
from tenants.members.models import Member as Row
from tenants.members.queries import has_tag, matches
from tenants.members.rules import normalise
from tenants.programs.enrolments import enrol
from tenants.units import occasions

resource = Resource(
    "members", "Members", "People with a card. A new member gets a card in every published program."
)
Phone = Annotated[
    str, Field(min_length=1, max_length=40, description="As people of the shop’s country write it.")
]
ExternalId = Annotated[
    str, Field(min_length=1, max_length=80, description="Your own id of this person, once a shop."), ONE_LINE
]


Tags = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=tagging.LONGEST_TAG)]],
    Field(
        max_length=tagging.MOST_TAGS,
        description="The shop’s own words, in small letters; segments ask for them.",
    ),
]
Birthday = Annotated[
    str,
    Field(pattern=r"^([0-9]{4}|-)-[0-9]{2}-[0-9]{2}$", description="1990-05-04; --05-04 without the year."),
]


class ExternalIdTaken(Conflict):
    """Another member has this external_id already."""


class Member(Answer):
    """A person with a card."""

    id: UUID
    number: Annotated[str, Field(description="Eight characters; what a member shows or says at the counter.")]
    first_name: str
    email: str | None
    phone: Annotated[str | None, Field(description="E.164.")]
    language: Language
    birthday: Birthday | None
    tags: list[str]
    external_id: str | None
    source: Literal["card", "counter", "console", "import", "api"]
    joined_at: Moment
    last_seen_at: Moment | None


class MemberPage(Answer):
    """Members, those added last first."""

    data: list[Member]
    next_cursor: str | None


class MemberQuery(PageQuery):
    """Which members: all conditions hold together."""

    q: Annotated[
        str | None,
        Field(
            max_length=100, description="A number, phone or e-mail address, or how a word of the name begins."
        ),
    ] = None
    number: Annotated[
        str | None, Field(max_length=40, description="A member number, as scanned or typed.")
    ] = None
    email: Annotated[str | None, Field(max_length=254)] = None
    external_id: Annotated[str | None, Field(max_length=80)] = None
    tag: Annotated[str | None, Field(max_length=tagging.LONGEST_TAG)] = None


class NewMember(Body):
    """A member to add."""

    first_name: Annotated[str, Field(min_length=1, max_length=120), ONE_LINE]
    email: Email | None = None
    phone: Phone | None = None
    language: Annotated[Language | None, Field(description="The shop’s where it is not said.")] = None
    birthday: Birthday | None = None
    tags: Tags = Field(default_factory=list)
    external_id: ExternalId | None = None


class MemberChange(Body):
    """What to change; what is not sent stays, null takes away."""

    first_name: Annotated[str, Field(min_length=1, max_length=120), ONE_LINE] = ""
    email: Email | None = None
    phone: Phone | None = None
    language: Language = "en"
    birthday: Birthday | None = None
    tags: Tags = Field(default_factory=list)
    external_id: ExternalId | None = None


ELENI = {
    "id": MEMBER,
    "number": "8F3KQ2W9",
    "first_name": "Eleni",
    "email": "eleni@mail.example",
    "phone": "+302101234567",
    "language": "el",
    "birthday": "1990-05-04",
    "tags": ["regular"],
    "external_id": "till-1042",
    "source": "api",
    "joined_at": "2026-11-02T09:30:00Z",
    "last_seen_at": "2026-11-20T08:12:44Z",
}


@resource.get(
    "/members",
    "members:read",
    "List and search members",
    query=MemberQuery,
    answer=MemberPage,
    example=Example(query={"q": "ele", "limit": "10"}, answer={"data": [ELENI], "next_cursor": None}),
)
def index(query: MemberQuery) -> MemberPage:
    statement = select(Row)
    if query.q and query.q.strip():
        statement = statement.where(few_or_all(Row.id, matches(_storable(query.q))))
    if query.number is not None:
        statement = statement.where(Row.number == (normalise(query.number) or ""))
    if query.email is not None:
        statement = statement.where(func.lower(Row.email) == _storable(query.email).strip().lower())
    if query.external_id is not None:
        statement = statement.where(Row.external_id == _storable(query.external_id))
    if query.tag is not None:
        statement = statement.where(has_tag(_storable(query.tag).strip().lower()))
    rows, cursor = page(statement, [Row.id], query)
    return MemberPage(data=[_answer(row[0]) for row in rows], next_cursor=cursor)


@resource.get(
    "/members/<uuid:member_id>",
    "members:read",
    "Get a member",
    answer=Member,
    example=Example(ids={"member_id": MEMBER}, answer=ELENI),
)
def get(member_id: UUID) -> Member:
    return _answer(found(member_id))


@resource.post(
    "/members",
    "members:write",
    "Add a member",
    body=NewMember,
    answer=Member,
    status=201,
    refusals=(ExternalIdTaken,),
    example=Example(
        body={"first_name": "Nikos", "phone": "210 987 6543", "external_id": "till-1043"},
        answer={
            **ELENI,
            "id": str(uuid.UUID(MEMBER)).replace("4b01", "4c11"),
            "number": "2HX7M4TZ",
            "first_name": "Nikos",
            "email": None,
            "phone": "+302109876543",
            "birthday": None,
            "tags": [],
            "external_id": "till-1043",
            "last_seen_at": None,
        },
    ),
)
def create(body: NewMember) -> Member:
    now = utcnow()
    row = operations.join(
        first_name=body.first_name,
        email=body.email,
        phone=_phone(body.phone),
        language=body.language or g.merchant.language,
        source="api",
        consent_text=None,
        now=now,
        birthday=_birthday(body.birthday),
    )
    _give(row, {"external_id": body.external_id, "tags": _tags(body.tags)})
    enrol(row.id, now)
    occasions.welcome(row.id, g.merchant, now)
    return _answer(row)


@resource.patch(
    "/members/<uuid:member_id>",
    "members:write",
    "Change a member",
    body=MemberChange,
    answer=Member,
    refusals=(ExternalIdTaken,),
    example=Example(
        ids={"member_id": MEMBER},
        body={"language": "sv", "phone": None},
        answer={**ELENI, "language": "sv", "phone": None},
    ),
)
def update(member_id: UUID, body: MemberChange) -> Member:
    row, sent = found(member_id), body.model_dump(exclude_unset=True)
    if "phone" in sent:
        sent["phone"] = _phone(body.phone)
    if "tags" in sent:
        sent["tags"] = _tags(body.tags)
    if "birthday" in sent:
        sent |= {"birthday": _birthday(body.birthday), "birthday_at": utcnow()}
    _give(row, sent)
    return _answer(row)


def found(member_id: UUID) -> Row:
    """The member; a missing or foreign one is 404."""
    return db.session.get(Row, member_id) or abort(404)


def _give(row: Row, values: dict[str, Any]) -> None:
    """Write the values; an external id that somebody else has raises ExternalIdTaken."""
    try:
        with db.session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != "23505":
            raise
        raise ExternalIdTaken(_("Another member has this external_id already.")) from None


def _phone(text: str | None) -> str | None:
    if text is None:
        return None
    number = phone_number(text, g.merchant.country)
    if number is None:
        raise Invalid([Fault(_("This is not a phone number, please check it."), "phone", pointer="/phone")])
    return number


def _birthday(text: str | None) -> dt.date | None:
    if text is None:
        return None
    year, month, day = text.replace("--", "0-", 1).split("-") if text.startswith("--") else text.split("-")
    today = utcnow().astimezone(ZoneInfo(g.merchant.time_zone)).date()
    found = rules.birthday(int(day), int(month), int(year) or None, today)
    if found is None:
        raise Invalid([Fault(_("There is no such birthday."), "birthday", pointer="/birthday")])
    return found


def _tags(texts: list[str]) -> list[str]:
    """Tags as they are kept, each once; raises Invalid."""
    kept: dict[str, None] = {}
    for index, text in enumerate(texts):
        try:
            kept[tagging.clean(text)] = None
        except tagging.BadTag as bad:
            raise Invalid([Fault(str(bad), "bad_tag", pointer=f"/tags/{index}")]) from None
    for tag in kept:
        tagging.remember(tag, utcnow())
    return list(kept)


def _answer(row: Row) -> Member:
    names = Member.model_fields.keys() - {"birthday"}
    born = row.birthday
    said = None
    if born is not None:
        said = born.isoformat() if rules.birth_year(born) else f"--{born:%m-%d}"
    return Member.model_construct(**{name: getattr(row, name) for name in names}, birthday=said)


def _storable(text: str) -> str:
    """What is looked for, without the one character that PostgreSQL can't be asked about."""
    return text.replace("\x00", "")
