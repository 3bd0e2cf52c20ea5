"""Carrying an import of products out, batch by batch, each in a transaction of its own; may be broken off."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select, update

from saas.db import db, transaction
from saas.db.provisioning import analyze
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.products import imports, reading, writing
from tenants.products.imports import Choice
from tenants.products.models import ProductImport
from tenants.products.reading import Row
from tenants.products.writing import Change
from tenants.sheets import decoding
from tenants.sheets.faults import Fault

BATCH = 1_000
MOST_REFUSALS_KEPT = 20_000


def run(merchant: Record, upload_id: UUID, begun_at: dt.datetime) -> None:
    """Carry out the import that was begun at that moment; does nothing when that isn't running. Taken up again it goes
    on behind the rows that are done: the file and its columns are the same. Takes no open transaction.
    """
    with transaction(merchant.binding):
        rows = _prepare(merchant, upload_id, begun_at)
    if rows is None:
        return
    while _write_batch(merchant, upload_id, begun_at, rows):
        pass
    analyze(current_app.extensions["regulars"].settings.control_url, merchant.schema_name)


def fail(merchant: Record, upload_id: UUID, begun_at: dt.datetime) -> None:
    """Say that the program itself went wrong; what was written stays, and the import may be started again."""
    with transaction(merchant.binding):
        db.session.execute(
            update(ProductImport)
            .where(*_own(upload_id, begun_at))
            .values(status="failed", finished_at=utcnow())
        )


def _own(upload_id: UUID, begun_at: dt.datetime) -> tuple[Any, ...]:
    return (
        ProductImport.id == upload_id,
        ProductImport.status == "running",
        ProductImport.begun_at == begun_at,
    )


def _prepare(merchant: Record, upload_id: UUID, begun_at: dt.datetime) -> list[Row] | None:
    """Read the whole file and keep what is refused; None when this start of the import is over."""
    mapping = db.session.scalar(select(ProductImport.mapping).where(*_own(upload_id, begun_at)))
    if mapping is None:
        return None
    choice = Choice.from_json(mapping)
    text = decoding.decode(imports.content(upload_id), choice.layout.encoding)
    rows: list[Row] = []
    lines: list[Fault] = []
    reasons: Counter[tuple[str, str]] = Counter()
    for answer in reading.read(text, choice.layout, choice.mapping, imports.exponent(merchant)):
        if isinstance(answer, Row):
            rows.append(answer)
            continue
        reasons[answer.reason, answer.column] += 1
        if len(lines) < MOST_REFUSALS_KEPT:
            lines.append(answer)
    refused = reasons.total()
    refusals = {
        "lines": lines,
        "reasons": [[reason, column, count] for (reason, column), count in reasons.most_common()],
        "titles": decoding.titles(text, choice.layout),
        "count": refused,
    }
    db.session.execute(
        update(ProductImport)
        .where(*_own(upload_id, begun_at))
        .values(rows_total=len(rows) + refused, rows_refused=refused, refusals=refusals, touched_at=utcnow())
    )
    return rows


def _write_batch(merchant: Record, upload_id: UUID, begun_at: dt.datetime, rows: list[Row]) -> bool:
    """Write the next rows and count them in one transaction; False when there are no more. The import's own row is
    the lock.
    """
    now = utcnow()
    with transaction(merchant.binding):
        own = select(ProductImport.rows_done).where(*_own(upload_id, begun_at))
        done = db.session.scalar(own.with_for_update(key_share=True))
        if done is None:
            return False
        batch = rows[done : done + BATCH]
        counts = writing.write([Change(row.sku, row.values) for row in batch], "import", now)
        is_over = done + len(batch) >= len(rows)
        ending: dict[str, Any] = {"status": "done", "finished_at": now, "content": b""} if is_over else {}
        db.session.execute(
            update(ProductImport)
            .where(ProductImport.id == upload_id)
            .values(
                rows_done=done + len(batch),
                products_added=ProductImport.products_added + counts.added,
                products_changed=ProductImport.products_changed + counts.changed,
                products_same=ProductImport.products_same + counts.same,
                touched_at=now,
                **ending,
            )
        )
    return not is_over
