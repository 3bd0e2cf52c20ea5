"""An import's answers: what its run would do until it is started, how far it is from then on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g

from saas.web.clock import utcnow
from saas.web.throttle import throttle
from tenants.api.import_kinds import READERS, REASONS, Kind, Row, Trial
from tenants.api.import_schemas import Import, ImportPreview, ImportSummary, RefusedRow
from tenants.coupons.models import CouponBatch

MOST_SHOWN, TRIALS_AN_HOUR = 50, 240


def of(kind: Kind, row: Row) -> Import:
    """An import with what it would do, or with how far it is; raises TooMany."""
    reader, tried = READERS[kind], trial(kind, row)
    refused = tried.refused if tried else reader.refused(row)
    return Import.model_construct(
        **dict(summary(kind, row)),
        titles=reader.titles(row),
        columns=reader.columns(row),
        preview=_preview(tried) if tried else None,
        counts=reader.counts(row),
        refused=[_refused(kind, fault) for fault in refused[:MOST_SHOWN]],
    )


def trial(kind: Kind, row: Row) -> Trial | None:
    """What a run would do, None once it runs. Counted, since a whole file is read for it; raises TooMany."""
    reader, now = READERS[kind], utcnow()
    if not reader.is_startable(row, now):
        return None
    throttle("api.import-trial", str(g.merchant.id), TRIALS_AN_HOUR, 3600)
    return reader.trial(row, g.merchant, now)


def summary(kind: Kind, row: Row) -> ImportSummary:
    """An import without what is in its file."""
    total, done, refused = READERS[kind].rows(row)
    if isinstance(row, CouponBatch):
        filename, by = row.name, row.requested_by
    else:
        filename, by = row.filename, row.created_by
    return ImportSummary.model_construct(
        id=row.id,
        kind=kind,
        filename=filename,
        status=row.status,
        rows_total=total,
        rows_done=done,
        rows_refused=refused,
        requested_by=by,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _preview(tried: Trial) -> ImportPreview:
    return ImportPreview(
        rows_read=tried.read,
        rows_refused=len(tried.refused),
        is_partial=tried.is_partial,
        counts=tried.counts,
    )


def _refused(kind: Kind, fault: Sequence[Any]) -> RefusedRow:
    line, field, reason, value, _cells = fault
    return RefusedRow(row=line, field=field, code=reason, detail=REASONS[kind][1](reason), value=value)
