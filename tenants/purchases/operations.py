"""Writes of imports: keep an uploaded file, choose its columns, start it, cancel it."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from saas.db import db
from saas.merchants.registry import Record
from saas.web.jobs import defer
from saas.web.refusals import Refusal
from tenants.programs import queries as programs
from tenants.purchases import choices, queries, words
from tenants.purchases.choices import Choice
from tenants.purchases.models import PurchaseImport
from tenants.sheets.decoding import UnreadableError

STARTABLE = ("uploaded", "cancelled", "failed")
DAYS_KEPT = 7
TAKEN_UP_AFTER = dt.timedelta(minutes=10)
GIVEN_UP_AFTER = dt.timedelta(days=1)


class UnreadableFile(Refusal):
    """The file is empty, no text, or no table."""


class ColumnsMissing(Refusal):
    """Nothing says when a purchase was, or whose it was."""


class NotStartable(Refusal):
    """The import runs already, or is done."""


def upload(
    filename: str, content: bytes, created_by: str, merchant: Record, now: dt.datetime
) -> PurchaseImport:
    """Keep a file with a first guess of its columns; raises UnreadableFile."""
    running = programs.running()
    try:
        choice = choices.guessed(content, merchant, running[0][0].id if running else None)
    except UnreadableError as error:
        raise UnreadableFile(words.of_file(error.reason)) from error
    run = PurchaseImport(
        filename=(filename.replace("\\", "/").rsplit("/", 1)[-1] or "purchases.csv")[:200],
        content=content,
        mapping=choice.to_json(),
        refusals={},
        created_by=created_by[:120],
        created_at=now,
    )
    db.session.add(run)
    db.session.flush()
    return run


def choose(import_id: UUID, choice: Choice) -> None:
    """Keep what was chosen, as long as the import doesn't run."""
    db.session.execute(
        update(PurchaseImport)
        .where(PurchaseImport.id == import_id, PurchaseImport.status.in_(STARTABLE))
        .values(mapping=choice.to_json())
    )


def start(import_id: UUID, choice: Choice, merchant: Record, now: dt.datetime) -> None:
    """Start an import as a job; raises ColumnsMissing, NotStartable, UnreadableFile. Of two who press at
    once, one starts it.
    """
    begin(import_id, choice, now)
    defer(
        "purchases.import",
        lock=f"purchases.import {merchant.id}",
        slug=merchant.slug,
        import_id=str(import_id),
    )


def take_up(merchant: Record, now: dt.datetime) -> None:
    """Put running imports into the queue once more, in case it gave them up; after a day they have failed."""
    query = select(PurchaseImport.id, PurchaseImport.mapping).where(PurchaseImport.status == "running")
    for import_id, mapping in db.session.execute(query).all():
        age = now - dt.datetime.fromisoformat(mapping["begun_at"])
        if age > GIVEN_UP_AFTER:
            own = update(PurchaseImport).where(
                PurchaseImport.id == import_id, PurchaseImport.status == "running"
            )
            db.session.execute(own.values(status="failed", error="fault", finished_at=now))
        elif age > TAKEN_UP_AFTER:
            defer(
                "purchases.import",
                lock=f"purchases.import {merchant.id}",
                queueing_lock=f"purchases.import {import_id}",
                slug=merchant.slug,
                import_id=str(import_id),
            )


def forget_files(now: dt.datetime) -> None:
    """Empty the files that were uploaded a week ago and never started."""
    before = now - dt.timedelta(days=DAYS_KEPT)
    db.session.execute(
        update(PurchaseImport)
        .where(
            PurchaseImport.status == "uploaded",
            PurchaseImport.created_at < before,
            func.octet_length(PurchaseImport.content) > 0,
        )
        .values(content=b"")
    )


def begin(import_id: UUID, choice: Choice, now: dt.datetime) -> None:
    """Turn an import to running, with its counts at zero. `begun_at` names this start and is the time by
    which its rows are judged, `version_id` the terms by which they earn: taken up again, it goes on so.
    """
    missing = choice.mapping.missing
    if missing:
        if "date" in missing:
            raise ColumnsMissing(_("Say which column holds the date."))
        raise ColumnsMissing(
            _("Say which column holds the member ID, the e-mail address or the phone number.")
        )
    version = queries.terms_of(choice.program_id)
    fate = {"begun_at": now.isoformat(), "version_id": str(version.id) if version else None}
    started = db.session.scalar(
        update(PurchaseImport)
        .where(PurchaseImport.id == import_id, PurchaseImport.status.in_(STARTABLE))
        .values(
            status="running",
            mapping={**choice.to_json(), **fate},
            rows_total=0,
            rows_done=0,
            rows_refused=0,
            members_added=0,
            purchases_added=0,
            purchases_known=0,
            stamps_added=0,
            refusals={},
            error=None,
            finished_at=None,
        )
        .returning(func.octet_length(PurchaseImport.content))
    )
    if started is None:
        raise NotStartable(_("This import runs already, or is finished."))
    if not started:
        raise UnreadableFile(words.of_file("vanished"))


def cancel(import_id: UUID, now: dt.datetime) -> bool:
    """Stop a running import after the batch under way; what was added stays. False when it does not run."""
    stopped = db.session.scalar(
        update(PurchaseImport)
        .where(PurchaseImport.id == import_id, PurchaseImport.status == "running")
        .values(status="cancelled", finished_at=now)
        .returning(PurchaseImport.id)
    )
    return stopped is not None
