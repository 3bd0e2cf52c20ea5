"""Rewards apart from a purchase: issued once, handed out once, cancelled and expired ones return their units."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from tenants.engine.lots import expiring
from tenants.engine.quote import quote
from tenants.engine.reasons import Reason
from tenants.engine.redemptions import cancel, expire_rewards, hand_out, issue
from tenants.engine.values import Enrolment, Member, UseReady
from tests.factories.examples import CAKE, COFFEE, lines
from tests.tenants.engine.shop import NOW, account, basket, program

TERMS = {
    "kind": "points",
    "rules": [{"key": "r", "per": "visit"}],
    "rewards": [
        {"key": "cup", "cost": 30, "valid_days": 7, "benefit": {"kind": "merchandise", "item": "cup"}},
        {"key": "all", "cost": 30, "takes_all": True, "benefit": {"kind": "free_item"}},
        {
            "key": "gold",
            "cost": 1,
            "benefit": {"kind": "free_item"},
            "conditions": {"tiers": {"any": ["gold"]}},
        },
        {"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 1}},
    ],
}
POINTS = program(TERMS, "points")
VISIT = basket([], key="r1")


def member(units=50):
    return Member("m", enrolments={"points": Enrolment(account(units))})


@pytest.mark.parametrize(("key", "left"), [("cup", 20), ("all", 0)])
def test_issued_handed_out_once_or_cancelled(key, left):
    issued = issue(POINTS, key, member(), VISIT)
    assert issued.enrolment.account.balance == left
    handed = hand_out(issued.enrolment, issued.ready.id)
    assert (handed.ready, handed.account.balance) == ((), left)
    assert hand_out(handed, issued.ready.id) is None
    assert cancel(handed, issued.ready.id) is None
    assert cancel(issued.enrolment, issued.ready.id) == member().enrolments["points"]


@pytest.mark.parametrize(
    ("key", "units", "code"),
    [
        ("cup", 29, "not_enough_units"),
        ("all", 29, "not_enough_units"),
        ("gold", 50, "wrong_tier"),
        ("pay", 50, "unknown_reward"),
        ("none", 50, "unknown_reward"),
    ],
)
def test_refusals(key, units, code):
    refused = issue(POINTS, key, member(units), VISIT)
    assert isinstance(refused, Reason)
    assert refused.code == code


def test_an_issued_reward_expires_at_the_end_of_its_last_day():
    issued = issue(POINTS, "cup", member(), VISIT)
    ends = dt.datetime.fromisoformat("2026-03-11T00:00+02:00")
    assert issued.ready.expires_at == ends
    early, over = expire_rewards(issued.enrolment, ends - dt.timedelta(seconds=1))
    assert (early, over) == (issued.enrolment, ())
    late, over = expire_rewards(issued.enrolment, ends)
    assert (late.account.balance, late.ready, len(over)) == (50, (), 1)
    assert expire_rewards(late, ends) == (late, ())


def test_an_issued_reward_is_used_on_a_purchase_once():
    issued = issue(POINTS, "all", member(), VISIT)
    who = replace(member(), enrolments={"points": issued.enrolment})
    use = UseReady(issued.ready.id)
    result = quote(basket(lines((COFFEE, 1), (CAKE, 1))), who, [POINTS], [], [use, use])
    assert result.total_minor == 2500
    assert [refused.reason.code for refused in result.refused] == ["used_twice"]
    assert result.outcome("points").enrolment.ready == ()


def test_an_expired_reward_is_not_used():
    issued = issue(POINTS, "cup", member(), VISIT)
    who = replace(member(), enrolments={"points": issued.enrolment})
    for at, refused in (("2026-03-10T23:59:59+02:00", []), ("2026-03-11T00:00:00+02:00", ["reward_expired"])):
        result = quote(basket(lines((COFFEE, 1)), at=at), who, [POINTS], [], [UseReady(issued.ready.id)])
        assert [item.reason.code for item in result.refused] == refused


def test_what_expires_soon_is_told():
    soon = NOW + dt.timedelta(days=5)
    held = account(5)
    lots = (replace(held.lots[0], expires_at=soon), replace(held.lots[0], id="later", expires_at=None))
    held = replace(held, lots=lots)
    assert [lot.id for lot in expiring(held, NOW, soon)] == ["start"]
    assert expiring(held, NOW, soon - dt.timedelta(days=1)) == ()
