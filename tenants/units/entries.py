"""Appending to the ledger: one signed line with who, where, when, by what, and why."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saas.db import db, new_id
from tenants.engine.reasons import Reason
from tenants.programs.ledger import Actor
from tenants.programs.models import Entry
from tenants.units.accounts import Held


@dataclass(frozen=True)
class Event:
    """What happened: the cause with its row, who did it, where, when it happened and when it was written."""

    cause: str
    cause_id: uuid.UUID | None
    actor: Actor
    at: dt.datetime
    now: dt.datetime
    location_id: uuid.UUID | None = None


def post(
    held: Held, event: Event, kind: str, units: int, why: Sequence[Mapping[str, Any]], **more: Any
) -> Entry:
    """Append a line; the caller holds the enrolment's lock and writes the balance. `more` are columns of Entry."""
    values = {"version_id": held.row.version_id, "cause": event.cause, "cause_id": event.cause_id, **more}
    entry = Entry(
        id=new_id(),
        enrolment_id=held.row.id,
        kind=kind,
        units=units,
        why=list(why),
        actor_kind=event.actor.kind,
        actor_id=event.actor.id,
        actor_name=event.actor.name,
        location_id=event.location_id,
        occurred_at=event.at,
        recorded_at=event.now,
        **values,
    )
    db.session.add(entry)
    return entry


def as_stored(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    return [{"code": reason.code, "params": dict(reason.params)} for reason in reasons]


def note(code: str, **params: int | str) -> dict[str, Any]:
    """A reason of the ledger's own, as it is stored; programs.reasons puts it into words."""
    return {"code": code, "params": params}
