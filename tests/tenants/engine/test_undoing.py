"""A purchase that is refunded in full leaves the member as if it had not been, whatever came between."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tenants.engine.lots import spend
from tenants.engine.programs import Program
from tenants.engine.quote import quote
from tenants.engine.refunds import refund, rest
from tenants.engine.results import Result
from tenants.engine.tiers import taken_back
from tenants.engine.values import Basket, Enrolment, Line, Member, Redeem, Standing
from tests.tenants.engine.shop import NOW, program
from tests.tenants.engine.strategies import many
from tests.tenants.engine.test_histories import COUPON, PRICES, REWARDS, goods

POINTS = {
    "kind": "points",
    "rules": [{"key": "r", "per": "amount", "step_minor": 100}, {"key": "v", "per": "visit", "units": 3}],
    "rewards": REWARDS,
}
CARD = {
    "kind": "stamp_card",
    "required": 4,
    "rules": [{"key": "s", "per": "item"}],
    "rewards": [{"key": "free", "benefit": {"kind": "free_item"}}],
}
CLUB = {
    "kind": "tiers",
    "rules": [{"key": "r", "per": "amount", "step_minor": 100}],
    "tiers": [{"key": "silver", "threshold": 20}, {"key": "gold", "threshold": 60, "multiplier": 1}],
}


class Shop:
    """One member's history, played by the engine; what can't be paid is not done."""

    def __init__(self, faster: Program) -> None:
        self.member = Member("m")
        self.now = NOW
        self.programs = [program(POINTS, "points"), program(CARD, "card"), program(CLUB, "club")]
        self.faster = faster

    def buy(self, key: str, goods: list[tuple[str, int]], wishes: tuple[str, ...] = ()) -> Result:
        lines = tuple(Line(str(i), PRICES[sku], Decimal(count), sku) for i, (sku, count) in enumerate(goods))
        choices = [Redeem("points", wish, 10 if wish == "pay" else None) for wish in wishes]
        result = quote(Basket(key, "EUR", lines, self.now), self.member, self.programs, [COUPON], choices)
        changed = {o.program_id: o.enrolment for o in result.outcomes if o.enrolment}
        standings = {o.program_id: o.standing for o in result.outcomes if o.standing}
        self.member = replace(
            self.member,
            enrolments={**self.member.enrolments, **changed},
            standings={**self.member.standings, **standings},
        )
        return result

    def spendable(self) -> int:
        return self.held("points").account.spendable(self.now)

    def held(self, name: str) -> Enrolment:
        return self.member.enrolments.get(name, Enrolment())

    def do(self, step: tuple[str, Any]) -> None:
        self.now += dt.timedelta(hours=1)
        name, value = step
        if name == "buy":
            self.buy(f"b{self.now:%d%H}", value)
        elif name == "spend":
            held = self.held("points")
            account, _pieces = spend(held.account, value, self.now)
            self.member = replace(
                self.member, enrolments={**self.member.enrolments, "points": replace(held, account=account)}
            )
        elif name == "hand_out":
            held = self.held("card")
            self.member = replace(
                self.member,
                enrolments={**self.member.enrolments, "card": replace(held, ready=held.ready[1:])},
            )
        else:
            self.programs[0] = self.faster

    def can(self, step: tuple[str, Any]) -> bool:
        if step[0] == "spend":
            return step[1] <= self.spendable()
        return step[0] != "hand_out" or bool(self.held("card").ready)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), goods),
        st.tuples(st.just("spend"), st.integers(1, 40)),
        st.tuples(st.just("hand_out"), st.none()),
        st.tuples(st.just("publish"), st.none()),
    ),
    max_size=6,
)


@many(80)
@given(st.data(), steps, steps, goods, st.sampled_from([(), ("off",), ("each",), ("pay",), ("cup", "pay")]))
def test_a_purchase_refunded_in_full_has_not_been(data, before, between, bought, wishes):
    faster = program({**POINTS, "rules": [{"key": "r", "per": "amount", "step_minor": 50}]}, "points", "v2")
    with_it, without_it = Shop(faster), Shop(faster)
    for step in before:
        assume(with_it.can(step))
        with_it.do(step)
        without_it.do(step)
    with_it.now += dt.timedelta(minutes=1)
    without_it.now += dt.timedelta(minutes=1)
    result = with_it.buy("x", bought, wishes)
    for step in between:
        if with_it.can(step) and without_it.can(step):
            with_it.do(step)
            without_it.do(step)
    returned: dict[str, Decimal] = {}
    while left := rest(result, returned):
        key = data.draw(st.sampled_from(sorted(left)))
        done = refund(result, returned, {key: Decimal(1)}, with_it.member)
        returned[key] = returned.get(key, Decimal(0)) + 1
        standing = with_it.member.standings["club"]
        terms = with_it.programs[2].terms
        for units in (done.qualifying or {}).values():
            standing = taken_back(terms.tiers, terms.window, standing, units, result.at, "UTC")
        with_it.member = replace(
            with_it.member,
            enrolments=done.enrolments,
            standings={**with_it.member.standings, "club": standing},
        )
    for name in ("points", "card"):
        one, other = with_it.held(name), without_it.held(name)
        assert one.account.balance == other.account.balance, name
        if (
            name == "points" and not wishes
        ):  # to the lot; what it spent itself comes back under its old expiry
            assert one.account == other.account
        assert len(one.ready) == len(other.ready)
    one_standing = with_it.member.standings["club"]
    other_standing = without_it.member.standings.get("club", Standing())
    assert one_standing.tier == other_standing.tier
    assert sum(units for _at, units in one_standing.qualified) == sum(
        u for _at, u in other_standing.qualified
    )
