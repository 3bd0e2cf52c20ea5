"""What happened at the shop, newest first: members who joined, stamps, undone stamps, rewards handed out.

Paged by where the last page ended, (moment, id), so that a page costs the same however far back it lies.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from saas.db import db
from saas.db.planning import few_or_all
from tenants.locations.models import Location
from tenants.members.models import Member
from tenants.members.queries import matches
from tenants.programs.models import Enrolment, Entry, Program, ProgramVersion, Reward

KINDS = ("stamp", "undone", "reward", "joined")
_ENTRY_KINDS = {"earn": "stamp", "reverse": "undone"}


@dataclass(frozen=True)
class Event:
    """One line. `text` names the program or reward; a stamp card then holds `balance` of `required` stamps."""

    at: dt.datetime
    id: uuid.UUID
    kind: str
    member_id: uuid.UUID
    member_name: str
    units: int
    text: str | None
    balance: int | None
    required: int | None
    location: str | None
    staff: str | None
    is_reversed: bool

    @property
    def cursor(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"


@dataclass(frozen=True)
class Position:
    """Where a page ended: only what is older is shown."""

    at: dt.datetime
    id: uuid.UUID

    @classmethod
    def parse(cls, text: str | None) -> Position | None:
        """A position from an address; None for whatever is none."""
        try:
            moment, _tilde, key = (text or "").partition("~")
            at = dt.datetime.fromisoformat(moment.replace(" ", "+"))
            return cls(at, uuid.UUID(key)) if at.tzinfo else None
        except ValueError:
            return None


def events(limit: int, *, kind: str = "", text: str = "", before: Position | None = None) -> list[Event]:
    """The newest events, of one kind and of members that match `text` where these are given."""
    arms, member = [], few_or_all(Member.id, matches(text)) if text.strip() else true()
    for name, arm in _ARMS.items():
        if kind and kind not in name:
            continue
        query, at, key = arm(kind)
        query = query.where(member)
        if before:
            query = query.where(tuple_(at, key) < tuple_(literal(before.at), literal(before.id)))
        arms.append(select(query.order_by(at.desc(), key.desc()).limit(limit).subquery()))
    both = union_all(*arms).subquery()
    rows = db.session.execute(select(both).order_by(both.c.at.desc(), both.c.id.desc()).limit(limit))
    return [Event(*row) for row in rows]


Arm = tuple[Select[Any], ColumnElement[dt.datetime], ColumnElement[uuid.UUID]]


def _entries(kind: str) -> Arm:
    wanted = [code for code, name in _ENTRY_KINDS.items() if not kind or name == kind]
    earlier, reversal = aliased(Entry), aliased(Entry)
    until = or_(
        earlier.occurred_at < Entry.occurred_at,
        and_(earlier.occurred_at == Entry.occurred_at, earlier.kind == "earn", earlier.id < Entry.id),
    )
    held = (
        select(func.coalesce(func.sum(earlier.units), 0))
        .where(earlier.enrolment_id == Entry.enrolment_id, until)
        .scalar_subquery()
    )
    required = ProgramVersion.terms["required"].as_integer()
    query = (
        select(
            Entry.occurred_at.label("at"),
            Entry.id.label("id"),
            case(_ENTRY_KINDS, value=Entry.kind).label("kind"),
            Member.id.label("member_id"),
            Member.first_name.label("member_name"),
            Entry.units.label("units"),
            Program.name.label("text"),
            cast(case((required.is_not(None), func.least(held + Entry.units, required))), Integer).label(
                "balance"
            ),
            required.label("required"),
            Location.name.label("location"),
            Entry.actor_name.label("staff"),
            select(reversal.id).where(reversal.reverses_id == Entry.id).exists().label("is_reversed"),
        )
        .join(Enrolment, Enrolment.id == Entry.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Program, Program.id == Enrolment.program_id)
        .join(ProgramVersion, ProgramVersion.id == Entry.version_id)
        .outerjoin(Location, Location.id == Entry.location_id)
        .where(Entry.kind.in_(wanted), Entry.cause != "undo_full")
    )
    return query, Entry.occurred_at, Entry.id  # type: ignore[return-value]  # an attribute is a column here


def _rewards(_kind: str) -> Arm:
    query = (
        select(
            Reward.fulfilled_at.label("at"),
            Reward.id.label("id"),
            literal("reward").label("kind"),
            *_member(),
            literal(0).label("units"),
            Reward.name.label("text"),
            *_no_balance(),
            Location.name.label("location"),
            cast(null(), String).label("staff"),
            literal(False).label("is_reversed"),
        )
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .outerjoin(Location, Location.id == Reward.location_id)
        .where(Reward.fulfilled_at.is_not(None))
    )
    return query, Reward.fulfilled_at, Reward.id  # type: ignore[return-value]  # never null by the condition above


def _joined(_kind: str) -> Arm:
    query = select(
        Member.joined_at.label("at"),
        Member.id.label("id"),
        literal("joined").label("kind"),
        *_member(),
        literal(0).label("units"),
        cast(null(), String).label("text"),
        *_no_balance(),
        cast(null(), String).label("location"),
        cast(null(), String).label("staff"),
        literal(False).label("is_reversed"),
    )
    return query, Member.joined_at, Member.id  # type: ignore[return-value]  # an attribute is a column here


def _member() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return Member.id.label("member_id"), Member.first_name.label("member_name")


def _no_balance() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return cast(null(), Integer).label("balance"), cast(null(), Integer).label("required")


_ARMS: dict[tuple[str, ...], Callable[[str], Arm]] = {
    ("stamp", "undone"): _entries,
    ("reward",): _rewards,
    ("joined",): _joined,
}
