"""What operators did, as a chain: each action holds the hash of the one before, so that the log can't lie unseen."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from typing import Protocol

from sqlalchemy import func, or_, select

from saas.db import db
from saas.operator.models import OperatorAction

LOCK = 0x52454F50  # any number that nothing else locks
START = bytes(32)
PAGE = 50


class Row(Protocol):
    """What an action says."""

    @property
    def number(self) -> int: ...
    @property
    def operator_id(self) -> uuid.UUID | None: ...
    @property
    def operator_name(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def merchant_id(self) -> uuid.UUID | None: ...
    @property
    def subject(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def at(self) -> dt.datetime: ...
    @property
    def previous_hash(self) -> bytes: ...
    @property
    def hash(self) -> bytes: ...


def hash_of(row: Row) -> bytes:
    """SHA-256 of everything an action says, the hash before it included; times to the microsecond, in UTC."""
    said = [
        row.number,
        str(row.operator_id),
        row.operator_name,
        row.action,
        str(row.merchant_id),
        row.subject,
        row.reason,
        row.address,
        row.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        row.previous_hash.hex(),
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).digest()


def append(
    action: str,
    *,
    operator_id: uuid.UUID | None,
    operator_name: str,
    now: dt.datetime,
    merchant_id: uuid.UUID | None = None,
    subject: str = "",
    reason: str = "",
    address: str = "",
) -> OperatorAction:
    """Write an action at the chain's end. Whoever appends waits for the one before to commit, so it never forks."""
    db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    last = db.session.execute(
        select(OperatorAction.number, OperatorAction.hash).order_by(OperatorAction.number.desc()).limit(1)
    ).first()
    row = OperatorAction(
        number=last.number + 1 if last else 1,
        operator_id=operator_id,
        operator_name=operator_name,
        action=action,
        merchant_id=merchant_id,
        subject=subject[:300],
        reason=reason,
        address=address[:45],
        at=now,
        previous_hash=last.hash if last else START,
    )
    row.hash = hash_of(row)
    db.session.add(row)
    db.session.flush()
    return row


def broken(rows: Iterable[Row]) -> Iterator[tuple[int, str]]:
    """The numbers of actions that are not as they were written, with what is wrong; rows in the order of numbers."""
    number, previous = 0, START
    for row in rows:
        if row.number != number + 1:
            yield row.number, f"follows number {number}: what was between them is gone"
        elif row.previous_hash != previous:
            yield row.number, "does not follow from the one before"
        if row.hash != hash_of(row):
            yield row.number, "was changed after it was written"
        number, previous = row.number, row.hash


def faults() -> list[tuple[int, str]]:
    """Where the chain as it is kept is broken; needs the platform's transaction."""
    query = select(OperatorAction).order_by(OperatorAction.number)
    return list(broken(db.session.scalars(query.execution_options(yield_per=1000))))


def page(
    merchant_id: uuid.UUID | None = None, text: str = "", before: int | None = None
) -> tuple[list[OperatorAction], int | None]:
    """Actions, the newest first, and where the next page begins."""
    query = select(OperatorAction)
    if merchant_id is not None:
        query = query.where(OperatorAction.merchant_id == merchant_id)
    if text:
        columns = (OperatorAction.operator_name, OperatorAction.subject, OperatorAction.reason)
        query = query.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    if before is not None:
        query = query.where(OperatorAction.number < before)
    found = list(db.session.scalars(query.order_by(OperatorAction.number.desc()).limit(PAGE + 1)))
    return found[:PAGE], found[PAGE - 1].number if found[PAGE:] else None


def of_merchant(merchant_id: uuid.UUID) -> list[OperatorAction]:
    """The newest of one merchant's."""
    return page(merchant_id)[0][:10]
