"""How coupons and rewards go together, and how they are shared over lines."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.factories.examples import CAKE, COFFEE, CROISSANT, WASH, lines
from tests.tenants.engine.shop import facts, judge

BASKET = lines((COFFEE, 2), (CROISSANT, 1), (CAKE, 1))  # 3300


def off(minor, **stacking):
    return {"benefit": {"kind": "amount", "amount_minor": minor, "on": "order"}, "stacking": stacking}


def percent(value, **stacking):
    return {"benefit": {"kind": "percent", "percent": value, "on": "order"}, "stacking": stacking}


@pytest.mark.parametrize(
    ("coupons", "total", "refused"),
    [
        ({"a": off(100), "b": off(200)}, 3000, {}),
        ({"a": off(100), "b": off(200, mode="exclusive")}, 3100, {"a": "excluded_by"}),
        ({"a": off(300), "b": off(200, mode="exclusive")}, 3000, {"b": "excluded_by"}),
        (
            {"a": off(200), "b": off(200, mode="exclusive")},
            3100,
            {"b": "excluded_by"},
        ),  # on a tie those that go together
        ({"a": off(200, mode="exclusive"), "b": off(300, mode="exclusive")}, 3000, {"a": "excluded_by"}),
        (
            {"a": off(100, mode="best_of", group="g"), "b": percent(10, mode="best_of", group="g")},
            2970,
            {"a": "better_in_group"},
        ),
        (
            {
                "a": off(100, mode="best_of", group="g"),
                "b": percent(10, mode="best_of", group="g"),
                "c": off(70),
            },
            2900 - 7 + 7,
            {"a": "better_in_group"},
        ),
        ({"a": off(300, priority=1), "b": percent(10, priority=2)}, 2700, {}),
        ({"a": off(300, priority=2), "b": percent(10, priority=1)}, 2670, {}),
        ({"a": off(4000), "b": off(100)}, 0, {"b": "nothing_to_reduce"}),
    ],
)
def test_stacking(coupons, total, refused):
    found = facts(judge({"coupons": coupons, "lines": BASKET}))
    assert (found["total"], found["refused"]) == (total, refused)


def test_an_exclusive_coupon_keeps_units_from_being_spent():
    example = {
        "programs": {
            "p": {
                "kind": "points",
                "rules": [{"key": "r", "per": "visit"}],
                "rewards": [{"key": "w", "cost": 10, "benefit": off(100)["benefit"]}],
            }
        },
        "balances": {"p": 10},
        "choices": [{"program": "p", "reward": "w"}],
        "coupons": {"c": off(500, mode="exclusive")},
        "lines": BASKET,
    }
    found = facts(judge(example))
    assert found["refused"] == {"p/w": "excluded_by"}
    assert found["balance"] == {"p": 11}


@pytest.mark.parametrize(
    ("benefit", "conditions", "goods", "discount"),
    [
        ({"kind": "cheapest_free", "quantity": 3}, {}, [(COFFEE, 2), (CAKE, 1)], 300),
        ({"kind": "cheapest_free", "quantity": 3}, {}, [(COFFEE, 5), (CROISSANT, 1)], 500),
        ({"kind": "cheapest_free", "quantity": 3, "max_times": 1}, {}, [(COFFEE, 6)], 300),
        ({"kind": "cheapest_free", "quantity": 3}, {}, [(COFFEE, 2)], 0),
        (
            {"kind": "buy_x_get_y", "buy": 1, "get": 1, "percent": 50},
            {},
            [(COFFEE, 4), (CROISSANT, 1)],
            350 - 100,
        ),
        (
            {"kind": "buy_x_get_y", "buy": 2, "get": 1, "target": {"categories": {"any": ["bakery"]}}},
            {"goods": {"categories": {"any": ["drinks"]}}},
            [(COFFEE, 5), (CROISSANT, 1), (CAKE, 1)],
            2700,
        ),
        (
            {"kind": "buy_x_get_y", "buy": 1, "get": 1, "target": {"products": {"any": ["coffee"]}}},
            {},  # a coffee is bought or got, not both
            [(COFFEE, 3)],
            300,
        ),
        ({"kind": "fixed_price", "quantity": 2, "amount_minor": 500}, {}, [(COFFEE, 3)], 100),
        ({"kind": "fixed_price", "quantity": 2, "amount_minor": 500}, {}, [(CROISSANT, 4)], 0),
        ({"kind": "fixed_price", "amount_minor": 250}, {}, [(COFFEE, 2), (CROISSANT, 1)], 100),
        ({"kind": "free_item", "quantity": 2}, {}, [(COFFEE, 1), (CROISSANT, 1), (CAKE, 1)], 500),
        ({"kind": "amount", "amount_minor": 100, "per": "item", "quantity": 2}, {}, [(COFFEE, 5)], 200),
        ({"kind": "percent", "percent": "33.3"}, {}, [(COFFEE, 1)], 100),
        ({"kind": "percent", "percent": "0.1"}, {}, [(COFFEE, 1)], 0),
    ],
)
def test_what_a_benefit_takes_off(benefit, conditions, goods, discount):
    coupons = {"c": {"benefit": benefit, "conditions": conditions}}
    assert facts(judge({"coupons": coupons, "lines": lines(*goods)}))["discount"] == discount


def test_a_percent_rounds_once_and_is_shared_by_largest_remainder():
    goods = [({"sku": str(i), "unit_price_minor": 333}, 1) for i in range(3)]
    result = judge({"coupons": {"c": percent(10)}, "lines": lines(*goods)})
    assert sorted(line.net_minor for line in result.lines) == [299, 300, 300]
    assert result.discount_minor == 100


def test_who_gets_the_cent_depends_on_the_goods_not_on_their_order():
    goods = [{"key": sku, "sku": sku, "unit_price_minor": 333} for sku in ("a", "b", "c", "d")]
    found = set()
    for mixed in permutations(goods):
        result = judge({"coupons": {"c": percent(10)}, "lines": list(mixed)})
        found.add(tuple(sorted((line.key, line.net_minor) for line in result.lines)))
    assert len(found) == 1


def test_excluded_goods_are_neither_reduced_nor_counted_nor_paid_by_units():
    pills = {"sku": "pills", "unit_price_minor": 2000, "is_excluded_from_redeeming": True}
    tobacco = {"sku": "tobacco", "unit_price_minor": 700, "is_excluded_from_earning": True}
    example = {
        "programs": {
            "cash": {
                "kind": "cashback",
                "rules": [{"key": "r", "units": 1, "step_minor": 100}],
                "rewards": [{"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 1}}],
            }
        },
        "balances": {"cash": 9000},
        "choices": [{"program": "cash", "reward": "pay"}],
        "coupons": {"c": percent(10), "d": {**percent(5), "conditions": {"min_amount_minor": 2000}}},
        "lines": lines((pills, 1), (tobacco, 1), (WASH, 0.5)),
    }
    found = facts(judge(example))
    assert found["total"] == 2000 + 630 + 675
    assert found["due"] == 2000
    assert found["refused"] == {"d": "amount_too_small"}
    assert found["units"] == {"cash": 20}  # the pills; what units paid earns nothing, nor does tobacco


def test_a_coupon_twice_is_refused_and_an_unknown_reward_too():
    example = {
        "coupons": {"c": percent(10)},
        "programs": {"p": {"kind": "points", "rules": [{"key": "r", "per": "visit"}]}},
        "choices": [{"program": "p", "reward": "none"}, {"program": "q", "reward": "x"}, {"ready": "gone"}],
        "lines": BASKET,
    }
    assert facts(judge(example))["refused"] == {
        "p/none": "unknown_reward",
        "q/x": "unknown_program",
        "gone": "unknown_reward",
    }
