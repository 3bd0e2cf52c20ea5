"""Reading what is new without losing what commits late: which rows every later reader will find committed.

Keys of version 7 grow with the moment they were made, not with the moment they became visible. A transaction that is
still open may yet show rows with older keys, so a reader may move on only to the start of the oldest one.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import DateTime, String, column, func, select, table

from saas.db.session import db

# Clocks of web servers and database may differ by this much, and a key may be made a moment before its transaction.
SKEW = dt.timedelta(minutes=2)
ACTIVITY = table("pg_stat_activity", column("datname", String), column("xact_start", DateTime(timezone=True)))


def horizon() -> dt.datetime:
    """A moment before which no row can appear any more; ask it first, then read. Needs the platform's transaction.

    PostgreSQL shows a role the transactions of its own log-in, which is the app's, the only one that writes such rows.
    """
    oldest = select(func.coalesce(func.min(ACTIVITY.c.xact_start), func.now())).where(
        ACTIVITY.c.datname == func.current_database()
    )
    return db.session.execute(oldest).scalar_one() - SKEW


def first_id(moment: dt.datetime) -> uuid.UUID:
    """The lowest key of version 7 that could be made at a moment."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (0x2 << 62))


def moment_of(key: uuid.UUID) -> dt.datetime:
    """When a key of version 7 was made, to the millisecond."""
    return dt.datetime.fromtimestamp((key.int >> 80) / 1000, dt.UTC)
