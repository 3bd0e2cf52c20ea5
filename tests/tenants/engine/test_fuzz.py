"""Terms with anything in any place: they are refused with a path, or they can be judged. Nothing else happens."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenants.engine.benefits import NEEDS, Benefit
from tenants.engine.contradictions import problems
from tenants.engine.mapping import Invalid, from_mapping, to_mapping
from tenants.engine.programs import EarningRule, Program, ProgramTerms
from tenants.engine.quote import quote
from tenants.engine.refunds import refund, rest
from tenants.engine.rewards import Coupon, CouponTerms
from tenants.engine.values import Basket, Line
from tests.factories.examples import BASKETS, EXAMPLES
from tests.factories.odoo import ROWS
from tests.tenants.engine.shop import basket, choice, member
from tests.tenants.engine.strategies import many

ALL = [*EXAMPLES, *(row[3] for row in ROWS)]
FIELDS: dict[str, list[Any]] = {
    "kind": sorted(NEEDS),
    "on": ["goods", "order", "cheapest", "delivery"],
    "per": ["visit", "item", "amount", "order"],
    "target": [{}, {"products": {"any": ["coffee"]}}, {"categories": {"none": ["bakery"]}}],
    "percent": [0, "0.001", 50, 100],
    "amount_minor": [0, 1, 10**12],
    "unit_value_minor": ["0.000001", 1, 10**12],
    "quantity": [1, 2, 10**12],
    "buy": [1, 5, 10**12],
    "get": [1, 2, 10**12],
    "step_minor": [1, 7, 10**12],
    "max_times": [0, 1, 10**12],
    "max_discount_minor": [1, 10**12],
    "item": ["x"],
    "cost": [0, 1, 10**12],
    "takes_all": [True],
    "valid_days": [3, 3660],
    "units": ["0.000001", 3, 10**12],
    "rounding": ["up", "down", "half_up"],
    "full_steps": [True],
    "max_units": [1, 10**12],
    "required": [1, 10**12],
    "spends_at_once": [True],
    "pending_days": [1, 3660],
    "expiry": [{"months": 3660}, {"days": 3660}, {"years_end": 3660}],
    "combine": ["add", "multiply"],
    "conditions": [
        {},
        {"min_quantity": "0.5"},
        {"days_away": 3660},
        {"birthday": {}},
        {"first_purchase": True},
    ],
    "stacking": [{"mode": "exclusive"}, {"mode": "best_of", "group": "g"}, {"priority": -5}],
    "trigger": ["automatic", "personal"],
    "threshold": [0, 10**12],
    "unit_price_minor": [0, 1, 10**12],
    "discount_minor": [0, 1],
    "is_delivery": [True],
    "sku": ["", "coffee"],
}
KIN = ("kind", "key", "unit_price_minor")  # a mapping with one of these takes fields of the table
anything = st.one_of(
    st.sampled_from(
        [None, True, -1, 0, 1, 2.5, 10**14, 10**30, "", "0", "0.5", "1E9", "NaN", "item", "amount", "order"]
    ),
    st.sampled_from(
        ["cheapest", "payment", "per_unit", "gift_card", "free_item", "buy_x_get_y", "fixed_price", "tiers"]
    ),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just({"any": ["coffee"]}),
    st.text(max_size=3),
)


GOOD_WITH = {
    "benefit": {field.name for field in dataclasses.fields(Benefit)},
    "program": {field.name for field in dataclasses.fields(ProgramTerms)},
    "rule": {field.name for field in dataclasses.fields(EarningRule)},
    "line": {field.name for field in dataclasses.fields(Line)},
}


def kinship(holder: dict[str, Any]) -> str:
    """What a mapping is, as far as one can see."""
    if "unit_price_minor" in holder:
        return "line"
    if "kind" in holder:
        return "benefit" if str(holder["kind"]) in NEEDS else "program"
    return "rule" if "key" in holder else ""


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [found for key, value in items for found in [(*path, key), *places(value, (*path, key))]]


@st.composite
def spoilt(draw: Any, data: Any) -> Any:
    """The data with something else in one or two places, or with a field more."""
    data = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(places(data)))
        holder = data
        for key in path:
            holder = holder[key]
        if draw(st.integers(0, 9)) == 0:
            holder[last] = copy.deepcopy(draw(anything))
        elif last in FIELDS:
            holder[last] = copy.deepcopy(draw(st.sampled_from(FIELDS[last])))
        elif isinstance(holder[last], dict) or last in KIN:
            holder = holder[last] if isinstance(holder[last], dict) else holder
            near = [name for name in FIELDS if name in GOOD_WITH.get(kinship(holder), ())] or sorted(FIELDS)
            name = draw(st.sampled_from(near))
            holder[name] = copy.deepcopy(draw(st.sampled_from(FIELDS[name])))
    return data


def tell(invalid: Invalid) -> None:
    """Each fault has a path and a code, and goes into JSON."""
    assert invalid.problems
    assert all(isinstance(problem.path, str) and problem.code for problem in invalid.problems)
    json.dumps([[p.path, p.code, dict(p.params)] for p in invalid.problems])


@many(60)
@given(
    st.data(),
    st.sampled_from([example for example in ALL if example.get("coupons") or example.get("programs")]),
)
def test_any_terms_are_refused_or_judged(data, example):
    programs, coupons = [], []
    try:
        for name, terms in example.get("programs", {}).items():
            programs.append(Program(name, "v", "EUR", from_mapping(ProgramTerms, data.draw(spoilt(terms)))))
        for name, terms in example.get("coupons", {}).items():
            coupons.append(
                Coupon(name, name, "v", "EUR", from_mapping(CouponTerms, data.draw(spoilt(terms))))
            )
    except Invalid as invalid:
        tell(invalid)
        return
    problems(programs, coupons)
    who = member(
        [p for p in programs if p.terms.kind != "stamp_card" or p.terms.rewards], {**example, "ready": {}}
    )
    choices = [choice(item) for item in example.get("choices", [])]
    for lines in (example["lines"], []):
        result = quote(basket(lines), who, programs, coupons, choices)
        assert result.total_minor == sum(line.net_minor for line in result.lines) >= 0
        json.dumps(to_mapping(result))
        refund(result, {}, rest(result, {}), who)


@many(60)
@given(st.data())
def test_any_basket_is_refused_or_judged(data):
    whole = {
        "key": "b",
        "currency": "EUR",
        "at": "2026-03-03T09:30:00+02:00",
        "lines": data.draw(st.sampled_from(BASKETS)),
    }
    try:
        found = from_mapping(Basket, data.draw(spoilt(whole)))
        result = quote(found)
    except Invalid as invalid:
        tell(invalid)
        return
    assert result.total_minor == sum(line.net_minor for line in result.lines) >= 0
