"""Writing programs: draft, publish a version, pause, resume, archive and take back the archiving."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert

from saas.db import db
from saas.merchants.registry import Record
from saas.web.refusals import Refusal
from tenants.engine import programs as engine
from tenants.engine.mapping import Problem
from tenants.members.models import Member
from tenants.programs import allowance, queries, terms
from tenants.programs.models import Enrolment, Program, ProgramVersion
from tenants.programs.rules import Terms


class ProgramArchived(Refusal):
    """An archived program was to be changed."""


class TermsInvalid(Refusal):
    """Terms can't be published; `problems` name each fault by the path of its field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        paths = ", ".join(sorted({problem.path for problem in problems}))
        super().__init__(_("This can’t be published yet. Look at: %(paths)s.", paths=paths))
        self.problems = tuple(problems)


class NothingPublished(Refusal):
    """A program that never was published was to be paused or resumed."""


def create(name: str, card: Terms, now: dt.datetime) -> Program:
    """A new program as a draft; nobody sees it before it is published."""
    program = Program(name=name, draft=card.to_mapping(), created_at=now, updated_at=now)
    db.session.add(program)
    db.session.flush()
    return program


def create_of_kind(kind: str, name: str, mapping: Mapping[str, Any], now: dt.datetime) -> Program:
    """A new program of any kind as a draft, with its terms as terms.py stores them; checked when it is published."""
    program = Program(kind=kind, name=name, draft=dict(mapping), created_at=now, updated_at=now)
    db.session.add(program)
    db.session.flush()
    return program


def write_draft(program_id: UUID, name: str, mapping: Mapping[str, Any], now: dt.datetime) -> Program:
    """save_draft() for programs of any kind."""
    program = _locked(program_id)
    _refuse_archived(program)
    program.name, program.draft, program.updated_at = name, dict(mapping), now
    db.session.flush()
    return program


def save_draft(program_id: UUID, name: str, card: Terms, now: dt.datetime) -> Program:
    """Keep what is being written. The name changes at once, the terms when they are published."""
    program = _locked(program_id)
    _refuse_archived(program)
    program.name, program.draft, program.updated_at = name, card.to_mapping(), now
    db.session.flush()
    return program


def publish(
    program_id: UUID, actor_name: str, now: dt.datetime, merchant: Record | None = None
) -> ProgramVersion:
    """Put the draft in force as a new version, and give every member a card.

    Locks the program. A draft that equals the version in force makes no new one, so publishing twice is
    harmless; cards under way keep the version that they hold. Raises TermsInvalid, and OverLimit where `merchant`
    has a plan that holds no further program.
    """
    program = _one_more(program_id, merchant)
    _refuse_archived(program)
    version = _in_force(program)
    if problems := terms.faults(program.kind, program.draft, _others(program, now)):
        raise TermsInvalid(problems)
    if version is None or _as_stored(program, version.terms) != _as_stored(program, program.draft):
        program.version_number += 1
        version = ProgramVersion(
            program_id=program.id,
            number=program.version_number,
            terms=_as_stored(program, program.draft),
            published_at=now,
            published_by=actor_name[:120],
        )
        db.session.add(version)
    _set_status(program, "published", now)
    _enrol_everyone(program, version, now)
    return version


def pause(program_id: UUID, now: dt.datetime, merchant: Record | None = None) -> Program:
    """No stamps for now; rewards that are ready are still handed out, and a program that waited for a place of the
    plan may run. Raises NothingPublished for a draft."""
    program = _locked(program_id)
    _refuse_archived(program)
    if not program.version_number:
        raise NothingPublished(_("Publish this stamp card first: there is nothing to pause yet."))
    allowance.one_less(merchant)
    return _set_status(program, "paused", now)


def resume(program_id: UUID, now: dt.datetime, merchant: Record | None = None) -> Program:
    """Stamps again, also for members who joined meanwhile. Raises NothingPublished for a draft; OverLimit."""
    program = _one_more(program_id, merchant)
    _refuse_archived(program)
    version = _in_force(program)
    if version is None:
        raise NothingPublished(_("Publish this stamp card first: there is nothing to resume yet."))
    _set_status(program, "published", now)
    _enrol_everyone(program, version, now)
    return program


def archive(program_id: UUID, now: dt.datetime, merchant: Record | None = None) -> Program:
    """Put the program away; its cards, rewards and versions stay, and restore() brings it back. Another one that
    waited for a place of the plan may run."""
    allowance.one_less(merchant)
    return _set_status(_locked(program_id), "archived", now)


def restore(program_id: UUID, now: dt.datetime) -> Program:
    """Bring an archived program back as paused, or as a draft when it never was published."""
    program = _locked(program_id)
    if program.status != "archived":
        return program
    return _set_status(program, "paused" if program.version_number else "draft", now)


def _locked(program_id: UUID) -> Program:
    """The program under its row lock; a missing or foreign one is 404."""
    statement = select(Program).where(Program.id == program_id).with_for_update()
    program = db.session.scalar(statement.execution_options(populate_existing=True))
    if program is None:
        abort(404)
    return program


def _one_more(program_id: UUID, merchant: Record | None) -> Program:
    """The program under its lock, where it runs already or the plan holds one more: then all that run have a place,
    and it is frozen no longer. Raises OverLimit."""
    is_new = queries.found(program_id).status != "published"
    if is_new:
        allowance.require_one_more(merchant)
    program = _locked(program_id)
    if is_new:
        program.frozen_at = None
    return program


def _in_force(program: Program) -> ProgramVersion | None:
    return db.session.scalar(
        select(ProgramVersion).where(
            ProgramVersion.program_id == program.id, ProgramVersion.number == program.version_number
        )
    )


def _others(program: Program, now: dt.datetime) -> list[engine.Program]:
    return [other for other in terms.in_force_at(now, "") if other.id != str(program.id)]


def _as_stored(program: Program, mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Terms as a version keeps them: a stamp card with every field, whatever it was written by."""
    if program.kind != "stamp_card":
        return dict(mapping)
    flat = Terms.from_mapping(mapping).to_mapping()
    return {**flat, "engine": mapping["engine"]} if "engine" in mapping else flat


def _set_status(program: Program, status: str, now: dt.datetime) -> Program:
    if program.status != status:
        program.status, program.updated_at = status, now
    db.session.flush()
    return program


def _enrol_everyone(program: Program, version: ProgramVersion, now: dt.datetime) -> None:
    """A card for each member who has none, in one statement whatever the number of members; none while frozen."""
    if program.frozen_at is not None:
        return
    members = select(
        func.gen_random_uuid(), literal(program.id), Member.id, literal(version.id), literal(0), literal(now)
    )
    columns = ["id", "program_id", "member_id", "version_id", "balance", "created_at"]
    db.session.execute(insert(Enrolment).from_select(columns, members).on_conflict_do_nothing())


def _refuse_archived(program: Program) -> None:
    if program.status == "archived":
        raise ProgramArchived(_("This stamp card is archived. Bring it back first, then change it."))
