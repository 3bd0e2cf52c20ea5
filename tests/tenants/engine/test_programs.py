"""What programs earn: rounding, multipliers, flags, versions, cards under way, bonuses, and very large baskets."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from tenants.engine.bonuses import Bonus, bonus
from tenants.engine.cards import card_in_force
from tenants.engine.programs import in_force
from tenants.engine.quote import quote
from tenants.engine.reasons import CODES, Reason
from tenants.engine.values import Card, Enrolment, Member
from tests.factories.examples import CAKE, COFFEE, CROISSANT, POINTS, lines
from tests.tenants.engine.shop import NOW, account, basket, facts, judge, program

BASKET = lines((COFFEE, 2), (CROISSANT, 1), (CAKE, 1))  # 3300


def earned(terms, **more):
    terms = {"kind": "points", **terms}
    return facts(judge({"programs": {"p": terms}, "lines": BASKET, **more}))["units"].get("p")


def spend(**fields):
    return [{"key": "r", "per": "amount", "step_minor": 100, **fields}]


def double(name="double", factor=2, **any_of):
    goods = {key: {"any": names} for key, names in any_of.items()}
    return {"key": name, "factor": factor, "conditions": {"goods": goods}}


@pytest.mark.parametrize(
    ("terms", "units"),
    [
        ({"rules": spend()}, 33),
        ({"rules": spend(step_minor=1000)}, 3),
        ({"rules": spend(step_minor=1000, units=5)}, 16),
        ({"rules": spend(step_minor=1000, units=5, full_steps=True)}, 15),
        ({"rules": spend(step_minor=1000, rounding="up")}, 4),
        ({"rules": spend(step_minor=400, rounding="half_up")}, 8),
        ({"rules": spend(max_units=20)}, 20),
        ({"rules": spend(conditions={"min_amount_minor": 3301})}, 0),
        ({"rules": spend(), "multipliers": [double(products=["cake"])]}, 58),
        (
            {
                "rules": spend(),
                "multipliers": [double(products=["cake"]), double("b", 3, categories=["bakery"])],
            },
            87,
        ),
        (
            {"rules": spend(), "combine": "add", "multipliers": [double(products=["cake"]), double("b", 3)]},
            33 + 25 + 66,
        ),
        (
            {
                "rules": spend(),
                "combine": "multiply",
                "multipliers": [double(products=["cake"]), double("b", 3)],
            },
            8 * 3 + 25 * 6,
        ),
        ({"rules": [{"key": "v", "per": "visit"}], "multipliers": [double(products=["cake"])]}, 2),
        ({"rules": [{"key": "v", "per": "item"}], "multipliers": [double(products=["coffee"])]}, 6),
    ],
)
def test_units(terms, units):
    assert earned(terms) == units


def test_weights_are_counted_as_whole_items_together():
    apples = {"sku": "apples", "unit_price_minor": 199}
    pears = {"sku": "pears", "unit_price_minor": 299}
    rules = [{"key": "i", "per": "item"}]
    assert earned({"rules": rules}, lines=lines((apples, "0.5"), (pears, "0.5"))) == 1
    assert earned({"rules": rules}, lines=lines((apples, "0.333"))) == 0


def test_what_is_not_paid_earns_nothing():
    free = {"sku": "gift", "unit_price_minor": 0}
    for per in ("visit", "item"):
        assert earned({"rules": [{"key": "r", "per": per}]}, lines=lines((free, 3))) == 0
    assert (
        earned({"rules": [{"key": "r", "per": "visit"}]}, lines=[]) == 1
    )  # a visit of which nothing is known


@pytest.mark.parametrize(
    ("flags", "units"),
    [
        ({}, 14),
        ({"earns_on_discounts": True}, 24),
        ({"earns_on_coupons": True}, 15),
        ({"earns_on_gift_cards": False}, 9),
        ({"earns_on_discounts": True, "earns_on_coupons": True}, 25),
    ],
)
def test_whether_reductions_and_gift_cards_earn(flags, units):
    example = {
        "lines": lines(({**CAKE, "discount_minor": 1000}, 1)),
        "coupons": {"c": {"benefit": {"kind": "amount", "amount_minor": 100}}},
        "choices": [{"gift_card": "g", "value": 500}],
    }
    assert earned({"rules": spend(), **flags}, **example) == units


def test_the_version_in_force_judges():
    day = dt.timedelta(days=1)
    versions = [(NOW, program(POINTS, version="v1")), (NOW + day, program(POINTS, version="v2"))]
    assert in_force(versions, NOW - day) is None
    assert in_force(versions, NOW).version_id == "v1"
    assert in_force(versions, NOW + day).version_id == "v2"


def stamps(required, **more):
    return {
        "kind": "stamp_card",
        "required": required,
        "rules": [{"key": "r", "per": "visit"}],
        "rewards": [{"key": "w", "benefit": {"kind": "free_item"}, **more}],
    }


def test_a_card_under_way_keeps_its_terms_unless_the_new_ones_are_better():
    old = program(stamps(8), version="old")
    begun = Enrolment(account(5), Card("old", 8, old.terms.card_reward))
    assert card_in_force(begun, program(stamps(10), version="new")).required == 8
    assert card_in_force(begun, program(stamps(6), version="new")).required == 6
    assert (
        card_in_force(begun, program(stamps(6, valid_days=9), version="new")).required == 8
    )  # another reward
    assert card_in_force(replace(begun, account=account(0)), program(stamps(10))).required == 10


def test_the_overflow_goes_on_cards_of_the_version_in_force():
    old = program(stamps(4), version="old")
    begun = Enrolment(account(3), Card("old", 4, old.terms.card_reward))
    rules = [{"key": "r", "per": "item"}]
    new = program({**stamps(6, valid_days=3), "rules": rules}, version="new")
    result = quote(basket(lines((COFFEE, 8))), Member("m", enrolments={"p": begun}), [new])
    after = result.outcome("p").enrolment
    assert [ready.version_id for ready in after.ready] == ["old", "new"]
    assert after.account.balance == 3 + 8 - 4 - 6
    assert after.card.version_id == "new"
    assert after.ready[1].expires_at == dt.datetime.fromisoformat("2026-03-07T00:00+02:00")


def test_one_purchase_opens_a_thousand_cards_at_most_and_loses_no_stamp():
    greedy = program({**stamps(1), "rules": [{"key": "r", "per": "visit", "units": 10**6}]})
    after = quote(basket([]), Member("m"), [greedy]).outcome("p").enrolment
    assert (len(after.ready), after.account.balance) == (1000, 10**6 - 1000)


def test_bonuses_come_once_and_are_capped():
    club = program({"kind": "bonus", "occasions": [{"event": "referral", "units": 50, "max_times": 2}]})
    anna = Member("anna")
    first = bonus(club, "referral", "ben", anna, NOW, "UTC")
    assert isinstance(first, Bonus)
    assert first.lot.units == 50

    def code(uses, identity="ben", event="referral"):
        found = bonus(club, event, identity, replace(anna, uses=uses), NOW, "UTC")
        return found.code if isinstance(found, Reason) else None

    assert code(dict.fromkeys(first.uses, 1)) == "already_happened"
    assert code({"p/referral": 1}) is None
    assert code({"p/referral": 2}) == "cap_reached"
    assert code({}, identity="anna") == "self_referral"
    assert code({}, event="welcome") == "nothing_earned"


def test_reasons_carry_what_their_code_says():
    with pytest.raises(ValueError, match="earned_visit"):
        Reason("earned_visit", {"unit": 1})
    with pytest.raises(KeyError):
        Reason("no such code")
    assert len(CODES) == len(set(CODES))


def test_ten_thousand_lines_and_a_million_units():
    goods = [{"key": str(i), "unit_price_minor": i % 997, "sku": f"s{i}"} for i in range(10_000)]
    example = {
        "programs": {
            "p": {
                **POINTS,
                "rewards": [
                    {"key": "w", "benefit": {"kind": "per_unit", "unit_value_minor": "0.01", "on": "order"}}
                ],
            }
        },
        "coupons": {"c": {"benefit": {"kind": "cheapest_free", "quantity": 3}}},
        "balances": {"p": 10**6},
        "choices": [{"program": "p", "reward": "w"}],
        "lines": goods,
    }
    result = judge(example)
    assert sum(line.net_minor for line in result.lines) == result.total_minor
    assert result.outcome("p").spent == 10**6
