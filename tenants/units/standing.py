"""Where members stand in tier programs, and the review that ends the time a tier was kept for."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import func, select

from saas.db import db
from saas.merchants.registry import Record
from tenants.engine import tiers
from tenants.engine.values import Standing
from tenants.programs import terms
from tenants.programs.models import Enrolment, Program, ProgramVersion
from tenants.units import accounts
from tenants.units.accounts import Held
from tenants.units.models import Qualification


def standings(held: dict[str, Held]) -> dict[str, Standing]:
    """Where the member stands in each tier program, with the qualifying units by date."""
    rows = {one.row.id: program_id for program_id, one in held.items() if one.kind == "tiers"}
    qualified: dict[str, list[tuple[dt.datetime, int]]] = {name: [] for name in rows.values()}
    if rows:
        query = (
            select(Qualification.enrolment_id, Qualification.occurred_at, func.sum(Qualification.units))
            .where(Qualification.enrolment_id.in_(rows))
            .group_by(Qualification.enrolment_id, Qualification.occurred_at)
            .order_by(Qualification.occurred_at)
        )
        for enrolment_id, at, units in db.session.execute(query):
            qualified[rows[enrolment_id]].append((at, int(units)))
    return {
        name: Standing(held[name].row.tier or "", held[name].row.tier_kept_until, tuple(found))
        for name, found in qualified.items()
    }


def due(now: dt.datetime, limit: int, after: uuid.UUID | None = None) -> Sequence[uuid.UUID]:
    """Enrolments whose tier is to be reviewed, in the order of their ids; those in grace are found again."""
    query = select(Enrolment.id).where(Enrolment.tier.is_not(None), Enrolment.tier_kept_until <= now)
    if after is not None:
        query = query.where(Enrolment.id > after)
    return db.session.scalars(query.order_by(Enrolment.id).limit(limit)).all()


def review(enrolment_id: uuid.UUID, merchant: Record, now: dt.datetime) -> str:
    """Judge a tier by the program's terms of today; answers reached, kept, grace or lost. Locks the enrolment."""
    held = accounts.load_one(enrolment_id, now)
    version = _current(held.row.program_id) if held else None
    if held is None or version is None:
        return "kept"
    rules = terms.program_of(version, merchant.currency).terms
    standing = standings({str(held.row.program_id): held})[str(held.row.program_id)]
    found = tiers.review(rules.tiers, rules.window, standing, now, merchant.time_zone)
    held.row.tier, held.row.tier_kept_until = found.standing.tier or None, found.standing.kept_until
    db.session.flush()
    return found.outcome


def _current(program_id: uuid.UUID) -> ProgramVersion | None:
    return db.session.scalar(
        select(ProgramVersion)
        .join(Program, Program.id == ProgramVersion.program_id)
        .where(Program.id == program_id, ProgramVersion.number == Program.version_number)
    )
