"""Revenue, churn and trials: arithmetic in tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from saas.operator import rules
from saas.operator.rules import Contract, Month, Paid

SEP, OCT, NOV = Month(2026, 9), Month(2026, 10), Month(2026, 11)
MONTHS = [SEP, OCT, NOV]


def at(month: int, day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=dt.UTC)


def contract(**values: Any) -> Contract:
    base = {
        "plan": "starter",
        "state": "active",
        "currency": "EUR",
        "interval": "month",
        "amount_minor": 1900,
        "started_at": at(8, 1),
        "ended_at": None,
    }
    return Contract(**{**base, **values})


def test_months_follow_each_other_over_the_year() -> None:
    assert rules.months_until(Month(2026, 2), 4) == [
        Month(2025, 11),
        Month(2025, 12),
        Month(2026, 1),
        Month(2026, 2),
    ]
    assert Month(2026, 12).plus(1) == Month(2027, 1)
    assert Month.of(dt.datetime(2026, 11, 30, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-2)))) == Month(
        2026, 12
    )


def test_revenue_is_paid_less_refunded_and_never_added_over_currencies() -> None:
    rows = [
        Paid(SEP, "EUR", 5000, 0),
        Paid(NOV, "EUR", 7000, 1900),
        Paid(NOV, "EUR", 100, 0),
        Paid(OCT, "SEK", 19900, 19900),
        Paid(Month(2026, 1), "GBP", 1600, 0),
    ]
    assert rules.revenue(rows, MONTHS) == {"EUR": [5000, 0, 5200], "SEK": [0, 0, 0]}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 1900),
        ({"interval": "year", "amount_minor": 19000}, 1583),
        ({"state": "past_due"}, 1900),
        ({"state": "cancelling"}, 1900),
        ({"state": "trial"}, 0),
        ({"state": "paused"}, 0),
        ({"state": "restricted"}, 0),
        ({"state": "cancelled"}, 0),
        ({"amount_minor": None}, 0),
    ],
)
def test_what_a_subscription_brings_a_month(values: dict[str, Any], expected: int) -> None:
    assert rules.monthly_minor(contract(**values)) == expected


def test_recurring_revenue_by_plan_and_currency() -> None:
    found = rules.recurring(
        [
            contract(),
            contract(amount_minor=1700),
            contract(plan="network", amount_minor=14900),
            contract(currency="SEK", amount_minor=19900),
            contract(state="cancelled"),
            contract(plan="of old", amount_minor=5),
        ],
        ["starter", "growth", "network"],
    )
    assert [(line.plan, line.currency, line.count, line.monthly_minor) for line in found] == [
        ("starter", "EUR", 2, 3600),
        ("starter", "SEK", 1, 19900),
        ("network", "EUR", 1, 14900),
        ("of old", "EUR", 1, 5),
    ]


@pytest.mark.parametrize(
    ("started", "ended", "expected"),
    [
        # (at_start, begun, ended) of September, October, November
        (at(8, 1), None, [(1, 0, 0), (1, 0, 0), (1, 0, 0)]),
        (at(8, 1), at(10, 31), [(1, 0, 0), (1, 0, 1), (0, 0, 0)]),
        (at(8, 1), at(8, 20), [(0, 0, 0), (0, 0, 0), (0, 0, 0)]),
        (at(10, 5), at(10, 20), [(0, 0, 0), (0, 1, 0), (0, 0, 0)]),
        (at(10, 1, 0), at(11, 1, 0), [(0, 0, 0), (0, 1, 0), (1, 0, 1)]),
        (None, at(10, 1), [(0, 0, 0), (0, 0, 0), (0, 0, 0)]),
    ],
)
def test_churn(
    started: dt.datetime | None, ended: dt.datetime | None, expected: list[tuple[int, int, int]]
) -> None:
    found = rules.churn([contract(started_at=started, ended_at=ended)], MONTHS)
    assert [(line.at_start, line.begun, line.ended) for line in found] == expected


def test_churn_as_a_share() -> None:
    ran = [contract() for _ in range(3)] + [contract(ended_at=at(10, 9))]
    shares = [line.share for line in rules.churn(ran, MONTHS)]
    assert shares == [0.0, 0.25, 0.0]
    assert [line.share for line in rules.churn([], MONTHS)] == [None, None, None]


def test_from_trial_to_paid() -> None:
    rows = [
        (at(9, 3), None),
        (at(10, 3), at(10, 17)),
        (at(10, 9), at(11, 2)),
        (at(10, 12), None),
        (at(1, 1), at(2, 1)),
    ]
    found = rules.trials(rows, MONTHS)
    assert [(line.begun, line.paid) for line in found] == [(1, 0), (3, 2), (0, 0)]
    assert [line.share for line in found] == [0.0, pytest.approx(2 / 3), None]
