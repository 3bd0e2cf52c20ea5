"""The dashboard's arithmetic."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.stats import rules

TODAY = dt.date(2026, 3, 2)


@pytest.mark.parametrize(
    ("text", "days"), [("7", 7), ("30", 30), ("90", 90), ("8", 30), (None, 30), ("x", 30)]
)
def test_period(text: str | None, days: int) -> None:
    assert rules.period(text) == days


def test_days_end_today() -> None:
    assert rules.days_until(TODAY, 3) == [dt.date(2026, 2, 28), dt.date(2026, 3, 1), TODAY]


def test_a_day_without_anything_is_zero() -> None:
    assert rules.series(rules.days_until(TODAY, 3), {TODAY: 4}) == [0, 0, 4]


@pytest.mark.parametrize(("now", "before", "change"), [(12, 8, 0.5), (4, 8, -0.5), (8, 8, 0.0), (3, 0, None)])
def test_change(now: int, before: int, change: float | None) -> None:
    assert rules.change(now, before) == change


def test_share() -> None:
    assert rules.share(1, 4) == 0.25
    assert rules.share(0, 0) is None


@given(total=st.integers(0, 10_000), added=st.lists(st.integers(0, 50), min_size=1))
def test_what_grew_ends_at_the_total(total: int, added: list[int]) -> None:
    assert rules.cumulated(total, added)[-1] == total


@given(st.lists(st.integers(0, 50)))
def test_weeks_hold_the_last_days(values: list[int]) -> None:
    weeks = rules.by_week(values)
    assert len(weeks) == len(values) // 7
    assert sum(weeks) == sum(values[len(values) - len(weeks) * 7 :])
