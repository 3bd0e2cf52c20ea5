"""When a delivery is tried again, when an endpoint is switched off, and what an attempt's answer means."""

from __future__ import annotations

import datetime as dt

# After the first attempt, which is at once; the last one is three days later.
RETRIES = tuple(
    dt.timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
FAILING_FOR = dt.timedelta(days=5)
TWO_SECRETS_FOR = dt.timedelta(hours=24)
KEPT_FOR = dt.timedelta(days=30)
MOST_ENDPOINTS = 10

DELIVERED, REFUSED, REDIRECT = "delivered", "status", "redirect"
GONE = 410


def outcome_of(status_code: int) -> str:
    """Only 2xx is a delivery; a redirect is followed nowhere, as it could lead anywhere."""
    if 200 <= status_code < 300:
        return DELIVERED
    return REDIRECT if 300 <= status_code < 400 else REFUSED


def next_attempt(attempts: int, now: dt.datetime) -> dt.datetime | None:
    """When the next attempt is due after `attempts` failed ones; None when that was the last."""
    return now + RETRIES[attempts - 1] if attempts <= len(RETRIES) else None


def is_switched_off(failing_since: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether an endpoint has only failed for so long that it is switched off."""
    return failing_since is not None and now - failing_since >= FAILING_FOR
