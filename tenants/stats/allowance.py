"""How many active members a shop has, as its plan counts them: the dashboard's own number."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from saas.billing import entitlements
from saas.merchants.registry import Record
from tenants.stats import queries


@entitlements.counts("active_members")
def active(merchant: Record, now: dt.datetime) -> int:
    """Members stamped in the last 30 days."""
    today = now.astimezone(ZoneInfo(merchant.time_zone)).date()
    return queries.activity(today, merchant.time_zone).active
