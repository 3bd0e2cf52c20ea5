"""When conditions hold: moments, places, members, goods."""

from __future__ import annotations

import pytest

from tests.factories.examples import CAKE, COFFEE, CROISSANT, lines
from tests.tenants.engine.shop import facts, judge

GOODS = lines((COFFEE, 2), (CROISSANT, 1), (CAKE, 1))
TEN = {"kind": "percent", "percent": 10, "on": "order"}


def refused(conditions, **more):
    example = {"coupons": {"c": {"benefit": TEN, "conditions": conditions}}, "lines": GOODS, **more}
    return facts(judge(example))["refused"].get("c")


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2026-03-06T22:30:00+02:00", None),  # Friday night
        ("2026-03-07T01:59:00+02:00", None),  # belongs to Friday's night
        ("2026-03-07T02:00:00+02:00", "wrong_hour"),
        ("2026-03-07T22:30:00+02:00", "wrong_weekday"),
        ("2026-03-06T01:00:00+02:00", "wrong_weekday"),  # Thursday's night
        ("2026-03-06T20:30:00+00:00", None),  # the shop's clock counts
    ],
)
def test_hours_that_cross_midnight_belong_to_the_day_they_began(at, code):
    conditions = {"weekdays": [5], "hours": [{"start": "22:00", "end": "02:00"}]}
    assert refused(conditions, at=at) == code


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2026-03-29T02:59:00+02:00", None),  # the hour after is left out that night
        ("2026-03-29T04:00:00+03:00", "wrong_hour"),
        ("2026-10-25T03:30:00+03:00", None),  # 3:30 comes twice that night
        ("2026-10-25T03:30:00+02:00", None),
        ("2026-10-25T04:00:00+02:00", "wrong_hour"),
    ],
)
def test_nights_on_which_the_clock_changes(at, code):
    assert refused({"hours": [{"start": "01:00", "end": "04:00"}]}, at=at) == code


@pytest.mark.parametrize(
    ("born", "at", "around", "code"),
    [
        ("1996-02-29", "2026-02-28T12:00:00+02:00", {}, None),
        ("1996-02-29", "2026-03-01T12:00:00+02:00", {}, "not_birthday"),
        ("1996-02-29", "2028-02-28T12:00:00+02:00", {}, "not_birthday"),
        ("1996-02-29", "2028-02-29T12:00:00+02:00", {}, None),
        ("1990-12-30", "2026-01-03T12:00:00+02:00", {"days_after": 6}, None),
        ("1990-01-02", "2025-12-31T12:00:00+02:00", {"days_before": 3}, None),
        ("1990-03-04", "2026-03-03T23:30:00+02:00", {}, "not_birthday"),
        ("1990-03-04", "2026-03-03T22:30:00+00:00", {}, None),  # past midnight in Athens
        (None, "2026-03-03T12:00:00+02:00", {}, "no_birthday_known"),
    ],
)
def test_birthdays(born, at, around, code):
    assert refused({"birthday": around}, birthday=born, at=at) == code


@pytest.mark.parametrize(
    ("conditions", "more", "code"),
    [
        ({"first_purchase": True}, {}, None),
        ({"first_purchase": True}, {"purchase_count": 1}, "not_first_purchase"),
        ({"first_purchase": True}, {"no_member": True}, "needs_member"),
        ({"tiers": {"any": ["gold"]}}, {"tiers": {"club": "gold"}}, None),
        ({"tiers": {"any": ["club/gold"]}}, {"tiers": {"club": "gold"}}, None),
        ({"tiers": {"any": ["gold"]}}, {"tiers": {"club": "silver"}}, "wrong_tier"),
        ({"tiers": {"none": ["gold"]}}, {"tiers": {"club": "gold"}}, "wrong_tier"),
        ({"segments": {"all": ["a", "b"]}}, {"segments": ["a", "b", "c"]}, None),
        ({"segments": {"all": ["a", "b"]}}, {"segments": ["a"]}, "wrong_segment"),
        ({"days_away": 30}, {}, "not_away_long_enough"),
        ({"goods": {"products": {"all": ["coffee", "cake"]}}}, {}, None),
        ({"goods": {"products": {"all": ["coffee", "soap"]}}}, {}, "goods_missing"),
        ({"goods": {"products": {"any": ["soap"]}}}, {}, "no_matching_goods"),
        ({"min_amount_minor": 3300}, {}, None),
        ({"min_amount_minor": 3301}, {}, "amount_too_small"),
        ({"goods": {"products": {"any": ["coffee"]}}, "min_amount_minor": 601}, {}, "amount_too_small"),
        (
            {"goods": {"products": {"any": ["coffee"]}}, "min_amount_minor": 3300, "amount_of": "order"},
            {},
            None,
        ),
        ({"min_quantity": 4}, {}, None),
        ({"min_quantity": "4.5"}, {}, "quantity_too_small"),
        ({"members_only": True}, {"no_member": True}, "needs_member"),
    ],
)
def test_members_and_goods(conditions, more, code):
    assert refused(conditions, **more) == code


def test_a_minimum_after_discounts_counts_what_is_left():
    coupons = {
        "a": {"benefit": {"kind": "amount", "amount_minor": 400, "on": "order"}},
        "b": {"benefit": TEN, "conditions": {"min_amount_minor": 3000, "amount_when": "after_discounts"}},
    }
    assert facts(judge({"coupons": coupons, "lines": GOODS}))["refused"] == {"b": "amount_too_small"}
    coupons["b"]["conditions"]["amount_when"] = "before_discounts"
    assert facts(judge({"coupons": coupons, "lines": GOODS}))["refused"] == {}
