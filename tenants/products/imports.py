"""Product lists as files: keep one, choose its columns, start it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from flask_babel import gettext as _
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import defer as leave_out

from saas.db import db
from saas.merchants.registry import Record
from saas.web.jobs import defer
from saas.web.refusals import Refusal
from tenants.products import reading, words
from tenants.products.models import FORSAKEN_AFTER, STARTABLE, ProductImport
from tenants.products.reading import Mapping
from tenants.sheets import decoding
from tenants.sheets.decoding import Layout, UnreadableError

DAYS_KEPT = 7


class UnreadableFile(Refusal):
    """The file is empty, no text, or no table."""


class ColumnMissing(Refusal):
    """Nothing says what the SKUs are."""


class NotStartable(Refusal):
    """The import runs already, or is done."""


@dataclass(frozen=True)
class Choice:
    """How a file is read: its layout and its columns."""

    layout: Layout
    mapping: Mapping

    def to_json(self) -> dict[str, Any]:
        return {**vars(self.layout), **vars(self.mapping)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Choice:
        layout = Layout(values["encoding"], values["delimiter"], values["has_header"], values["width"])
        return cls(layout, Mapping(values["columns"], values["decimal"]))


def exponent(merchant: Record) -> int:
    """The decimals of the merchant's currency."""
    return get_currency_precision(merchant.currency)


def guessed(content: bytes, layout: Layout, merchant: Record) -> Choice:
    text = decoding.decode(content[: decoding.SAMPLE_BYTES * 4], layout.encoding)
    return Choice(layout, reading.guess(text, layout, merchant.country, exponent(merchant)))


def upload(
    filename: str, content: bytes, created_by: str, merchant: Record, now: dt.datetime
) -> ProductImport:
    """Keep a file with a first guess of its columns; raises UnreadableFile."""
    try:
        choice = guessed(content, decoding.detect(content), merchant)
    except UnreadableError as error:
        raise UnreadableFile(words.of_file(error.reason)) from error
    found = ProductImport(
        filename=(filename.replace("\\", "/").rsplit("/", 1)[-1] or "products.csv")[:200],
        content=content,
        mapping=choice.to_json(),
        created_by=created_by[:120],
        created_at=now,
        touched_at=now,
    )
    db.session.add(found)
    db.session.flush()
    return found


def get(upload_id: UUID) -> ProductImport | None:
    """One import without its file and its refusals, which are read only where they are used."""
    query = select(ProductImport).options(leave_out(ProductImport.content), leave_out(ProductImport.refusals))
    return db.session.scalar(query.where(ProductImport.id == upload_id))


def recent() -> list[ProductImport]:
    """The last fifty imports, newest first, without their files."""
    query = select(ProductImport).options(leave_out(ProductImport.content), leave_out(ProductImport.refusals))
    return list(db.session.scalars(query.order_by(ProductImport.created_at.desc()).limit(50)))


def content(upload_id: UUID) -> bytes:
    return db.session.scalar(select(ProductImport.content).where(ProductImport.id == upload_id)) or b""


def refusals(upload_id: UUID) -> dict[str, Any]:
    """The refused rows: `lines` (line, column, reason, value, cells), `reasons`, `titles` and `count`."""
    return db.session.scalar(select(ProductImport.refusals).where(ProductImport.id == upload_id)) or {}


def choose(upload_id: UUID, choice: Choice, now: dt.datetime) -> None:
    """Keep what was chosen, as long as the import doesn't run."""
    own = update(ProductImport).where(ProductImport.id == upload_id, startable(now))
    db.session.execute(own.values(mapping=choice.to_json()))


def start(upload_id: UUID, choice: Choice, merchant: Record, now: dt.datetime) -> None:
    """Start an import as a job; raises ColumnMissing, NotStartable, UnreadableFile. Of two who press, one starts it."""
    if "sku" not in choice.mapping.columns:
        raise ColumnMissing(_("Say which column holds the SKU."))
    own = update(ProductImport).where(ProductImport.id == upload_id, startable(now))
    fresh = dict.fromkeys(
        ("rows_total", "rows_done", "rows_refused", "products_added", "products_changed", "products_same"), 0
    )
    size = db.session.scalar(
        own.values(
            **fresh, status="running", mapping=choice.to_json(), refusals={}, begun_at=now, touched_at=now,
            finished_at=None,
        ).returning(func.octet_length(ProductImport.content))
    )  # fmt: skip
    if size is None:
        raise NotStartable(_("This import runs already, or is finished."))
    if not size:
        raise UnreadableFile(words.of_file("vanished"))
    defer(
        "products.import",
        lock=f"products.import {merchant.id}",
        slug=merchant.slug,
        upload_id=str(upload_id),
        begun_at=now.isoformat(),
    )


def startable(now: dt.datetime) -> Any:
    """Not yet started, failed, or running without a sign of life: its job was lost."""
    forsaken = and_(ProductImport.status == "running", ProductImport.touched_at < now - FORSAKEN_AFTER)
    return or_(ProductImport.status.in_(STARTABLE), forsaken)


def forget_files(now: dt.datetime) -> None:
    """Empty the files that were uploaded a week ago and never started."""
    old = ProductImport.created_at < now - dt.timedelta(days=DAYS_KEPT)
    unused = ProductImport.status.in_(STARTABLE), func.octet_length(ProductImport.content) > 0
    db.session.execute(update(ProductImport).where(old, *unused).values(content=b""))
