"""Refunds: by the granting version; amounts in proportion, items whole, visits at the end; what was spent returns."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tenants.engine.mapping import Invalid, from_mapping, to_mapping
from tenants.engine.quote import quote
from tenants.engine.refunds import refund, rest
from tenants.engine.results import Result
from tenants.engine.returns import VISIT
from tenants.engine.values import Enrolment, Member
from tests.factories.examples import CAKE, COFFEE, CROISSANT, DELIVERY, lines
from tests.tenants.engine.shop import account, basket, choice, coupon, program

ONE = Decimal(1)


class Sale:
    """A purchase that is committed, and refunds of it one after the other."""

    def __init__(self, goods, programs=(), coupons=(), choices=(), balances=None):
        held = {name: Enrolment(account(units)) for name, units in (balances or {}).items()}
        self.member = Member("m", enrolments=held)
        result = quote(basket(goods), self.member, programs, coupons, [choice(item) for item in choices])
        changed = {o.program_id: o.enrolment for o in result.outcomes if o.enrolment}
        self.member = replace(self.member, enrolments={**held, **changed})
        self.result = from_mapping(Result, to_mapping(result))
        self.returned, self.short = {}, {}

    def back(self, **quantities):
        wanted = {key.lstrip("_"): Decimal(value) for key, value in quantities.items()}
        return self.give(wanted or rest(self.result, self.returned))

    def give(self, returning):
        done = refund(self.result, self.returned, returning, self.member, self.short)
        for key, quantity in returning.items():
            self.returned[key] = self.returned.get(key, Decimal(0)) + quantity
        for reversal in done.reversals:
            self.short[reversal.program_id] = self.short.get(reversal.program_id, 0) + reversal.shortfall
        self.member = replace(self.member, enrolments=done.enrolments)
        return done

    def balance(self, name="p"):
        return self.member.enrolments[name].account.balance


def points(*rules, **more):
    return program(
        {"kind": "points", "rules": [{"key": str(i), **rule} for i, rule in enumerate(rules)], **more}, "p"
    )


STAMPS = {"kind": "stamp_card", "required": 4, "rewards": [{"key": "w", "benefit": {"kind": "free_item"}}]}


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ({"per": "amount", "step_minor": 1000}, [2, 2, 1, 0]),  # 2500, 2200, 1900, 0 are left
        ({"per": "amount", "step_minor": 100, "max_units": 20}, [20, 20, 19, 0]),
        ({"per": "item", "units": 2}, [6, 4, 2, 0]),
        ({"per": "visit", "units": 5}, [5, 5, 5, 0]),
    ],
)
def test_what_is_left_of_what_was_earned(rule, kept):
    sale = Sale(lines((COFFEE, 2), ({**CAKE, "unit_price_minor": 1900}, 1)), [points(rule)])
    found = [sale.balance()]
    for key in ("1", "1", "2"):
        sale.give({key: ONE})
        found.append(sale.balance())
    assert found == kept


def test_the_version_that_granted_takes_back_whatever_is_in_force_now():
    sale = Sale(lines((CAKE, 1)), [points({"per": "amount", "step_minor": 50})])
    done = sale.back()
    assert done.reversals[0].units == 50
    assert done.reversals[0].version_id == "v1"


def test_money_and_payments_come_back_once():
    pay = {"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 2}}
    sale = Sale(
        lines((COFFEE, 3)),
        [points({"per": "visit"}, rewards=[pay])],
        choices=[{"program": "p", "reward": "pay", "units": 100}, {"gift_card": "g", "value": 500}],
        balances={"p": 100},
    )
    assert sale.result.due_minor == 200
    first, second, third = (sale.give({"1": ONE}) for _ in range(3))
    assert [(p.kind, p.amount_minor, p.units) for p in first.payments] == [
        ("units", 200, 100),
        ("gift_card", 100, 0),
    ]
    assert [(p.kind, p.amount_minor) for p in second.payments] == [("gift_card", 300)]
    assert ([(p.kind, p.amount_minor) for p in third.payments], third.money_minor) == (
        [("gift_card", 100)],
        200,
    )
    assert sale.balance() == 100


def test_coupons_and_item_rewards_come_back_whole_and_amounts_in_proportion():
    three = coupon({"benefit": {"kind": "cheapest_free", "quantity": 3}}, "three")
    off = {"key": "off", "cost": 10, "benefit": {"kind": "amount", "amount_minor": 200, "on": "order"}}
    sale = Sale(
        lines((COFFEE, 3), (CAKE, 1)),
        [points({"per": "visit"}, rewards=[off])],
        [three],
        [{"program": "p", "reward": "off"}],
        {"p": 10},
    )
    first = sale.back(_1=2)
    assert (first.coupons, [sum(p.units for p in g.pieces) for g in first.given_back]) == ((), [1])
    second = sale.back(_1=1)
    assert [source.id for source in second.coupons] == ["three"]
    third = sale.back()
    assert (third.coupons, sum(p.units for g in third.given_back for p in g.pieces)) == ((), 9)
    assert sale.balance() == 10


def test_a_reward_that_opened_is_cancelled_and_one_handed_out_becomes_a_debt():
    rules = [{"key": "s", "per": "item"}]
    card = program({**STAMPS, "rules": rules}, "p")
    sale = Sale(lines((COFFEE, 2)), [card], balances={"p": 3})
    assert len(sale.member.enrolments["p"].ready) == 1
    kept = Sale(lines((COFFEE, 2)), [card], balances={"p": 3})
    held = kept.member.enrolments["p"]
    kept.member = replace(kept.member, enrolments={"p": replace(held, ready=())})
    done = sale.back()
    assert ([ready.id for ready in done.cancelled], sale.balance()) == (["b1/p/1"], 3)
    assert sale.member.enrolments["p"].card.required == 4
    assert (kept.back().cancelled, kept.balance()) == ((), -1)


def test_where_the_balance_stops_at_zero_the_rest_is_recorded():
    card = program({**STAMPS, "rules": [{"key": "s", "per": "item"}], "clawback": "stop_at_zero"}, "p")
    sale = Sale(lines((COFFEE, 2)), [card], balances={"p": 3})
    sale.member = replace(sale.member, enrolments={"p": replace(sale.member.enrolments["p"], ready=())})
    done = sale.back()
    assert (done.reversals[0].units, done.reversals[0].shortfall, sale.balance()) == (1, 1, 0)


def test_grants_are_void_when_all_goods_are_back_and_delivery_may_stay():
    again = coupon({"trigger": "automatic", "benefit": {"kind": "coupon", "item": "next"}}, "again")
    sale = Sale(lines((COFFEE, 1), (CROISSANT, 1), (DELIVERY, 1)), [], [again])
    assert sale.back(_1=1).void == ()
    done = sale.back(_2=1)
    assert (done.is_everything, [grant.item for grant in done.void]) == (True, ["next"])
    assert sale.back().void == ()


def test_a_visit_of_which_nothing_is_known_is_returned_once():
    sale = Sale([], [points({"per": "visit", "units": 3})])
    assert sale.give({VISIT: ONE}).reversals[0].units == 3
    assert sale.balance() == 0
    with pytest.raises(Invalid):
        sale.give({VISIT: ONE})


@pytest.mark.parametrize(
    ("returning", "fault"),
    [
        ({}, ("lines", "missing_field")),
        ({"1": 3}, ("lines.1", "more_than_bought")),
        ({"1": 0}, ("lines.1", "out_of_range")),
        ({"1": -1}, ("lines.1", "out_of_range")),
        ({"9": 1}, ("lines.9", "unknown_line")),
    ],
)
def test_refunds_that_cannot_be(returning, fault):
    sale = Sale(lines((COFFEE, 2)))
    with pytest.raises(Invalid) as caught:
        sale.give({key: Decimal(value) for key, value in returning.items()})
    problem = caught.value.problems[0]
    assert (problem.path, problem.code) == fault


def test_parts_of_a_weight_are_refunded_to_the_cent():
    sale = Sale(lines(({"sku": "cheese", "unit_price_minor": 1999}, "0.333")), [points({"step_minor": 100})])
    amounts = [sale.give({"1": Decimal("0.111")}).amount_minor for _ in range(3)]
    assert (sum(amounts), sale.balance()) == (sale.result.total_minor, 0)
