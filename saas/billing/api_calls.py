"""The month's API calls of each merchant: counted in the process, written down now and then.

A request costs no statement of its own but one in FLUSH_CALLS, or one in FLUSH_SECONDS where calls are rare. What a
process has not written when it dies is not counted; several processes learn of each other's calls when they write.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from saas.billing.models import UsageDay
from saas.db import PLATFORM
from saas.db.session import beside

FLUSH_CALLS, FLUSH_SECONDS = 50, 20.0
MOST_KEPT = 10_000


@dataclass
class Meter:
    """One merchant's calls: those not yet written, and the month's as they were when it last wrote."""

    day: dt.date
    pending: int = 0
    written: int = 0
    flushed_at: float = -FLUSH_SECONDS


_lock = threading.Lock()


def count(app: Flask, merchant_id: uuid.UUID, now: dt.datetime) -> int:
    """Count one call, and say how many there were in this calendar month (UTC), as far as this process knows."""
    meters: dict[uuid.UUID, Meter] = app.extensions.setdefault("regulars_api_calls", {})
    with _lock:
        meter = meters.get(merchant_id)
        if meter is None:
            if len(meters) >= MOST_KEPT:
                meters.clear()
            meter = meters[merchant_id] = Meter(now.date())
        meter.pending += 1
        due, tick = 0, time.monotonic()
        is_new_day = meter.day != now.date()
        if is_new_day or meter.pending >= FLUSH_CALLS or tick - meter.flushed_at >= FLUSH_SECONDS:
            due, meter.pending, meter.flushed_at = meter.pending, 0, tick
            meter.day = now.date()
    if due:
        meter.written = write(merchant_id, now.date(), due, now)
    return meter.written + meter.pending


def write(merchant_id: uuid.UUID, day: dt.date, calls: int, now: dt.datetime) -> int:
    """Add calls to a day, beside whatever transaction is open; how many the month has now."""
    last = (
        select(UsageDay.active_members)
        .where(UsageDay.merchant_id == merchant_id)
        .order_by(UsageDay.day.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = insert(UsageDay).values(
        merchant_id=merchant_id,
        day=day,
        active_members=func.coalesce(last, 0),
        api_calls=calls,
        counted_at=now,
    )
    upsert = row.on_conflict_do_update(
        index_elements=[UsageDay.merchant_id, UsageDay.day],
        set_={"api_calls": UsageDay.api_calls + calls},
    )
    with beside(PLATFORM) as connection:
        connection.execute(upsert)
        return int(connection.scalar(of_month(merchant_id, day)) or 0)


def of_month(merchant_id: uuid.UUID, day: dt.date) -> Select[int]:
    """The statement that sums a month's calls up to a day."""
    return select(func.coalesce(func.sum(UsageDay.api_calls), 0)).where(
        UsageDay.merchant_id == merchant_id, UsageDay.day >= day.replace(day=1), UsageDay.day <= day
    )
