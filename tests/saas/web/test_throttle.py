"""Throttles: what a window is, that a new one counts from one, and that nobody is let in by another spelling."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from flask import Flask

from saas.web import throttle
from saas.web.refusals import TooMany
from saas.web.throttle import window

NOON = dt.datetime(2026, 3, 29, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("now", "began"),
    [
        (NOON, NOON),
        (NOON + dt.timedelta(minutes=14, seconds=59), NOON),
        (NOON + dt.timedelta(minutes=15), NOON + dt.timedelta(minutes=15)),
        (NOON.astimezone(dt.timezone(2 * HOUR)), NOON),
    ],
)
def test_a_window_is_a_quarter_of_the_clock(now: dt.datetime, began: dt.datetime) -> None:
    assert window(now, 900) == began


def test_a_new_window_counts_from_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    began, eleni = [NOON], f"{uuid.uuid4().hex}@example.org"
    monkeypatch.setattr(throttle, "window", lambda _now, _seconds: began[0])
    with app.app_context():
        throttle.refuse_throttled("try", eleni.title(), 2, 900)
        throttle.throttle("try", eleni, 2, 900)
        throttle.refuse_throttled("try", eleni, 2, 900)
        throttle.throttle("try", eleni.upper(), 2, 900)
        with pytest.raises(TooMany):
            throttle.refuse_throttled("try", eleni, 2, 900)
        with pytest.raises(TooMany):
            throttle.throttle("try", eleni, 2, 900)
        throttle.throttle("try", f"n{eleni}", 2, 900)
        began[0] += HOUR
        throttle.refuse_throttled("try", eleni, 2, 900)
        assert [throttle.count("try", eleni, 2, 900).count for _time in range(2)] == [1, 2]
