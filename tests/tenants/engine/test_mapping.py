"""Terms and baskets as mappings: strict, each fault with its path; and contradictions between terms."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tenants.engine.contradictions import problems
from tenants.engine.mapping import Invalid, from_mapping, to_mapping
from tenants.engine.programs import ProgramTerms
from tenants.engine.quote import quote
from tenants.engine.rewards import CouponTerms
from tenants.engine.values import Basket, Line
from tests.factories.examples import EXAMPLES, POINTS
from tests.factories.odoo import ROWS
from tests.tenants.engine.shop import TUESDAY, basket, coupon, program

TEN = {"kind": "percent", "percent": 10}
STAMPS = {
    "kind": "stamp_card",
    "required": 5,
    "rules": [{"key": "r", "per": "visit"}],
    "rewards": [{"key": "w", "benefit": {"kind": "free_item"}}],
}


def faults(kind, data):
    with pytest.raises(Invalid) as caught:
        from_mapping(kind, data)
    return {(problem.path, problem.code) for problem in caught.value.problems}


@pytest.mark.parametrize("example", [*EXAMPLES, *(row[3] for row in ROWS)])
def test_terms_survive_json(example):
    for kind, all_terms in (
        (ProgramTerms, example.get("programs", {})),
        (CouponTerms, example.get("coupons", {})),
    ):
        for data in all_terms.values():
            terms = from_mapping(kind, data)
            assert from_mapping(kind, json.loads(json.dumps(to_mapping(terms)))) == terms


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({**POINTS, "colour": 1}, ("colour", "unknown_field")),
        (
            {**POINTS, "rules": [{"key": "r", "conditions": {"goods": {"brands": {}}}}]},
            ("rules.0.conditions.goods.brands", "unknown_field"),
        ),
        ({}, ("kind", "missing_field")),
        ({**POINTS, "kind": "lottery"}, ("kind", "not_one_of")),
        ({**POINTS, "pending_days": "3"}, ("pending_days", "wrong_type")),
        ({**POINTS, "pending_days": True}, ("pending_days", "wrong_type")),
        ({**POINTS, "spends_at_once": 1}, ("spends_at_once", "wrong_type")),
        ({**POINTS, "rules": {}}, ("rules", "wrong_type")),
        ({**POINTS, "rules": [{"key": "r"}]}, ("rules.0.step_minor", "missing_field")),
        (
            {**POINTS, "rules": [{"key": "r", "per": "visit", "units": "NaN"}]},
            ("rules.0.units", "wrong_type"),
        ),
        (
            {**POINTS, "rules": [{"key": "r", "per": "visit", "units": "1E-999999"}]},
            ("rules.0.units", "wrong_type"),
        ),
        ({**POINTS, "rules": [{"key": "r", "per": "visit", "units": 0}]}, ("rules.0.units", "out_of_range")),
        ({**POINTS, "rules": [{"key": "a\x00", "per": "visit"}]}, ("rules.0.key", "wrong_type")),
        ({**POINTS, "rules": [{"key": "r", "per": "visit"}] * 2}, ("rules", "twice")),
        ({**POINTS, "tiers": [{"key": "gold", "threshold": 5}]}, ("tiers", "contradicts")),
        ({**POINTS, "required": 5}, ("required", "contradicts")),
        ({**POINTS, "expiry": {"months": -1}}, ("expiry.months", "out_of_range")),
        ({**STAMPS, "required": 0}, ("required", "missing_field")),
        ({**STAMPS, "rewards": []}, ("rewards", "wrong_length")),
        ({**STAMPS, "pending_days": 2}, ("pending_days", "contradicts")),
        (
            {**STAMPS, "multipliers": [{"key": "m", "factor": "0.5"}]},
            ("multipliers.0.factor", "out_of_range"),
        ),
        (
            {
                "kind": "tiers",
                "rules": POINTS["rules"],
                "tiers": [{"key": "b", "threshold": 5}, {"key": "a", "threshold": 5}],
            },
            ("tiers", "not_ascending"),
        ),
    ],
)
def test_a_program_that_cannot_be(data, fault):
    assert fault in faults(ProgramTerms, data)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"benefit": {"kind": "percent", "percent": 101}}, ("benefit.percent", "out_of_range")),
        ({"benefit": {"kind": "amount"}}, ("benefit.amount_minor", "missing_field")),
        ({"benefit": {"kind": "cheapest_free", "quantity": 1}}, ("benefit.get", "out_of_range")),
        ({"benefit": {"kind": "payment", "unit_value_minor": 1}}, ("benefit.kind", "not_one_of")),
        ({"benefit": TEN, "conditions": {"weekdays": [0]}}, ("conditions.weekdays", "out_of_range")),
        (
            {"benefit": TEN, "conditions": {"hours": [{"start": "25:00", "end": "26:00"}]}},
            ("conditions.hours.0.start", "wrong_type"),
        ),
        (
            {"benefit": TEN, "conditions": {"hours": [{"start": "10:00", "end": "10:00"}]}},
            ("conditions.hours.0.end", "contradicts"),
        ),
        (
            {"benefit": TEN, "conditions": {"first_day": "2026-02-02", "last_day": "2026-02-01"}},
            ("conditions.last_day", "contradicts"),
        ),
        ({"benefit": TEN, "conditions": {"first_day": "2026-02-30"}}, ("conditions.first_day", "wrong_type")),
        (
            {"benefit": TEN, "conditions": {"goods": {"tags": {"any": ["a"], "none": ["a"]}}}},
            ("conditions.goods.tags.none", "contradicts"),
        ),
        ({"benefit": TEN, "stacking": {"mode": "best_of"}}, ("stacking.group", "missing_field")),
        (
            {"benefit": {"kind": "amount", "amount_minor": 1, "per": "item", "quantity": 0}},
            ("benefit.quantity", "out_of_range"),
        ),
        ({"benefit": TEN, "conditions": {"days_away": 10**9}}, ("conditions.days_away", "out_of_range")),
        ({"benefit": {**TEN, "max_discount_minor": []}}, ("benefit.max_discount_minor", "wrong_type")),
        ({"benefit": {**TEN, "per": "item"}}, ("benefit.per", "contradicts")),
    ],
)
def test_a_coupon_that_cannot_be(data, fault):
    assert fault in faults(CouponTerms, data)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ({"unit_price_minor": -1}, ("unit_price_minor", "out_of_range")),
        ({"quantity": 0}, ("quantity", "out_of_range")),
        ({"quantity": -1}, ("quantity", "out_of_range")),
        ({"quantity": "0.1234567"}, ("quantity", "too_precise")),
        ({"discount_minor": 101}, ("discount_minor", "out_of_range")),
        ({"discount_minor": 60, "tax_minor": 50}, ("tax_minor", "out_of_range")),
        ({"unit_price_minor": 10**16}, ("unit_price_minor", "out_of_range")),
        ({"unit_price_minor": 1.5}, ("unit_price_minor", "wrong_type")),
        ({"currency": "SEK"}, ("currency", "unknown_field")),
    ],
)
def test_a_line_that_cannot_be(line, fault):
    assert fault in faults(Line, {"key": "1", "unit_price_minor": 100, **line})


def test_a_basket_that_cannot_be():
    twice = [{"key": "1", "unit_price_minor": 100}] * 2
    data = {"key": "b", "currency": "EUR", "at": TUESDAY, "lines": twice}
    assert ("lines.1.key", "twice") in faults(Basket, data)
    assert ("at", "wrong_type") in faults(Basket, {**data, "at": "2026-03-03T10:00:00"})
    assert ("at", "out_of_range") in faults(Basket, {**data, "at": "9999-12-31T23:00:00+00:00"})
    assert ("time_zone", "unknown_name") in faults(Basket, {**data, "time_zone": "Mars/Base"})
    bad = Basket("b", "EUR", (Line("1", 100, Decimal(-1)),), basket([]).at)
    with pytest.raises(Invalid) as caught:
        quote(bad)
    assert caught.value.problems[0].path == "lines.0.quantity"


def found(programs=(), coupons=()):
    return {(problem.path, problem.code) for problem in problems(programs, coupons)}


def test_what_contradicts():
    gold = {"conditions": {"tiers": {"any": ["gold"]}}}
    pay = {"key": "w", "benefit": {"kind": "payment", "unit_value_minor": 100}}
    assert found([program(POINTS)], [coupon({"benefit": TEN})]) == set()
    assert found([], [coupon({"benefit": TEN, **gold})]) == {("coupons.c.conditions.tiers", "unknown_name")}
    assert found([program({**POINTS, "rewards": [pay]})]) == {("programs.p.rules.0.units", "gives_all_away")}
    assert found([program({**POINTS, "rewards": [{"key": "w", "benefit": TEN}]})]) == {
        ("programs.p.rewards.0.cost", "missing_field")
    }
    assert found([program({"kind": "points"})]) == {("programs.p.rules", "missing_field")}
    again = {"trigger": "automatic", "benefit": {"kind": "coupon", "item": "c"}}
    assert found([], [coupon(again)]) == {("coupons.c.benefit.item", "gives_itself")}
    weekend = {"weekdays": [6, 7], "first_day": "2026-03-02", "last_day": "2026-03-06"}
    assert found([], [coupon({"benefit": TEN, "conditions": weekend})]) == {
        ("coupons.c.conditions.weekdays", "contradicts")
    }
    dear = {"benefit": {"kind": "amount", "amount_minor": 500}, "conditions": {"min_amount_minor": 300}}
    assert found([], [coupon(dear)]) == {("coupons.c.benefit.amount_minor", "more_than_minimum")}
