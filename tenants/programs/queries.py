"""Reading programs: those that run, the list with its counts, one with its versions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import abort
from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import aliased

from saas.db import db
from tenants.programs import rules
from tenants.programs.models import Enrolment, Entry, Program, ProgramVersion
from tenants.programs.rules import Terms

SHELVES = {"published": 0, "paused": 1, "draft": 2, "archived": 3}


@dataclass(frozen=True)
class Line:
    """One program of the list. `stored` are the terms in force, or the draft's before there are any."""

    id: UUID
    kind: str
    name: str
    status: str
    version_number: int
    stored: dict[str, Any]
    has_changes: bool
    members: int
    stamps: int

    @property
    def words(self) -> dict[str, Any]:
        """Where the headline and the picture stand."""
        return self.stored if self.kind == "stamp_card" else self.stored.get("words", {})


@dataclass(frozen=True)
class Change:
    """What publishing would change, and whether cards under way move to the new terms."""

    before: Terms
    after: Terms
    is_better: bool

    @property
    def fields(self) -> list[str]:
        old, new = self.before.to_mapping(), self.after.to_mapping()
        found = [name for name in new if new[name] != old[name]]
        return [*found, "promise"] if self.before.promise != self.after.promise else found


def running() -> list[tuple[Program, ProgramVersion, Terms]]:
    """Stamp cards that run now, with the version in force: those that take newcomers first, each oldest first."""
    rows = db.session.execute(
        select(Program, ProgramVersion)
        .join(ProgramVersion, _is_in_force())
        .where(Program.status == "published", Program.kind == "stamp_card")
        .order_by(Program.frozen_at.is_not(None), Program.created_at, Program.id)
    )
    return [(program, version, Terms.from_mapping(version.terms)) for program, version in rows]


def offered() -> list[tuple[Program, ProgramVersion, Terms]]:
    """Those of running() that newcomers get a card of: not frozen."""
    return [row for row in running() if row[0].frozen_at is None]


def listed(now: dt.datetime) -> list[Line]:
    """Every program with its members and the units earned in 30 days (undone ones left out), in one query."""
    undoing = aliased(Entry)
    members = (
        select(Enrolment.program_id, func.count().label("members")).group_by(Enrolment.program_id).subquery()
    )
    stamps = (
        select(Enrolment.program_id, func.sum(Entry.units).label("stamps"))
        .join(Entry, Entry.enrolment_id == Enrolment.id)
        .where(Entry.kind == "earn", Entry.occurred_at > now - dt.timedelta(days=30))
        .where(~exists().where(undoing.reverses_id == Entry.id))
        .group_by(Enrolment.program_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Program,
            ProgramVersion,
            func.coalesce(members.c.members, 0),
            func.coalesce(stamps.c.stamps, 0),
        )
        .outerjoin(ProgramVersion, _is_in_force())
        .outerjoin(members, members.c.program_id == Program.id)
        .outerjoin(stamps, stamps.c.program_id == Program.id)
        .order_by(case(SHELVES, value=Program.status), Program.created_at, Program.id)
    )
    return [_line(program, version, count, units) for program, version, count, units in rows]


def counts(program_id: UUID, now: dt.datetime) -> Line:
    """One line of the list."""
    return next(line for line in listed(now) if line.id == program_id)


def found(program_id: UUID) -> Program:
    """The program; a missing or foreign one is 404."""
    return db.session.get(Program, program_id) or abort(404)


def in_force(program: Program) -> ProgramVersion | None:
    """The version that new cards begin with, or None for a program never published."""
    return db.session.scalar(
        select(ProgramVersion).where(
            ProgramVersion.program_id == program.id, ProgramVersion.number == program.version_number
        )
    )


def versions(program_id: UUID) -> list[ProgramVersion]:
    """All that was ever published, newest first."""
    rows = db.session.scalars(
        select(ProgramVersion)
        .where(ProgramVersion.program_id == program_id)
        .order_by(ProgramVersion.number.desc())
    )
    return list(rows)


def change(program: Program) -> Change | None:
    """What publishing the draft would change, or None before anything is in force."""
    version = in_force(program)
    if version is None:
        return None
    before, after = Terms.from_mapping(version.terms), Terms.from_mapping(program.draft)
    return between(before, after)


def between(before: Terms, after: Terms) -> Change:
    """What differs between two stamp cards."""
    return Change(before, after, rules.is_better(after, before))


def terms_of(program: Program) -> Terms:
    """A stamp card's terms in force, or the draft's before there are any; another kind is 404."""
    if program.kind != "stamp_card":
        abort(404)
    version = in_force(program)
    return Terms.from_mapping(version.terms if version else program.draft)


def under_way(program_id: UUID) -> int:
    """How many cards hold at least one stamp."""
    statement = select(func.count()).where(Enrolment.program_id == program_id, Enrolment.balance > 0)
    return db.session.scalar(statement.select_from(Enrolment)) or 0


def _is_in_force() -> ColumnElement[bool]:
    return (ProgramVersion.program_id == Program.id) & (ProgramVersion.number == Program.version_number)


def _line(program: Program, version: ProgramVersion | None, members: int, stamps: int) -> Line:
    stored = version.terms if version else program.draft
    if version is not None and program.kind == "stamp_card":
        has_changes = Terms.from_mapping(stored) != Terms.from_mapping(program.draft)
    else:
        has_changes = version is not None and stored != program.draft
    return Line(
        id=program.id,
        kind=program.kind,
        name=program.name,
        status=program.status,
        version_number=program.version_number,
        stored=stored,
        has_changes=has_changes,
        members=members,
        stamps=int(stamps),
    )
