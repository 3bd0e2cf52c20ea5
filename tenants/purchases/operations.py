"""Writes of imports: keep an uploaded file, choose its columns, start it, cancel it."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import update

from saas.db import db
from saas.merchants.registry import Record
from saas.web.jobs import defer
from saas.web.refusals import Refusal
from tenants.programs import queries as programs
from tenants.purchases import choices, words
from tenants.purchases.choices import Choice
from tenants.purchases.decoding import UnreadableError
from tenants.purchases.models import PurchaseImport

STARTABLE = ("uploaded", "cancelled", "failed")


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
    """Start an import as a job; raises ColumnsMissing, NotStartable. Of two who press at once, one starts
    it.
    """
    begin(import_id, choice, now)
    defer(
        "purchases.import",
        lock=f"purchases.import {merchant.id}",
        slug=merchant.slug,
        import_id=str(import_id),
    )


def begin(import_id: UUID, choice: Choice, now: dt.datetime) -> None:
    """Turn an import to running, with its counts at zero. `begun_at` is the time by which its rows are
    judged.
    """
    missing = choice.mapping.missing
    if missing:
        if "date" in missing:
            raise ColumnsMissing(_("Say which column holds the date."))
        raise ColumnsMissing(
            _("Say which column holds the member ID, the e-mail address or the phone number.")
        )
    started = db.session.scalar(
        update(PurchaseImport)
        .where(PurchaseImport.id == import_id, PurchaseImport.status.in_(STARTABLE))
        .values(
            status="running",
            mapping={**choice.to_json(), "begun_at": now.isoformat()},
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
        .returning(PurchaseImport.id)
    )
    if started is None:
        raise NotStartable(_("This import runs already, or is finished."))


def cancel(import_id: UUID, now: dt.datetime) -> bool:
    """Stop a running import after the batch under way; what was added stays. False when it does not run."""
    stopped = db.session.scalar(
        update(PurchaseImport)
        .where(PurchaseImport.id == import_id, PurchaseImport.status == "running")
        .values(status="cancelled", finished_at=now)
        .returning(PurchaseImport.id)
    )
    return stopped is not None
