"""Reads of members: by number, by whatever a cashier types, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select

from saas.db import db
from tenants.members.models import Member
from tenants.members.rules import normalise


@dataclass(frozen=True)
class Page:
    """One page of a list; `number` counts from 1."""

    items: list[Member]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


def by_number(text: str) -> Member | None:
    number = normalise(text)
    return db.session.scalar(select(Member).where(Member.number == number)) if number else None


def matches(text: str) -> ColumnElement[bool]:
    """Members whose number, phone or e-mail address is `text`, or whose name has a word that begins with it."""
    text = text.strip()
    pattern = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    tests: list[ColumnElement[bool]] = [
        func.lower(Member.first_name).like(f"{pattern}%"),
        func.lower(Member.first_name).like(f"% {pattern}%"),
        func.lower(Member.email) == text.lower(),
    ]
    number = normalise(text)
    if number:
        tests.append(Member.number == number)
    digits = "".join(character for character in text if character.isdigit()).lstrip("0")
    if len(digits) >= 4:
        tests.append(Member.phone.like(f"%{digits}"))
    return or_(*tests)


def search(text: str, page: int = 1, size: int = 50) -> Page:
    """Members that match, those seen last first."""
    query = select(Member)
    if text.strip():
        query = query.where(matches(text))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(Member.last_seen_at.desc().nulls_last(), Member.id.desc())
    items = db.session.scalars(ordered.limit(size).offset((max(page, 1) - 1) * size)).all()
    return Page(list(items), max(page, 1), size, total)
