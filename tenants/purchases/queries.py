"""Reads of imports: the list, one with its progress, and what a file would add if it were started now."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, select
from sqlalchemy.orm import defer

from saas.db import db
from saas.db.bulk import array
from saas.merchants.registry import Record
from tenants.members.models import Member
from tenants.programs import queries as programs
from tenants.programs.models import ProgramVersion
from tenants.programs.rules import Terms
from tenants.purchases import people, reading, stamping
from tenants.purchases.choices import Choice, place
from tenants.purchases.models import Purchase, PurchaseImport
from tenants.purchases.reading import Row
from tenants.sheets import decoding
from tenants.sheets.faults import Fault

SHOWN = 20
MOST_PREVIEWED = 20_000
MOST_CHARACTERS = 4_000_000
CHUNK = 5_000


@dataclass
class Preview:
    """The first rows as they are understood, and the sums over the `read` rows of about `total`."""

    rows: list[Row | Fault] = field(default_factory=list)
    total: int = 0
    read: int = 0
    refused: list[Fault] = field(default_factory=list)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    members_new: int = 0
    members_known: int = 0
    purchases_new: int = 0
    purchases_known: int = 0
    stamps: int = 0
    first: dt.datetime | None = None
    last: dt.datetime | None = None

    @property
    def reason_rows(self) -> list[tuple[str, str, int]]:
        """Reason, column and number of rows, the most frequent first."""
        return [(reason, column, count) for (reason, column), count in self.reasons.most_common()]

    @property
    def is_partial(self) -> bool:
        return self.read < self.total

    @property
    def is_all_known(self) -> bool:
        return not self.is_partial and self.purchases_new == 0 and self.purchases_known > 0


def recent() -> list[PurchaseImport]:
    """The last fifty imports, newest first, without their files."""
    query = select(PurchaseImport).options(defer(PurchaseImport.content), defer(PurchaseImport.refusals))
    return list(db.session.scalars(query.order_by(PurchaseImport.created_at.desc()).limit(50)))


def get(import_id: UUID) -> PurchaseImport | None:
    """One import without its file, which is read only where it is used."""
    query = select(PurchaseImport).options(defer(PurchaseImport.content), defer(PurchaseImport.refusals))
    return db.session.scalar(query.where(PurchaseImport.id == import_id))


def existing(import_id: UUID) -> PurchaseImport:
    """One import that is known to be there."""
    return db.session.get_one(PurchaseImport, import_id, options=[defer(PurchaseImport.content)])


def content(import_id: UUID) -> bytes:
    return db.session.scalar(select(PurchaseImport.content).where(PurchaseImport.id == import_id)) or b""


def refusals(import_id: UUID) -> dict[str, Any]:
    """The refused rows of an import: `lines` (line, column, reason, value, cells), `reasons`, `titles` and
    `count`.
    """
    query = select(PurchaseImport.refusals).where(PurchaseImport.id == import_id)
    return db.session.scalar(query) or {}


def terms_of(program_id: UUID | None) -> stamping.Version | None:
    """The version in force of a program that runs, None for one that doesn't."""
    for program, version, terms in programs.running() if program_id else []:
        if program.id == program_id:
            return stamping.Version(version.id, terms)
    return None


def version_of(version_id: str | None) -> stamping.Version | None:
    """The version by which an import was begun, whatever became of its program since."""
    found = db.session.get(ProgramVersion, UUID(version_id)) if version_id else None
    return stamping.Version(found.id, Terms.from_mapping(found.terms)) if found else None


def refused_by(terms: Terms | None, row: Row) -> str | None:
    """A row that would give an absurd number of stamps is refused, however its columns came about."""
    if terms is None or stamping.units(terms, row.quantity, row.amount_minor) <= stamping.MOST_STAMPS:
        return None
    return "stamps"


def preview(data: bytes, choice: Choice, merchant: Record, now: dt.datetime) -> Preview:
    """Read a file, a long one's beginning, and say what that would add, without adding anything."""
    found = Preview()
    version = terms_of(choice.program_id)
    terms = version.terms if version else None
    text, rest = _beginning(decoding.decode(data, choice.layout.encoding))
    identities: dict[str, Row] = {}
    keys, waiting = reading.Keys(), dict[str, int]()
    answers = reading.read(
        text, choice.layout, choice.mapping, place(merchant, now), lambda row: refused_by(terms, row)
    )
    for answer in islice(answers, MOST_PREVIEWED):
        found.read += 1
        if found.read <= SHOWN:
            found.rows.append(answer)
        if isinstance(answer, Fault):
            found.refused.append(answer)
            found.reasons[answer.reason, answer.column] += 1
            continue
        identities.setdefault(answer.identity, answer)
        found.first = min(found.first or answer.occurred_at, answer.occurred_at)
        found.last = max(found.last or answer.occurred_at, answer.occurred_at)
        units = stamping.units(terms, answer.quantity, answer.amount_minor) if terms else 0
        waiting[keys.key(answer)] = units
        if len(waiting) >= CHUNK:
            _count(found, waiting)
            waiting = {}
    _count(found, waiting)
    is_over = found.read < MOST_PREVIEWED or next(answers, None) is None
    found.total = found.read if is_over and not rest else max(found.read + 1, _lines(text) + _lines(rest))
    found.members_known = _known_members(list(identities.values()))
    found.members_new = len(identities) - found.members_known
    return found


def _beginning(text: str) -> tuple[str, str]:
    """As much of a text as a preview reads, up to the end of a line, and the rest of it."""
    if len(text) <= MOST_CHARACTERS:
        return text, ""
    end = max(text.rfind(mark, 0, MOST_CHARACTERS) for mark in "\r\n") + 1 or MOST_CHARACTERS
    return text[:end], text[end:]


def _lines(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _count(found: Preview, waiting: dict[str, int]) -> None:
    """Tell new purchases from known ones by their keys."""
    known = known_keys(waiting)
    found.purchases_known += len(known)
    found.purchases_new += len(waiting) - len(known)
    found.stamps += sum(units for key, units in waiting.items() if key not in known)


def known_keys(keys: Iterable[str]) -> set[str]:
    query = select(Purchase.request_key).where(
        Purchase.request_key == any_(array(list(keys), Purchase.__table__.c.request_key))
    )
    return set(db.session.scalars(query))


def _known_members(rows: list[Row]) -> int:
    return sum(len(people.known(rows[start : start + CHUNK])) for start in range(0, len(rows), CHUNK))


def totals() -> tuple[int, int]:
    """Members and purchases that the shop has, whatever they came by."""
    members = db.session.scalar(select(func.count()).select_from(Member)) or 0
    return members, db.session.scalar(select(func.count()).select_from(Purchase)) or 0
