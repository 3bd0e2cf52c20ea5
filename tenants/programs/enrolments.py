"""Taking part: a member's card in each program that runs."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from tenants.programs.models import Enrolment, Program, ProgramVersion


def enrol(member_id: uuid.UUID, now: dt.datetime) -> None:
    """Give a member a card in every published program that they have none in; may be repeated and run twice at once."""
    running = db.session.execute(
        select(Program.id, ProgramVersion.id)
        .join(
            ProgramVersion,
            (ProgramVersion.program_id == Program.id) & (ProgramVersion.number == Program.version_number),
        )
        .where(Program.status == "published", Program.frozen_at.is_(None))
    ).all()
    if not running:
        return
    rows = [
        {
            "id": new_id(),
            "program_id": program_id,
            "member_id": member_id,
            "version_id": version_id,
            "balance": 0,
            "created_at": now,
        }
        for program_id, version_id in running
    ]
    db.session.execute(insert(Enrolment).values(rows).on_conflict_do_nothing())
