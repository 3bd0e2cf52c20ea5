"""Beginning a preview: it keeps the draft as it is now, and a job plays the past again."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select

from saas.db import db
from saas.merchants.registry import Record
from saas.web.jobs import defer
from saas.web.refusals import Refusal
from tenants.previews.models import ProgramPreview
from tenants.previews.past import counted
from tenants.programs import queries, terms


class NotUnderstood(Refusal):
    """The draft can't be tried before it is whole."""


def begin(program_id: UUID, merchant: Record, by: str, now: dt.datetime) -> ProgramPreview:
    """Keep what is to be compared and queue the job. Raises NotUnderstood; an unknown program is 404."""
    program = queries.found(program_id)
    if terms.faults(program.kind, program.draft):
        raise NotUnderstood(_("Finish the terms first, then try them on your past purchases."))
    version = queries.in_force(program)
    preview = ProgramPreview(
        program_id=program_id,
        terms=program.draft,
        version_id=version.id if version else None,
        purchases_total=db.session.scalar(select(func.count()).select_from(counted(now).subquery())) or 0,
        totals={},
        created_by=by[:120],
        begun_at=now,
    )
    db.session.add(preview)
    db.session.flush()
    defer("previews.play", slug=merchant.slug, preview_id=str(preview.id))
    return preview
