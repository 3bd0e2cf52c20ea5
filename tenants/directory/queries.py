"""The member list of the console: filtered, sorted, page by page, with each member's cards."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select

from saas.db import db
from tenants.members.models import Member
from tenants.members.queries import Page, matches
from tenants.members.rules import compact
from tenants.programs.models import Enrolment, Program, ProgramVersion, Reward
from tenants.programs.rules import Terms

SIZE = 50
FILTERS = ("active", "away", "reward")
SORTS = {
    "seen": (Member.last_seen_at.desc().nulls_last(), Member.id.desc()),
    "name": (func.lower(Member.first_name), Member.id),
    "joined": (Member.joined_at.desc(), Member.id.desc()),
    "number": (Member.number,),
}


@dataclass(frozen=True)
class Wish:
    """What list is wanted: a text, one of FILTERS or none, one of SORTS. Unknown words count as not said."""

    text: str = ""
    filter: str = ""
    sort: str = "seen"

    @classmethod
    def of(cls, text: str, filter_: str, sort: str) -> Wish:
        return cls(
            text.strip()[:100], filter_ if filter_ in FILTERS else "", sort if sort in SORTS else "seen"
        )


@dataclass(frozen=True)
class Card:
    """A member's card: the program, its stamps, and the rewards that wait to be handed out."""

    program: str
    status: str
    terms: Terms
    balance: int
    ready: int


def page(wish: Wish, number: int, since: dt.datetime) -> Page:
    """One page of members; `since` is when the window of 30 days of "active" and "away" begins."""
    query = _wanted(wish, since)
    total = db.session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    number = min(max(number, 1), max(1, -(-total // SIZE)))
    ordered = query.order_by(*SORTS[wish.sort]).limit(SIZE).offset((number - 1) * SIZE)
    return Page(list(db.session.scalars(ordered)), number, SIZE, total)


def every(wish: Wish, since: dt.datetime) -> Iterator[Member]:
    """All members of the list, for the file."""
    query = _wanted(wish, since).order_by(*SORTS[wish.sort])
    yield from db.session.scalars(query.execution_options(yield_per=1000)).all()


def counts(since: dt.datetime) -> dict[str, int]:
    """How many members each filter finds, "" being all of them, in one statement."""
    columns = [func.count().label("all")]
    columns += [func.count().filter(_is(name, since)).label(name) for name in FILTERS]
    row = db.session.execute(select(*columns).select_from(Member)).one()
    return dict(zip(("", *FILTERS), row, strict=True))


def cards(member_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Card]]:
    """The cards of some members, archived programs left out unless a reward of theirs waits."""
    waiting = (
        select(func.count())
        .where(Reward.enrolment_id == Enrolment.id, Reward.status == "issued")
        .correlate(Enrolment)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Enrolment, Program.name, Program.status, ProgramVersion.terms, waiting)
        .join(Program, Program.id == Enrolment.program_id)
        .join(ProgramVersion, ProgramVersion.id == Enrolment.version_id)
        .where(Enrolment.member_id.in_(list(member_ids)), Program.kind == "stamp_card")
        .order_by(Program.created_at, Program.id)
    )
    found: dict[uuid.UUID, list[Card]] = {}
    for enrolment, name, status, terms, ready in rows:
        if status != "archived" or ready:
            found.setdefault(enrolment.member_id, []).append(
                Card(name, status, Terms.from_mapping(terms), enrolment.balance, ready)
            )
    return found


def _wanted(wish: Wish, since: dt.datetime) -> Select[Member]:
    query = select(Member)
    if wish.text:
        query = query.where(or_(matches(wish.text), *_begins(wish.text)))
    return query.where(_is(wish.filter, since)) if wish.filter else query


def _begins(text: str) -> list[ColumnElement[bool]]:
    """While it is being typed: an e-mail address or a member number that begins so, from three characters."""
    if len(text) < 3:
        return []
    return [
        func.lower(Member.email).startswith(text.lower(), autoescape=True),
        Member.number.startswith(compact(text), autoescape=True),
    ]


def _is(name: str, since: dt.datetime) -> ColumnElement[bool]:
    stamped = (
        select(Enrolment.id)
        .where(Enrolment.member_id == Member.id, Enrolment.last_earned_at >= since)
        .correlate(Member)
        .exists()
    )
    if name == "active":
        return stamped
    if name == "away":
        return ~stamped & (Member.joined_at < since)
    return (
        select(Reward.id)
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .where(Enrolment.member_id == Member.id, Reward.status == "issued")
        .correlate(Member)
        .exists()
    )
