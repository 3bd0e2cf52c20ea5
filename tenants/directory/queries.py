"""The member list of the console: filtered, sorted, page by page, with each member's cards."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from saas.db import db
from saas.db.planning import few_or_all
from tenants.members.models import NEVER, Member, Segment
from tenants.members.queries import has_tag, matches
from tenants.members.rules import compact
from tenants.programs.models import Enrolment, Program, ProgramVersion, Reward
from tenants.programs.rules import Terms
from tenants.segments import queries as segments
from tenants.segments.queries import When

WINDOW = 30
UUID_SHAPE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SIZE = 50
COUNTED = 1_000
MANY = 10_000  # members of a segment that are named by their keys
FILTERS = ("active", "away", "reward")
SEEN = func.coalesce(Member.last_seen_at, literal(NEVER, DateTime(timezone=True), literal_execute=True))
SORTS: dict[str, tuple[tuple[Any, ...], bool]] = {  # what it goes by, and whether the highest comes first
    "seen": ((SEEN, Member.id), True),
    "name": ((Member.sort_name, Member.id), False),
    "joined": ((Member.joined_at, Member.id), True),
    "number": ((Member.number,), False),
}


@dataclass(frozen=True)
class Wish:
    """What list is wanted: a text, one of FILTERS or none, a tag, a segment, one of SORTS. Unknown words count as not
    said."""

    text: str = ""
    filter: str = ""
    tag: str = ""
    segment: str = ""
    sort: str = "seen"

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Wish:
        """The wish of an address or a form."""
        text, tag, segment = (asked.get(name, "").strip()[:100] for name in ("q", "tag", "segment"))
        show, sort = asked.get("show", ""), asked.get("sort", "")
        is_id = UUID_SHAPE.fullmatch(segment) is not None
        return cls(
            text,
            show if show in FILTERS else "",
            tag,
            segment if is_id else "",
            sort if sort in SORTS else "seen",
        )

    @property
    def asked(self) -> dict[str, str]:
        """The wish as an address says it."""
        pairs = {"q": self.text, "show": self.filter, "tag": self.tag, "segment": self.segment}
        pairs["sort"] = self.sort if self.sort != "seen" else ""
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class Page:
    """Some members in the list's order, and the ids from which the pages beside it begin."""

    items: list[Member]
    before: uuid.UUID | None
    after: uuid.UUID | None


@dataclass(frozen=True)
class Card:
    """A member's card: the program, its stamps, and the rewards that wait to be handed out."""

    program: str
    status: str
    terms: Terms
    balance: int
    ready: int


def page(
    wish: Wish, found: Select[Any], after: uuid.UUID | None = None, before: uuid.UUID | None = None
) -> Page:
    """Of the members found, those after one of them, or before it, in the wanted order; else the first ones."""
    columns, is_falling = SORTS[wish.sort]
    place = tuple_(*columns)
    start = after or before
    mark = db.session.execute(select(*columns).where(Member.id == start)).one_or_none() if start else None
    forwards = [column.desc() if is_falling else column for column in columns]
    if mark is None or start is None:
        rows = list(db.session.scalars(found.order_by(*forwards).limit(SIZE + 1)))
        return Page(rows[:SIZE], None, rows[SIZE - 1].id if len(rows) > SIZE else None)
    at = tuple_(*mark)
    if after:
        further = found.where(place < at if is_falling else place > at).order_by(*forwards)
        rows = list(db.session.scalars(further.limit(SIZE + 1)))
        items, has_more = rows[:SIZE], len(rows) > SIZE
        return Page(items, items[0].id if items else start, items[-1].id if has_more else None)
    backwards = [column if is_falling else column.desc() for column in columns]
    nearer = found.where(place > at if is_falling else place < at).order_by(*backwards)
    rows = list(db.session.scalars(nearer.limit(SIZE + 1)))
    items = rows[:SIZE][::-1]
    if not items:
        return page(wish, found)
    return Page(items, items[0].id if len(rows) > SIZE else None, items[-1].id)


def wanted(wish: Wish, when: When) -> Select[Any]:
    """The members of a list, for its page and for its count."""
    return select(Member).where(condition(wish, when, is_page=True))


def every(wish: Wish, when: When) -> Iterator[Member]:
    """All members of the list, for the file."""
    columns, is_falling = SORTS[wish.sort]
    ordered = (
        select(Member)
        .where(condition(wish, when))
        .order_by(*(column.desc() if is_falling else column for column in columns))
    )
    yield from db.session.scalars(ordered.execution_options(yield_per=1000))


def counts(when: When) -> dict[str, int]:
    """How many members each filter finds, "" being all of them, each counted to COUNTED + 1 at most."""
    return {name: count(wanted(Wish(filter=name), when)) for name in ("", *FILTERS)}


def count(query: Select[Any]) -> int:
    """How many members are found, counted to COUNTED + 1 at most."""
    some = query.with_only_columns(Member.id).limit(COUNTED + 1).subquery()
    return db.session.execute(select(func.count()).select_from(some)).scalar_one()


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


def condition(wish: Wish, when: When, is_page: bool = False) -> ColumnElement[bool]:
    """Which members a list holds; `is_page` where no more than a page of them is read: to count the visits of all takes
    all entries, and is done once, but the first of many are found by asking each for their own."""
    tests: list[ColumnElement[bool]] = [true()]
    if wish.text:
        tests.append(few_or_all(Member.id, or_(matches(wish.text), *_begins(wish.text))))
    if wish.filter:
        tests.append(_is(wish.filter, when.days_ago(WINDOW - 1)))
    if wish.tag:
        tests.append(has_tag(wish.tag))
    if wish.segment:
        segment = db.session.get(Segment, uuid.UUID(wish.segment))
        terms = segments.terms_of(segment) if segment else None
        others, test = list(tests), segments.holds(terms, when) if terms else false()
        tests.append(test)
        if terms and terms.asks_visits and is_page:
            each = and_(*others, segments.holds(terms, when, Member.id))
            return few_or_all(Member.id, and_(*tests), MANY, otherwise=each)
    return and_(*tests)


def _begins(text: str) -> list[ColumnElement[bool]]:
    """While it is being typed: an e-mail address or a member number that begins so, from three characters."""
    if len(text) < 3:
        return []
    return [
        func.lower(Member.email).startswith(text.lower(), autoescape=True),
        Member.number.startswith(compact(text), autoescape=True),
    ]


def _is(name: str, since: dt.datetime) -> ColumnElement[bool]:
    if name == "active":
        return since <= SEEN
    if name == "away":
        return (since > SEEN) & (Member.joined_at < since)
    waiting = select(Enrolment.member_id).join(Reward, Reward.enrolment_id == Enrolment.id)
    return Member.id.in_(waiting.where(Reward.status == "issued"))
