"""The columns of a subscription's row that come from Stripe, as a value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

OVER = ("canceled", "incomplete_expired")


@dataclass(frozen=True)
class Copy:
    """The columns of a subscription's row that come from Stripe, and those that its standing depends on."""

    plan: str = "free"
    trial_ends_at: dt.datetime | None = None
    paid_plan: str | None = None
    interval: str | None = None
    currency: str | None = None
    amount_minor: int | None = None
    stripe_subscription_id: str | None = None
    stripe_status: str | None = None
    stripe_price_id: str | None = None
    period_ends_at: dt.datetime | None = None
    cancel_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    past_due_since: dt.datetime | None = None
    grace_ends_at: dt.datetime | None = None
    paused_at: dt.datetime | None = None
    is_disputed: bool = False
    is_refunded: bool = False
    notice: str | None = None
