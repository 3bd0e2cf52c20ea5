"""How a member stands in programs that aren't stamped by hand: points, cashback, the tier."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from saas.db import db
from tenants.programs import terms
from tenants.programs.models import Enrolment, Program, ProgramVersion
from tenants.programs.reasons import Speech


def of_member(member_id: uuid.UUID, currency: str) -> list[tuple[str, str]]:
    """Each running program's name with the balance or the tier in words; without a tier as yet it is left out."""
    rows = db.session.execute(
        select(Program.name, Program.kind, ProgramVersion.terms, Enrolment.balance, Enrolment.tier)
        .join(Enrolment, Enrolment.program_id == Program.id)
        .join(ProgramVersion, ProgramVersion.id == Enrolment.version_id)
        .where(Enrolment.member_id == member_id, Program.status == "published", Program.kind != "stamp_card")
        .order_by(Program.created_at, Program.id)
    )
    found = []
    for name, kind, stored, balance, tier in rows:
        if kind == "tiers":
            said = terms.tier_name(stored, tier) if tier else ""
        else:
            said = Speech(currency, kind, str(stored.get("words", {}).get("unit") or "")).units(balance)
        found += [(name, said)] if said else []
    return found
