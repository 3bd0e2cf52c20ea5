"""Carrying an import out, batch by batch, each in a transaction of its own; may be broken off and taken up
again.

The merchant's oldest import is the lock under which batches are written, so that two imports at the same
time follow
each other batch by batch and never add one member twice.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select, update

from saas.db import db, transaction
from saas.db.provisioning import analyze
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.locations.queries import default_location
from tenants.programs.rules import Terms
from tenants.purchases import batches, queries, reading
from tenants.purchases.batches import Target
from tenants.purchases.choices import HANDED_OUT, Choice, place
from tenants.purchases.models import PurchaseImport
from tenants.purchases.reading import Row
from tenants.sheets import decoding
from tenants.sheets.faults import Fault

BATCH = 1_000
MOST_REFUSALS_KEPT = 20_000
Progress = Callable[[int, int], None]
NO_CELLS: list[str] = []


@dataclass
class Work:
    """A file that is read: its rows in the order in which they are written, where they go, and the start
    that this belongs to: cancelled and begun anew, an import is another run's.
    """

    rows: list[tuple[str, Row]]
    target: Target
    done: int
    begun_at: str


def run(merchant: Record, import_id: UUID, progress: Progress | None = None) -> None:
    """Carry out an import that was begun; does nothing when it is not running. Takes no open transaction."""
    with transaction(merchant.binding):
        work = _prepare(merchant, import_id)
    if work is None:
        return
    while work.done < len(work.rows):
        if not _write_batch(merchant, import_id, work):
            return
        if progress:
            progress(work.done, len(work.rows))
    with transaction(merchant.binding):
        db.session.execute(
            update(PurchaseImport)
            .where(
                PurchaseImport.id == import_id,
                PurchaseImport.status == "running",
                PurchaseImport.mapping["begun_at"].astext == work.begun_at,
            )
            .values(status="done", finished_at=utcnow(), content=b"")
        )
    analyze(current_app.extensions["regulars"].settings.control_url, merchant.schema_name)


def fail(merchant: Record, import_id: UUID) -> None:
    """Say that the program itself went wrong; what was added stays, and the import may be started again."""
    with transaction(merchant.binding):
        db.session.execute(
            update(PurchaseImport)
            .where(PurchaseImport.id == import_id, PurchaseImport.status == "running")
            .values(status="failed", error="fault", finished_at=utcnow())
        )


def _prepare(merchant: Record, import_id: UUID) -> Work | None:
    """Read the whole file by the time at which it was begun, so that taking it up again finds the same
    rows.
    """
    found = queries.get(import_id)
    if found is None or found.status != "running":
        return None
    choice = Choice.from_json(found.mapping)
    start = found.mapping["begun_at"]
    begun_at = dt.datetime.fromisoformat(start)
    current = queries.version_of(found.mapping.get("version_id"))
    terms = current.terms if current else None
    rows, refusals = _read(queries.content(import_id), choice, merchant, begun_at, terms)
    location = default_location()
    db.session.execute(
        update(PurchaseImport)
        .where(PurchaseImport.id == import_id, PurchaseImport.mapping["begun_at"].astext == start)
        .values(
            rows_total=len(rows) + refusals["count"],
            rows_refused=refusals["count"],
            refusals=refusals,
        )
    )
    target = Target(
        import_id=import_id,
        currency=merchant.currency,
        language=merchant.language,
        location_id=location.id if location else None,
        program_id=choice.program_id if current else None,
        current=current,
        is_handed_out=choice.rewards == HANDED_OUT,
        actor_name=found.created_by,
        now=begun_at,
    )
    return Work(rows, target, found.rows_done, start)


def _read(
    content: bytes, choice: Choice, merchant: Record, now: dt.datetime, terms: Terms | None
) -> tuple[list[tuple[str, Row]], dict[str, Any]]:
    """The rows with their keys, a member's together and by date; and the refusals as they are kept."""
    rows: list[tuple[str, Row]] = []
    lines: list[Fault] = []
    reasons: Counter[tuple[str, str]] = Counter()
    keys = reading.Keys()
    text = decoding.decode(content, choice.layout.encoding)
    for answer in reading.read(
        text, choice.layout, choice.mapping, place(merchant, now), lambda row: queries.refused_by(terms, row)
    ):
        if isinstance(answer, Row):
            rows.append((keys.key(answer), answer._replace(cells=NO_CELLS)))
            continue
        reasons[answer.reason, answer.column] += 1
        if len(lines) < MOST_REFUSALS_KEPT:
            lines.append(answer)
    rows.sort(key=lambda pair: (pair[1].identity, pair[1].occurred_at, pair[1].line))
    counts = [[reason, column, count] for (reason, column), count in reasons.most_common()]
    titles = decoding.titles(text, choice.layout)
    return rows, {"lines": lines, "reasons": counts, "titles": titles, "count": reasons.total()}


def _write_batch(merchant: Record, import_id: UUID, work: Work) -> bool:
    """Write the next rows and count them in one transaction; False when it was cancelled meanwhile, or begun
    anew.
    """
    with transaction(merchant.binding):
        oldest = select(PurchaseImport.id).order_by(PurchaseImport.created_at, PurchaseImport.id).limit(1)
        db.session.execute(oldest.with_for_update(key_share=True))
        own = select(
            PurchaseImport.status, PurchaseImport.rows_done, PurchaseImport.mapping["begun_at"].astext
        ).where(PurchaseImport.id == import_id)
        status, done, begun_at = db.session.execute(own.with_for_update(key_share=True)).one()
        if status != "running" or begun_at != work.begun_at:
            return False
        batch = work.rows[done : done + BATCH]
        added = batches.write(batch, work.target) if batch else batches.Added()
        db.session.execute(
            update(PurchaseImport)
            .where(PurchaseImport.id == import_id)
            .values(
                rows_done=done + len(batch),
                members_added=PurchaseImport.members_added + added.members,
                purchases_added=PurchaseImport.purchases_added + added.purchases,
                purchases_known=PurchaseImport.purchases_known + added.known,
                stamps_added=PurchaseImport.stamps_added + added.stamps,
            )
        )
    work.done = done + len(batch)
    return True
