"""The time: one place to ask, so that tests can set it."""

from __future__ import annotations

import datetime as dt


def utcnow() -> dt.datetime:
    """The time now, in UTC, to the microsecond."""
    return dt.datetime.now(dt.UTC)
