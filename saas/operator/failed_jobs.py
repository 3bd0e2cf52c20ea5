"""Jobs that the queue gave up on: whose, which, when, and trying one again. What was in them is never shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    cast,
    func,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import ENUM, JSONB
from sqlalchemy.exc import IntegrityError

from saas.db import db
from saas.web.refusals import Refusal

PAGE = 50
_status = ENUM("todo", "doing", "succeeded", "failed", name="procrastinate_job_status", create_type=False)
_metadata = MetaData()
jobs = Table(
    "procrastinate_jobs",
    _metadata,
    Column("id", BigInteger, primary_key=True),
    Column("task_name", String),
    Column("args", JSONB),
    Column("status", _status),
    Column("attempts", Integer),
)
events = Table(
    "procrastinate_events",
    _metadata,
    Column("id", BigInteger, primary_key=True),
    Column("job_id", BigInteger),
    Column("at", DateTime(timezone=True)),
)
_slug = jobs.c.args["slug"].astext


class JobGone(Refusal):
    """It isn't among the failed ones any more."""


class JobWaits(Refusal):
    """One like it waits in the queue already."""


@dataclass(frozen=True)
class Job:
    """A job that failed for good: what it was to do, for whom, how often it was tried, and when last."""

    id: int
    task: str
    slug: str | None
    attempts: int
    at: dt.datetime | None


def counts() -> dict[str, int]:
    """How many jobs failed, by the merchant's slug; the queue keeps them for a day, so there are few."""
    query = select(_slug, func.count()).where(jobs.c.status == "failed", _slug.is_not(None)).group_by(_slug)
    return dict(db.session.execute(query).all())


def page(slug: str = "", task: str = "", before: int | None = None) -> tuple[list[Job], int | None]:
    """Failed jobs, the newest first, and where the next page begins."""
    last = select(func.max(events.c.at)).where(events.c.job_id == jobs.c.id).correlate(jobs).scalar_subquery()
    query = select(jobs.c.id, jobs.c.task_name, _slug, jobs.c.attempts, last).where(jobs.c.status == "failed")
    if slug:
        query = query.where(_slug == slug)
    if task:
        query = query.where(jobs.c.task_name.contains(task, autoescape=True))
    if before is not None:
        query = query.where(jobs.c.id < before)
    found = [Job(*row) for row in db.session.execute(query.order_by(jobs.c.id.desc()).limit(PAGE + 1))]
    return found[:PAGE], found[PAGE - 1].id if found[PAGE:] else None


def retry(job_id: int, now: dt.datetime) -> Job:
    """Put a failed job back into the queue; raises JobGone, JobWaits."""
    row = db.session.execute(
        select(jobs.c.id, jobs.c.task_name, _slug, jobs.c.attempts)
        .where(jobs.c.id == job_id, jobs.c.status == "failed")
        .with_for_update()
    ).first()
    if row is None:
        raise JobGone(_("This job isn’t among the failed ones any more."))
    again = func.procrastinate_retry_job_v2(
        cast(job_id, BigInteger),
        cast(now, DateTime(timezone=True)),
        cast(null(), Integer),
        cast(null(), String),
        cast(null(), String),
    )
    try:
        with db.session.begin_nested():
            db.session.execute(select(again))
    except IntegrityError:
        raise JobWaits(_("A job like it waits in the queue already.")) from None
    return Job(row.id, row.task_name, row[2], row.attempts, now)
