"""How many programs a plan lets run: counted, asked before one more begins, frozen where a plan holds fewer."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Set

from sqlalchemy import case, func, select, update

from saas.billing import choices, entitlements
from saas.billing.choices import Holding, Kept, hold
from saas.db import db
from saas.merchants.registry import Record
from tenants.programs.models import Program


@entitlements.counts("programs")
def running(merchant: Record, now: dt.datetime) -> int:
    """Programs that run, frozen ones too."""
    query = select(func.count()).select_from(Program).where(Program.status == "published")
    return db.session.execute(query).scalar_one()


def require_one_more(merchant: Record | None) -> None:
    """Raises OverLimit where the plan holds no further running program; of two that are published at once one waits.
    Without a merchant (a demo, an import of our own) nothing is asked."""
    if merchant is None:
        return
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(func.current_schema() + " programs"))))
    entitlements.require(merchant, "programs")


def one_less(merchant: Record | None) -> None:
    """A program stops: a frozen one may take its place once this is committed."""
    if merchant is not None:
        choices.ask(merchant.id)


def listed(merchant: Record) -> list[Kept]:
    """The programs that run, the oldest first."""
    query = select(Program.id, Program.name, Program.frozen_at).where(Program.status == "published")
    rows = db.session.execute(query.order_by(Program.created_at, Program.id))
    return [Kept(row.id, row.name, row.frozen_at is not None) for row in rows]


def freeze(merchant: Record, ids: Set[uuid.UUID], now: dt.datetime) -> None:
    """Nobody new takes part in these; all others take part as usual."""
    is_left_out = Program.id.in_(ids)
    changes = case((is_left_out, func.coalesce(Program.frozen_at, now)), else_=None)
    wrong = (is_left_out & Program.frozen_at.is_(None)) | (~is_left_out & Program.frozen_at.is_not(None))
    db.session.execute(update(Program).where(wrong).values(frozen_at=changes))


hold(Holding("programs", listed, freeze))
