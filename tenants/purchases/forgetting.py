"""What a purchase that was returned as a whole no longer counts for: limits of rules, and when a member last earned."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from saas.db import db
from tenants.engine.results import Result
from tenants.programs.models import Entry
from tenants.purchases.models import Refund
from tenants.units.accounts import Held
from tenants.units.entries import Event
from tenants.units.models import Qualification, RuleUse


def forget(result: Result, held: dict[str, Held], purchase_id: uuid.UUID, event: Event) -> None:
    """Take the uses of rules back, and set back when each enrolment earned, so that no cool-down runs."""
    _forget_uses(purchase_id, event)
    db.session.flush()
    for outcome in result.outcomes:
        if outcome.units and (one := held.get(outcome.program_id)):
            last = _last_qualified if outcome.kind == "tiers" else _last_earned
            one.row.last_earned_at = last(one.row.id)


def _forget_uses(purchase_id: uuid.UUID, event: Event) -> None:
    """Uses of rules with a limit count no more once everything is returned."""
    rows = db.session.execute(
        select(RuleUse.enrolment_id, RuleUse.key, func.sum(RuleUse.count))
        .where(RuleUse.purchase_id == purchase_id)
        .group_by(RuleUse.enrolment_id, RuleUse.key)
    )
    for enrolment_id, key, count in rows:
        if count:
            db.session.add(
                RuleUse(
                    enrolment_id=enrolment_id,
                    key=key,
                    count=-int(count),
                    purchase_id=purchase_id,
                    recorded_at=event.now,
                )
            )


def _last_earned(enrolment_id: uuid.UUID) -> dt.datetime | None:
    """By entries that were neither undone nor of a purchase that was returned as a whole."""
    undoing = aliased(Entry)
    return db.session.scalar(
        select(func.max(Entry.occurred_at)).where(
            Entry.enrolment_id == enrolment_id,
            Entry.kind == "earn",
            ~select(undoing.id).where(undoing.reverses_id == Entry.id).exists(),
            ~_is_returned(Entry.cause_id),
        )
    )


def _last_qualified(enrolment_id: uuid.UUID) -> dt.datetime | None:
    query = select(func.max(Qualification.occurred_at)).where(
        Qualification.enrolment_id == enrolment_id, Qualification.units > 0
    )
    return db.session.scalar(query.where(~_is_returned(Qualification.purchase_id)))


def _is_returned(
    purchase_id: InstrumentedAttribute[uuid.UUID] | InstrumentedAttribute[uuid.UUID | None],
) -> ColumnElement[bool]:
    whole = select(Refund.id).where(Refund.purchase_id == purchase_id, Refund.is_everything.is_(True))
    return whole.correlate(purchase_id.class_).exists()
