"""Baskets, programs and coupons at random, over a small world so that they meet each other."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.tenants.engine.shop import NOW

HISTORIES = int(os.environ.get("LAWS", "0"))
PHASES = [phase for phase in Phase if phase != Phase.shrink or os.environ.get("LAWS_SHRINK", "1") == "1"]


def many(few: int) -> settings:
    """So many examples in the ordinary suite; LAWS=10000 asks for that many. A failure prints how to repeat it
    (and is made small first unless LAWS_SHRINK=0)."""
    return settings(
        max_examples=HISTORIES or few,
        deadline=None,
        database=None,
        print_blob=True,
        phases=PHASES,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


SKUS = ("coffee", "tea", "cake", "soap", "")
CATEGORIES = ("drinks", "bakery", "drugstore")
TAGS = ("bio", "sale")

names = st.sampled_from(CATEGORIES)
quantities = st.one_of(
    st.integers(1, 6).map(str), st.sampled_from(["0.333", "0.5", "1.25", "2.999", "12", "1000000"])
)


@st.composite
def articles(draw: Any) -> dict[str, Any]:
    return {
        "sku": draw(st.sampled_from(SKUS)),
        "unit_price_minor": draw(st.sampled_from([0, 1, 33, 100, 100, 333, 333, 1000, 4999])),
        "categories": draw(st.lists(names, max_size=2, unique=True)),
        "tags": draw(st.lists(st.sampled_from(TAGS), max_size=1)),
        "is_excluded_from_earning": draw(st.sampled_from([False, False, False, True])),
        "is_excluded_from_redeeming": draw(st.sampled_from([False, False, False, True])),
        "is_delivery": draw(st.sampled_from([False] * 5 + [True])),
    }


@st.composite
def basket_lines(draw: Any, max_size: int = 6) -> list[dict[str, Any]]:
    goods = draw(st.lists(articles(), min_size=1, max_size=3))
    found = []
    for index in range(draw(st.integers(1, max_size))):
        article = dict(draw(st.sampled_from(goods)))
        article |= {"key": f"k{index}", "quantity": draw(quantities)}
        amount = int(float(article["quantity"]) * article["unit_price_minor"])
        article["discount_minor"] = draw(st.sampled_from([0, 0, amount // 3, amount]))
        found.append(article)
    return found


selections = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"categories": st.fixed_dictionaries({"any": st.lists(names, min_size=1, max_size=2)})}
    ),
    st.fixed_dictionaries({"tags": st.fixed_dictionaries({"none": st.just(["sale"])})}),
)
conditions = st.fixed_dictionaries(
    {"goods": selections},
    optional={
        "min_amount_minor": st.sampled_from([0, 500, 1000]),
        "amount_when": st.sampled_from(["before_discounts", "after_discounts"]),
        "amount_of": st.sampled_from(["goods", "order"]),
        "min_quantity": st.sampled_from(["0", "2", "0.5"]),
        "weekdays": st.sampled_from([[2], [1, 2, 3]]),
    },
)
caps = st.fixed_dictionaries({}, optional={"max_discount_minor": st.sampled_from([1, 77, 500])})
places = st.sampled_from(["goods", "order", "cheapest"])


def either(kind: str, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    exact = st.fixed_dictionaries({"kind": st.just(kind), **fields})
    return st.tuples(exact, caps).map(lambda pair: pair[0] | pair[1])


benefits = st.one_of(
    either("percent", percent=st.sampled_from(["5", "33.3", "50", "100"]), on=places),
    either("percent", on=st.just("delivery")),
    either("amount", amount_minor=st.sampled_from([1, 100, 5000]), on=places),
    either("amount", amount_minor=st.just(100), per=st.just("amount"), step_minor=st.just(700)),
    either("amount", amount_minor=st.just(50), per=st.just("item"), quantity=st.integers(1, 3)),
    either("fixed_price", amount_minor=st.sampled_from([0, 150, 900]), quantity=st.integers(1, 3)),
    either("free_item", quantity=st.integers(1, 3), target=selections),
    either(
        "buy_x_get_y", buy=st.integers(1, 3), get=st.integers(1, 2), percent=st.sampled_from(["50", "100"])
    ),
    either("buy_x_get_y", buy=st.integers(1, 2), get=st.integers(1, 2), target=selections),
    either("cheapest_free", quantity=st.integers(2, 4), get=st.just(1)),
)
stackings = st.one_of(
    st.just({}),
    st.just({"mode": "exclusive"}),
    st.fixed_dictionaries({"mode": st.just("best_of"), "group": st.sampled_from(["a", "b"])}),
    st.fixed_dictionaries({"priority": st.integers(0, 2)}),
)
coupons = st.lists(
    st.fixed_dictionaries({"benefit": benefits, "conditions": conditions, "stacking": stackings}), max_size=4
).map(lambda found: {f"c{i}": terms for i, terms in enumerate(found)})

rules = st.one_of(
    st.just({"key": "r", "per": "visit"}),
    st.fixed_dictionaries({"key": st.just("r"), "per": st.just("item"), "conditions": conditions}),
    st.fixed_dictionaries(
        {
            "key": st.just("r"),
            "per": st.just("amount"),
            "units": st.sampled_from(["1", "2.5", "3", "0.01"]),
            "step_minor": st.sampled_from([1, 100, 1000]),
            "full_steps": st.booleans(),
            "rounding": st.sampled_from(["down", "half_up", "up"]),
            "max_units": st.sampled_from([0, 0, 50]),
            "conditions": conditions,
        }
    ),
)
multipliers = st.lists(
    st.fixed_dictionaries({"factor": st.sampled_from(["1.5", "2", "3"]), "conditions": conditions}),
    max_size=2,
).map(lambda found: [{"key": f"m{i}", **values} for i, values in enumerate(found)])
flags = {
    "earns_on_discounts": st.booleans(),
    "earns_on_coupons": st.booleans(),
    "earns_on_gift_cards": st.booleans(),
    "combine": st.sampled_from(["best", "add", "multiply"]),
    "clawback": st.sampled_from(["negative", "stop_at_zero"]),
    "multipliers": multipliers,
}
points = st.fixed_dictionaries(
    {
        "kind": st.just("points"),
        "rules": rules.map(lambda rule: [rule]),
        "rewards": st.just(
            [
                {"key": "off", "cost": 30, "benefit": {"kind": "amount", "amount_minor": 500, "on": "order"}},
                {"key": "each", "benefit": {"kind": "per_unit", "unit_value_minor": "1.5", "on": "order"}},
                {"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 1}},
                {"key": "item", "cost": 10, "benefit": {"kind": "free_item"}},
                {"key": "cup", "cost": 7, "benefit": {"kind": "merchandise", "item": "cup"}},
            ]
        ),
        "expiry": st.sampled_from([{}, {"months": 1}, {"days": 10}, {"years_end": 0}]),
        "pending_days": st.sampled_from([0, 0, 3]),
        "spends_at_once": st.booleans(),
        **flags,
    }
)
cards = st.fixed_dictionaries(
    {
        "kind": st.just("stamp_card"),
        "required": st.integers(2, 6),
        "rules": rules.map(lambda rule: [{**rule, "max_units": 40}]),
        "rewards": st.just([{"key": "free", "benefit": {"kind": "free_item"}}]),
        **flags,
    }
)
programs = st.fixed_dictionaries({}, optional={"points": points, "card": cards})
redeems = st.sampled_from(
    [
        {"program": "points", "reward": "off"},
        {"program": "points", "reward": "each", "units": 40},
        {"program": "points", "reward": "each"},
        {"program": "points", "reward": "pay", "units": 25},
        {"program": "points", "reward": "pay"},
        {"program": "points", "reward": "item"},
        {"program": "points", "reward": "cup"},
        {"gift_card": "g1", "value": 400},
        {"ready": "ready1"},
    ]
)
spending = st.one_of(
    st.lists(redeems, max_size=3),
    st.sampled_from(["off", "item", "cup"]).map(  # the same again, and one more
        lambda key: [{"program": "points", "reward": name} for name in (key, key, "cup")]
    ),
    st.just([{"ready": "ready1"}, {"ready": "ready1"}]),
)
examples = st.fixed_dictionaries(
    {
        "lines": basket_lines(),
        "programs": programs,
        "coupons": coupons,
        "balances": st.fixed_dictionaries({"points": st.sampled_from([35, 0, 20, 1000, 10**6])}),
        "choices": spending,
    }
).map(lambda example: example | ({"ready": {"card": ["ready1"]}} if "card" in example["programs"] else {}))
later = st.integers(0, 40).map(lambda days: NOW + dt.timedelta(days=days))
