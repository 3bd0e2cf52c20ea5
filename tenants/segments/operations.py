"""Segments' writes: keep one under a name, change what it asks, let it go."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from saas.web.refusals import Refusal
from tenants.engine.mapping import to_mapping
from tenants.members.models import Segment
from tenants.search.rules import fold, one_line
from tenants.segments.rules import Terms

MOST = 200


class NameTaken(Refusal):
    """There is already a segment with this name."""


class TooManySegments(Refusal):
    """More segments than a shop can keep."""


def keep(name: str, terms: Terms, by: str, now: dt.datetime) -> Segment:
    """Keep a new segment. Raises NameTaken, TooManySegments."""
    if (db.session.scalar(select(func.count()).select_from(Segment)) or 0) >= MOST:
        raise TooManySegments(_("At most %(max)s segments can be kept. Delete one first.", max=MOST))
    statement = insert(Segment).values(
        id=new_id(),
        name=name,
        name_key=one_line(fold(name))[:200],
        terms=to_mapping(terms),
        created_by=by,
        created_at=now,
        changed_at=now,
    )
    kept = db.session.scalar(statement.on_conflict_do_nothing().returning(Segment))
    if kept is None:
        raise NameTaken(_("There is already a segment with this name."))
    return kept


def change(segment: Segment, terms: Terms, now: dt.datetime) -> None:
    """Ask something else from now on; the name stays."""
    segment.terms, segment.changed_at = to_mapping(terms), now
    db.session.flush()


def delete(segment: Segment) -> None:
    """Let it go; rules that name it then apply to nobody."""
    db.session.delete(segment)
    db.session.flush()
