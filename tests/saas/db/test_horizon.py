"""Reading on without losing what commits late."""

from __future__ import annotations

import datetime as dt

import psycopg

from saas.db import PLATFORM, new_id, transaction
from saas.db.horizon import SKEW, first_id, horizon, moment_of
from saas.web.clock import utcnow


def test_a_key_tells_when_it_was_made():
    before = utcnow()
    key = new_id()
    assert abs(moment_of(key) - before) < dt.timedelta(seconds=1)
    assert first_id(before - dt.timedelta(milliseconds=2)) < key < first_id(before + dt.timedelta(seconds=2))
    assert first_id(before).version == 7


def test_the_horizon_stays_at_the_oldest_open_transaction(app):
    settings = app.extensions["regulars"].settings
    address = settings.app_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as other:
        began = other.execute("SELECT now()").fetchone()[0]
        with app.app_context(), transaction(PLATFORM):
            first = horizon()
        assert first <= began - SKEW
        with app.app_context(), transaction(PLATFORM):
            assert horizon() == first
        other.rollback()
        with app.app_context(), transaction(PLATFORM):
            assert horizon() > first
