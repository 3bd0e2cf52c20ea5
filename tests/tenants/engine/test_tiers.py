"""Tiers: reached at once, kept until reviewed, lost after the grace; spending never costs one."""

from __future__ import annotations

import datetime as dt

import pytest

from tenants.engine.tiers import Tier, Window, review, taken_back
from tenants.engine.values import Standing
from tests.factories.examples import CAKE, lines
from tests.tenants.engine.shop import facts, judge

TIERS = (Tier("silver", 100), Tier("gold", 300))


def at(text):
    return dt.datetime.fromisoformat(text + "T12:00+00:00")


def standing(tier="", until=None, *qualified):
    return Standing(tier, at(until) if until else None, tuple((at(day), units) for day, units in qualified))


ROLLING, CALENDAR = Window(months=12, grace_days=30), Window("calendar", grace_days=30)


@pytest.mark.parametrize(
    ("window", "before", "now", "tier", "outcome"),
    [
        (ROLLING, standing("", None, ("2026-01-01", 99)), "2026-02-01", "", "kept"),
        (ROLLING, standing("", None, ("2026-01-01", 100)), "2026-02-01", "silver", "reached"),
        (
            ROLLING,
            standing("", None, ("2026-01-01", 50), ("2026-02-01", 250)),
            "2026-02-02",
            "gold",
            "reached",
        ),
        (ROLLING, standing("", None, ("2025-01-01", 100)), "2026-02-01", "", "kept"),  # out of the window
        (ROLLING, standing("gold", "2026-06-01"), "2026-05-01", "gold", "kept"),
        (ROLLING, standing("gold", "2026-06-01"), "2026-06-20", "gold", "grace"),
        (ROLLING, standing("gold", "2026-06-01"), "2026-07-02", "", "lost"),
        (ROLLING, standing("gold", "2026-06-01", ("2026-05-01", 120)), "2026-07-02", "silver", "lost"),
        (ROLLING, standing("gold", "2026-06-01", ("2026-05-01", 300)), "2026-07-02", "gold", "kept"),
        (CALENDAR, standing("", None, ("2025-12-31", 300)), "2026-01-02", "", "kept"),
        (CALENDAR, standing("", None, ("2026-01-01", 300)), "2026-01-02", "gold", "reached"),
    ],
)
def test_review(window, before, now, tier, outcome):
    found = review(TIERS, window, before, at(now), "UTC")
    assert (found.standing.tier, found.outcome) == (tier, outcome)
    again = review(TIERS, window, found.standing, at(now), "UTC")
    assert again.standing == found.standing


def test_a_tier_is_kept_for_the_window_or_to_the_end_of_the_next_year():
    enough = standing("", None, ("2026-02-01", 100))
    rolling = review(TIERS, ROLLING, enough, at("2026-02-01"), "UTC").standing
    assert rolling.kept_until == dt.datetime(2027, 2, 2, tzinfo=dt.UTC)
    calendar = review(TIERS, CALENDAR, enough, at("2026-02-01"), "UTC").standing
    assert calendar.kept_until == dt.datetime(2028, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("units", "tier"), [(10, "gold"), (60, "silver"), (250, "")], ids=["still gold", "silver", "none"]
)
def test_a_refund_gives_up_a_tier_that_was_never_reached_without_it(units, tier):
    held = standing("gold", "2027-06-01", ("2026-01-01", 60), ("2026-02-01", 250))
    assert taken_back(TIERS, ROLLING, held, units, at("2026-02-01"), "UTC").tier == tier


def test_a_refund_leaves_a_tier_that_other_purchases_reached_in_their_time():
    held = standing("gold", "2026-06-01", ("2024-01-01", 300), ("2026-02-01", 50))
    assert taken_back(TIERS, ROLLING, held, 50, at("2026-02-01"), "UTC").tier == "gold"


def test_a_purchase_reaches_a_tier_and_multiplies_from_the_next_on():
    example = {
        "programs": {
            "club": {
                "kind": "tiers",
                "rules": [{"key": "r", "per": "amount", "step_minor": 100}],
                "tiers": [{"key": "gold", "threshold": 25, "multiplier": "1.5"}],
            },
            "points": {"kind": "points", "rules": [{"key": "r", "per": "amount", "step_minor": 100}]},
        },
        "lines": lines((CAKE, 1)),
    }
    first = facts(judge(example))
    assert first["tier"] == {"club": "gold"}
    assert first["units"] == {"club": 25, "points": 25}
    second = facts(judge({**example, "tiers": {"club": "gold"}}))
    assert second["units"]["points"] == 37
