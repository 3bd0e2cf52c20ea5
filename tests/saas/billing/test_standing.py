"""States, surfaces and plans as tables: nobody who holds a card loses anything, whatever a shop owes."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest

from saas.billing import plans
from saas.billing.standing import GRACE, LIMITED, READ_ONLY, STATES, SURFACES, TABLE, standing
from saas.billing.stripe_copy import Copy

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def paid(status, **more):
    return Copy(paid_plan="starter", stripe_status=status, **more)


@pytest.mark.parametrize(
    ("copy", "state", "plan", "until"),
    [
        (None, "free", "free", None),
        (Copy(), "free", "free", None),
        (Copy(trial_ends_at=NOW + DAY), "trial", "growth", NOW + DAY),
        (Copy(trial_ends_at=NOW), "free", "free", None),
        (paid("active", period_ends_at=NOW + DAY), "active", "starter", NOW + DAY),
        (paid("active", trial_ends_at=NOW + DAY), "active", "starter", None),
        (Copy(plan="network", paid_plan=None, stripe_status="active"), "active", "network", None),
        (paid("incomplete", trial_ends_at=NOW + DAY), "incomplete", "growth", NOW + DAY),
        (paid("incomplete"), "incomplete", "free", None),
        (paid("incomplete_expired"), "free", "free", None),
        (paid("incomplete_expired", trial_ends_at=NOW + DAY), "trial", "growth", NOW + DAY),
        (paid("past_due", grace_ends_at=NOW + DAY), "past_due", "starter", NOW + DAY),
        (paid("past_due", grace_ends_at=NOW), "restricted", "starter", NOW),
        (paid("unpaid", grace_ends_at=NOW + DAY), "restricted", "starter", NOW + DAY),
        (paid("paused"), "paused", "starter", None),
        (paid("active", paused_at=NOW), "paused", "starter", NOW),
        (paid("active", cancel_at=NOW + DAY), "cancelling", "starter", NOW + DAY),
        (paid("active", is_disputed=True), "disputed", "starter", None),
        (paid("active", is_refunded=True), "refunded", "starter", None),
        (paid("trialing", period_ends_at=NOW + DAY), "trial", "starter", NOW + DAY),
        (paid("canceled", ended_at=NOW), "cancelled", "free", NOW),
        (paid("canceled", trial_ends_at=NOW + DAY), "trial", "growth", NOW + DAY),
    ],
)
def test_what_a_row_amounts_to(copy, state, plan, until):
    found = standing(copy, NOW)
    assert (found.state, found.plan, found.until) == (state, plan, until)


def test_the_table_is_whole_and_members_lose_nothing():
    assert tuple(TABLE) == STATES
    for state in STATES:
        assert set(TABLE[state]) == set(SURFACES)
        assert TABLE[state]["card"] == TABLE[state]["counter"] == "full"
        assert (TABLE[state]["console"] == READ_ONLY) == (TABLE[state]["api"] == LIMITED)
    assert [state for state in STATES if TABLE[state]["console"] == READ_ONLY] == ["restricted", "paused"]


def test_who_may_begin_and_who_may_change():
    begins = [state for state in STATES if not plans_state(state).is_subscribed]
    assert begins == ["free", "trial", "incomplete", "cancelled"]
    assert not plans_state("restricted").can_change
    assert plans_state("cancelling").can_change
    assert plans_state("incomplete").can_change
    assert plans_state("active").banner is None
    assert plans_state("past_due").banner == "past_due"
    assert plans_state("restricted").access("console") == READ_ONLY
    assert dt.timedelta(days=14) == GRACE


def plans_state(state):
    from saas.billing.standing import Standing

    return Standing(state, "starter")


def test_bigger_plans_hold_more_and_cost_more():
    order = list(plans.PLANS.values())
    assert [plan.code for plan in order] == ["free", "starter", "growth", "network"]
    for smaller, bigger in pairwise(order):
        for name in plans.LIMITS:
            low, high = smaller.limits[name], bigger.limits[name]
            assert high is None or (low is not None and low < high)
        for currency in smaller.monthly:
            assert smaller.monthly[currency] < bigger.monthly[currency]


def test_prices_are_found_by_their_keys():
    assert len(plans.PRICES) == 3 * 2 * 5
    price = plans.price_of("growth_year_sek")
    assert price == plans.plan("growth").price("year", "SEK")
    assert price.amount_minor == 10 * plans.plan("growth").price("month", "SEK").amount_minor
    assert (plans.price_of("growth_week_sek"), plans.price_of(None)) == (None, None)
    assert [plans.currency_for(code) for code in ("SEK", "CHF")] == ["SEK", "EUR"]
    assert (plans.limit("free", "locations"), plans.limit("network", "staff")) == (1, None)
    with pytest.raises(KeyError):
        plans.limit("free", "hats")
