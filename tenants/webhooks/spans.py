"""Spans of time in which rows were written, and what a row found in one tells.

A row is found by when it was written: the time in its key of version 7, or a column set in the same transaction.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import InstrumentedAttribute

from saas.db.horizon import first_id


@dataclass(frozen=True)
class Span:
    """From `start` on and before `end`."""

    start: dt.datetime
    end: dt.datetime

    def holds_id(self, key: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
        """Rows whose key was made in the span."""
        return and_(key >= first_id(self.start), key < first_id(self.end))

    def holds(
        self, moment: InstrumentedAttribute[dt.datetime] | InstrumentedAttribute[dt.datetime | None]
    ) -> ColumnElement[bool]:
        return and_(moment >= self.start, moment < self.end)


@dataclass(frozen=True)
class Found:
    """A row that tells something: `written_at` places it for the reader, `occurred_at` is for people."""

    type: str
    source_id: uuid.UUID
    written_at: dt.datetime
    occurred_at: dt.datetime
    data: dict[str, Any]


def moment(value: dt.datetime) -> str:
    """A moment as payloads write it."""
    return value.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def text_of(key: uuid.UUID | None) -> str | None:
    """A key as payloads write it."""
    return str(key) if key else None


def member_data(member_id: uuid.UUID | None, number: str | None) -> dict[str, Any]:
    """All that is told of a person."""
    return {"member_id": text_of(member_id), "member_number": number}
