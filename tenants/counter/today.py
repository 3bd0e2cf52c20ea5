"""Today's list: everything that happened at the shop since midnight by its own clock."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, literal, null, select, union_all
from sqlalchemy.orm import aliased

from saas.db import db
from tenants.counter.queries import UNDOABLE, day_start
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry, Program, Reward


@dataclass(frozen=True)
class Line:
    """One line of today's list: an entry of the ledger, or a reward that was handed out."""

    id: uuid.UUID
    at: dt.datetime
    kind: str
    cause: str
    units: int
    member_id: uuid.UUID
    first_name: str
    number: str
    program: str
    reward: str | None
    actor_kind: str
    actor_id: uuid.UUID | None
    actor_name: str | None
    is_undone: bool

    @property
    def is_undoable(self) -> bool:
        return self.kind == "earn" and self.cause in UNDOABLE and not self.is_undone


@dataclass(frozen=True)
class Today:
    """A page of today's list, and the day in numbers."""

    lines: list[Line]
    number: int
    size: int
    total: int
    stamps: int
    members: int
    rewards: int
    prev_url: str | None = None
    next_url: str | None = None

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


def page_of(now: dt.datetime, zone: str, page: int = 1, size: int = 25) -> Today:
    """Everything that happened today in the merchant's time zone, newest first."""
    start = day_start(now, zone)
    both = union_all(_entries(start), _handed_out(start)).subquery()
    page = max(page, 1)
    total = db.session.scalar(select(func.count()).select_from(both)) or 0
    query = select(both).order_by(both.c.at.desc(), both.c.id.desc()).limit(size).offset((page - 1) * size)
    lines = [Line(**row) for row in db.session.execute(query).mappings()]
    stamps = and_(both.c.kind.in_(("earn", "reverse")), both.c.cause != "undo_full")
    sums = db.session.execute(
        select(
            func.coalesce(func.sum(both.c.units).filter(stamps), 0),
            func.count(both.c.member_id.distinct()),
            func.count().filter(both.c.kind == "handed_out"),
        )
    ).one()
    return Today(lines, page, size, total, int(sums[0]), int(sums[1]), int(sums[2]))


def _entries(start: dt.datetime) -> Select[Any]:
    undoing = aliased(Entry)
    is_undone = select(undoing.id).where(undoing.reverses_id == Entry.id).exists()
    columns = _columns(
        Entry.kind, Entry.cause, Entry.units, Entry.actor_kind, Entry.actor_id, Entry.actor_name
    )
    return (
        select(Entry.id, Entry.occurred_at.label("at"), *columns, is_undone.label("is_undone"))
        .join(Enrolment, Enrolment.id == Entry.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Program, Program.id == Enrolment.program_id)
        .outerjoin(Reward, Reward.id == Entry.reward_id)
        .where(Entry.occurred_at >= start)
    )


def _handed_out(start: dt.datetime) -> Select[Any]:
    columns = _columns(
        literal("handed_out"), literal(""), literal(0), literal("staff"), Reward.fulfilled_by, null()
    )
    return (
        select(Reward.id, Reward.fulfilled_at.label("at"), *columns, literal(False).label("is_undone"))
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Reward.fulfilled_at >= start)
    )


def _columns(*own: Any) -> list[Any]:
    names = ("kind", "cause", "units", "actor_kind", "actor_id", "actor_name")
    shared = (
        Enrolment.member_id,
        Member.first_name,
        Member.number,
        Program.name.label("program"),
        Reward.name.label("reward"),
    )
    return [*(column.label(name) for name, column in zip(names, own, strict=True)), *shared]
