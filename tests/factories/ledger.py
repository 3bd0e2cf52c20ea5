"""Programs, members and stamps for tests, made by the operations themselves."""

from __future__ import annotations

import datetime as dt
import uuid

from saas.db import db, new_id
from saas.web.clock import utcnow
from tenants.members import operations as members
from tenants.members.models import Member
from tenants.programs import ledger
from tenants.programs.enrolments import enrol
from tenants.programs.ledger import Actor
from tenants.programs.models import Program, ProgramVersion
from tenants.programs.rules import Terms

CASHIER = Actor("staff", uuid.UUID(int=1), "Casey")


def stamp_card(required: int = 10, *, name: str = "Coffee card", **terms: object) -> Program:
    """A published stamp card."""
    now = utcnow()
    values = Terms(
        headline="Your next coffee is on us",
        required=required,
        reward_name="Free coffee",
        **terms,  # type: ignore[arg-type]  # terms of the test's own choice
    ).to_mapping()
    program = Program(
        id=new_id(),
        name=name,
        status="published",
        draft=values,
        version_number=1,
        created_at=now,
        updated_at=now,
    )
    db.session.add(program)
    db.session.flush()
    db.session.add(
        ProgramVersion(
            program_id=program.id, number=1, terms=values, published_at=now, published_by="Owner of Bakery"
        )
    )
    db.session.flush()
    return program


def member(first_name: str = "Eleni", *, email: str | None = None, phone: str | None = None) -> Member:
    """A member with a card in every published program."""
    now = utcnow()
    joined = members.join(
        first_name=first_name,
        email=email,
        phone=phone,
        language="en",
        source="card",
        consent_text=None,
        now=now,
    )
    enrol(joined.id, now)
    return joined


def stamp(
    member_id: uuid.UUID, program_id: uuid.UUID, units: int = 1, *, at: dt.datetime | None = None
) -> ledger.Stamped:
    """Stamps given at the counter, whatever cool-down or cap says."""
    return ledger.earn(
        member_id,
        program_id,
        units,
        actor=CASHIER,
        cause="member_code",
        request_key=uuid.uuid4().hex,
        now=at or utcnow(),
        is_limited=False,
    )
