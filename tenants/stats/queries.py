"""The numbers of the dashboard, each from few statements over as few days as are shown.

Days are the merchant's: moments are turned into its time zone by an explicit AT TIME ZONE, then grouped.
Stamps that were undone don't count, not even on the day they were given.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, DateTime, Select, cast, exists, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from saas.db import db
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry, Program, ProgramVersion, Reward
from tenants.stats import rules

WINDOW = 30
Moment = InstrumentedAttribute[dt.datetime] | InstrumentedAttribute[dt.datetime | None]


@dataclass(frozen=True)
class Activity:
    """Members stamped in 30 days, those of them who came on two days or more, and both a window before."""

    active: int
    returning: int
    active_before: int
    returning_before: int


def midnight(day: dt.date, time_zone: str) -> dt.datetime:
    """The moment at which a day begins in the shop."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(time_zone))


def local_day(column: Moment, time_zone: str) -> ColumnElement[dt.date]:
    """A moment's day on the shop's calendar."""
    return cast(func.timezone(time_zone, column, type_=DateTime()), Date)


def is_counted() -> ColumnElement[bool]:
    """Stamps given and not undone."""
    reversal = aliased(Entry)
    return (Entry.kind == "earn") & ~exists().where(reversal.reverses_id == Entry.id)


def stamps_by_day(today: dt.date, days: int, time_zone: str) -> list[int]:
    """Stamps of each of the last days, today being the last; points are no stamps."""
    stamps = Entry.version_id.in_(_versions_of_stamp_cards())
    return _by_day(Entry.occurred_at, func.sum(Entry.units), is_counted() & stamps, today, days, time_zone)


def has_stamp_cards() -> bool:
    """Whether the shop ever published a card of stamps."""
    return db.session.execute(select(_versions_of_stamp_cards().exists())).scalar_one()


def _versions_of_stamp_cards() -> Select[uuid.UUID]:
    return select(ProgramVersion.id).join(Program).where(Program.kind == "stamp_card")


def members_by_day(today: dt.date, days: int, time_zone: str) -> list[int]:
    """Members who were stamped on each of the last days; a card stands for its member."""
    members = func.count(Entry.enrolment_id.distinct())
    return _by_day(Entry.occurred_at, members, is_counted(), today, days, time_zone)


def rewards_by_day(today: dt.date, days: int, time_zone: str) -> list[int]:
    """Rewards handed out on each of the last days."""
    return _by_day(Reward.fulfilled_at, func.count(), Reward.status == "fulfilled", today, days, time_zone)


def joined_by_day(today: dt.date, days: int, time_zone: str) -> list[int]:
    """Members who joined on each of the last days."""
    return _by_day(Member.joined_at, func.count(), true(), today, days, time_zone)


def enrolled() -> int:
    """Everyone who holds a card of the shop."""
    return db.session.execute(select(func.count()).select_from(Member)).scalar_one()


def activity(today: dt.date, time_zone: str) -> Activity:
    """Who came, and who came back, in the last 30 days and in the 30 before them.

    Active: a member with a stamp in the window. Returning: one with stamps on two days or more in it.
    returning / active is the repeat customer rate as shops use it (customers with two or more purchases in a
    period, out of all who bought in it), with a day on which stamps were given in the place of a purchase:
    a second coffee on one day is no return.
    """
    start, before = today - dt.timedelta(days=WINDOW - 1), today - dt.timedelta(days=2 * WINDOW - 1)
    days = (
        select(Enrolment.member_id, local_day(Entry.occurred_at, time_zone).label("day"))
        .join(Enrolment, Enrolment.id == Entry.enrolment_id)
        .where(is_counted(), _within(Entry.occurred_at, before, today, time_zone))
        .distinct()
        .subquery()
    )
    members = (
        select(
            func.count().filter(days.c.day >= start).label("now"),
            func.count().filter(days.c.day < start).label("before"),
        )
        .group_by(days.c.member_id)
        .subquery()
    )
    counts = [
        func.count().filter(column >= least)
        for column in (members.c.now, members.c.before)
        for least in (1, 2)
    ]
    row = db.session.execute(select(*counts)).one()
    return Activity(row[0], row[1], row[2], row[3])


def _by_day(
    moment: Moment,
    number: ColumnElement[int],
    condition: ColumnElement[bool],
    today: dt.date,
    days: int,
    time_zone: str,
) -> list[int]:
    shown = rules.days_until(today, days)
    query = select(local_day(moment, time_zone).label("day"), number)
    query = query.where(condition, _within(moment, shown[0], today, time_zone)).group_by("day")
    return rules.series(shown, {day: int(counted) for day, counted in db.session.execute(query)})


def _within(moment: Moment, first: dt.date, last: dt.date, time_zone: str) -> ColumnElement[bool]:
    end = midnight(last + dt.timedelta(days=1), time_zone)
    return (moment >= midnight(first, time_zone)) & (moment < end)
