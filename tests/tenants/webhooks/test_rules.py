"""When deliveries are tried again, and when an endpoint is switched off."""

from __future__ import annotations

import datetime as dt

import pytest

from tenants.webhooks import rules

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "delivered"), (204, "delivered"), (299, "delivered"), (301, "redirect"), (307, "redirect"),
     (400, "status"), (410, "status"), (500, "status"), (199, "status")],
)  # fmt: skip
def test_only_2xx_is_a_delivery(status, outcome):
    assert rules.outcome_of(status) == outcome


def test_ten_attempts_over_three_days():
    waits = [rules.next_attempt(number, NOW) for number in range(1, 11)]
    assert [wait and (wait - NOW).total_seconds() for wait in waits] == [
        5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, None,
    ]  # fmt: skip
    assert dt.timedelta(days=3) < sum(rules.RETRIES, dt.timedelta()) < rules.FAILING_FOR


def test_five_days_of_failures_only():
    assert not rules.is_switched_off(None, NOW)
    assert not rules.is_switched_off(NOW - dt.timedelta(days=5) + dt.timedelta(seconds=1), NOW)
    assert rules.is_switched_off(NOW - dt.timedelta(days=5), NOW)
