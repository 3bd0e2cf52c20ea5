"""A music shop's real purchases, moved so that they end yesterday."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from saas.db import db, transaction
from saas.merchants.registry import Record
from tenants.purchases.models import Purchase

SAMPLE = Path(__file__).parents[1] / "demo_data" / "cdnow_sample.txt"


def shifted(content: bytes, end: dt.date) -> bytes:
    """The sample with each date moved by the same number of days, so that its last one is `end`."""
    text = content.decode("ascii")
    dates = {word for line in text.splitlines() for word in line.split()[2:3]}
    days = end - max(map(_day, dates))
    moved = {word: f"{_day(word) + days:%Y%m%d}" for word in dates}
    return re.sub(r"\b\d{8}\b", lambda match: moved[match[0]], text).encode("ascii")


def _day(word: str) -> dt.date:
    return dt.date(int(word[:4]), int(word[4:6]), int(word[6:8]))


def last_day(merchant: Record, now: dt.datetime) -> dt.date:
    """Yesterday; once the sample is in, the day on which it ends there, so that reading it again adds
    nothing.
    """
    zone = ZoneInfo(merchant.time_zone)
    with transaction(merchant.binding):
        query = select(func.max(Purchase.occurred_at)).where(Purchase.import_id.is_not(None))
        latest = db.session.scalar(query)
    if latest is not None:
        return latest.astimezone(zone).date()
    return now.astimezone(zone).date() - dt.timedelta(days=1)
