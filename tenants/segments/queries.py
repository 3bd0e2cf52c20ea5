"""Segments as conditions on members, how many they hold, and which of them a member is in."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import abort
from sqlalchemy import ColumnElement, Date, Select, and_, cast, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from saas.db import db
from tenants.engine.dates import DAY, local, start_of
from tenants.engine.mapping import from_mapping
from tenants.members.models import Member, Segment
from tenants.members.queries import has_tag
from tenants.programs.models import Enrolment, Entry
from tenants.segments.rules import THIS_MONTH, Terms

Asked = uuid.UUID | InstrumentedAttribute[uuid.UUID] | None


@dataclass(frozen=True)
class When:
    """The moment and the shop's clock that "30 days" and "this month" are counted by."""

    now: dt.datetime
    time_zone: str

    @property
    def today(self) -> dt.date:
        return local(self.now, self.time_zone).date()

    def days_ago(self, days: int) -> dt.datetime:
        """The beginning of the shop's day so many days ago."""
        return start_of(self.today - days * DAY, self.time_zone)


def every() -> Sequence[Segment]:
    return db.session.scalars(select(Segment).order_by(Segment.name_key)).all()


def get(segment_id: uuid.UUID) -> Segment:
    """The segment; 404 where there is none."""
    return db.session.get(Segment, segment_id) or abort(404)


def terms_of(segment: Segment) -> Terms:
    return from_mapping(Terms, segment.terms)


def glimpse(terms: Terms, when: When, count: int) -> tuple[int, Sequence[Member]]:
    """How many members it holds at this moment, and a few of them, those seen last first: in one look, since visits
    are counted by all entries."""
    seen = Member.last_seen_at.desc().nulls_last()
    query = select(Member.id, func.count().over().label("size")).where(holds(terms, when))
    first = query.order_by(seen, Member.id).limit(count).subquery()
    rows = db.session.execute(
        select(Member, first.c.size).join(first, first.c.id == Member.id).order_by(seen, Member.id)
    ).all()
    return rows[0].size if rows else 0, [member for member, _size in rows]


def of_member(member_id: uuid.UUID, names: Collection[str], when: When) -> frozenset[str]:
    """Which of the named segments a member is in; asks nothing where none is named."""
    if not names:
        return frozenset()
    rows = db.session.scalars(select(Segment).where(Segment.name.in_(names)))
    tests = {segment.name: holds(terms_of(segment), when, member_id) for segment in rows}
    if not tests:
        return frozenset()
    columns = [func.coalesce(test, False).label(f"s{number}") for number, test in enumerate(tests.values())]
    row = db.session.execute(select(*columns).where(Member.id == member_id)).one_or_none()
    return frozenset(name for name, is_in in zip(tests, row or (), strict=False) if is_in)


def holds(terms: Terms, when: When, member_id: Asked = None) -> ColumnElement[bool]:
    """Whether members fit; `member_id` is said where only one is asked about, so that only theirs is read, or is the
    column where it is asked about each."""
    tests: list[ColumnElement[bool]] = [true()]
    if terms.tags:
        tests.append(or_(*(has_tag(tag) for tag in sorted(terms.tags))))
    tests += [~Member.tags.contains([tag]) for tag in sorted(terms.without_tags)]
    if terms.tier:
        tests.append(Member.id.in_(_in_tier(terms.tier)))
    if terms.seen_within_days:
        tests.append(Member.last_seen_at >= when.days_ago(terms.seen_within_days - 1))
    if terms.away_for_days:
        seen = func.coalesce(Member.last_seen_at, Member.joined_at)
        tests.append(seen < when.days_ago(terms.away_for_days - 1))
    if terms.joined_since:
        tests.append(Member.joined_at >= start_of(terms.joined_since, when.time_zone))
    if terms.birthday_month:
        month = when.today.month if terms.birthday_month == THIS_MONTH else terms.birthday_month
        tests.append(func.extract("month", Member.birthday) == month)
    if terms.asks_visits:
        tests.append(_visits(terms, when, member_id, tests[1:]))
    return and_(*tests)


def _in_tier(tier: str) -> Select[uuid.UUID]:
    program, _slash, key = tier.rpartition("/")
    query = select(Enrolment.member_id).where(Enrolment.tier == key)
    return query.where(Enrolment.program_id == uuid.UUID(program)) if program else query


def _visits(
    terms: Terms, when: When, member_id: Asked, others: Sequence[ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Whether members came as often as is asked; entries are read once for both bounds, and only those of members who
    meet the `others`."""
    days = _days(when, member_id)
    if others and member_id is None:
        days = days.where(Enrolment.member_id.in_(select(Member.id).where(*others).correlate(None)))
    found = days.subquery()
    members = select(found.c.member_id).group_by(found.c.member_id)
    if not terms.min_visits and terms.max_visits is not None:
        return Member.id.not_in(members.having(func.count() > terms.max_visits))
    members = members.having(func.count() >= terms.min_visits)
    if terms.max_visits is not None:
        members = members.having(func.count() <= terms.max_visits)
    return Member.id.in_(members)


def _days(when: When, member_id: Asked) -> Select[uuid.UUID, dt.date]:
    """The shop's days on which members earned, each once; what was undone doesn't count.

    The days are made distinct before they are counted: that is hashed, where count(distinct) would sort every entry.
    """
    undone = select(Entry.reverses_id).where(Entry.reverses_id.is_not(None))
    day = cast(func.timezone(when.time_zone, Entry.occurred_at), Date).label("day")
    days = (
        select(Enrolment.member_id, day)
        .join(Entry, Entry.enrolment_id == Enrolment.id)
        .where(Entry.kind == "earn")
        .distinct()
    )
    if member_id is None:
        return days.where(Entry.id.not_in(undone))
    reversal = aliased(Entry)
    own = select(reversal.id).where(reversal.reverses_id == Entry.id).exists()
    return days.where(Enrolment.member_id == member_id, ~own).correlate(Member)
