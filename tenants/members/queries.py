"""Reads of members: by number, by whatever a cashier types, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB, TSQUERY

from saas.db import db
from saas.db.planning import few_or_all
from tenants.members.models import Member, MemberTag, Segment
from tenants.members.rules import normalise, sort_name
from tenants.search.rules import wanted


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
    """Members whose number, phone or e-mail address is `text`, or whose name has words that begin with its words,
    with accents or without."""
    text = text.strip()
    found = wanted(text)
    named = Member.words.bool_op("@@")(cast(found, TSQUERY)) if found else Member.sort_name == sort_name(text)
    tests: list[ColumnElement[bool]] = [named, func.lower(Member.email) == text.lower()]
    number = normalise(text)
    if number:
        tests.append(Member.number == number)
    digits = "".join(character for character in text if character.isdigit()).lstrip("0")
    if len(digits) >= 4:
        tests.append(func.reverse(Member.phone).like(f"{digits[::-1]}%"))
    return or_(*tests)


def has_tag(tag: str) -> ColumnElement[bool]:
    """Members with this tag, by the index on the tags of those who have some."""
    return and_(Member.tags != literal([], JSONB), Member.tags.contains([tag]))


def tag_names() -> list[str]:
    """All words that members are tagged with."""
    return list(db.session.scalars(select(MemberTag.name).order_by(MemberTag.name)))


def segment_names() -> list[str]:
    """The names of the kept segments."""
    return list(db.session.scalars(select(Segment.name).order_by(Segment.name_key)))


def search(text: str, page: int = 1, size: int = 50) -> Page:
    """Members that match, those seen last first."""
    query = select(Member)
    if text.strip():
        query = query.where(few_or_all(Member.id, matches(text)))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(Member.last_seen_at.desc().nulls_last(), Member.id.desc())
    items = db.session.scalars(ordered.limit(size).offset((max(page, 1) - 1) * size)).all()
    return Page(list(items), max(page, 1), size, total)
