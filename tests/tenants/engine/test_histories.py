"""Laws of whole histories: purchases, refunds, redemptions, expiries and new versions in any order, with retries."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tenants.engine.lots import Lot, NotEnough, expire, give_back, spend
from tenants.engine.mapping import Invalid
from tenants.engine.programs import Program, in_force
from tenants.engine.quote import quote
from tenants.engine.refunds import refund, rest
from tenants.engine.results import Outcome, Result
from tenants.engine.values import Basket, Choice, Enrolment, Line, Member, Redeem, UseReady
from tests.tenants.engine.model import FAR, Token, Tokens
from tests.tenants.engine.shop import NOW, coupon, program
from tests.tenants.engine.strategies import many

PRICES = {"coffee": 300, "tea": 250, "cake": 1999}
COUPON = coupon({"trigger": "automatic", "benefit": {"kind": "cheapest_free", "quantity": 3}}, "three")
REWARDS = [
    {"key": "off", "cost": 15, "benefit": {"kind": "amount", "amount_minor": 500, "on": "order"}},
    {"key": "each", "benefit": {"kind": "per_unit", "unit_value_minor": 7, "on": "order"}},
    {"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 70}},
    {"key": "cup", "cost": 8, "benefit": {"kind": "merchandise", "item": "cup"}},
]

points = st.fixed_dictionaries(
    {
        "kind": st.just("points"),
        "rules": st.sampled_from(
            [
                [{"key": "r", "per": "amount", "step_minor": 100}],
                [{"key": "r", "per": "amount", "units": "0.7", "step_minor": 100, "rounding": "half_up"}],
                [{"key": "r", "per": "visit", "units": 9}, {"key": "i", "per": "item", "units": 2}],
            ]
        ),
        "rewards": st.just(REWARDS),
        "expiry": st.sampled_from([{}, {"days": 5}, {"months": 1}]),
        "pending_days": st.sampled_from([0, 0, 2]),
        "clawback": st.sampled_from(["negative", "stop_at_zero"]),
        "spends_at_once": st.booleans(),
    }
)
cards = st.fixed_dictionaries(
    {
        "kind": st.just("stamp_card"),
        "required": st.integers(2, 5),
        "rules": st.just([{"key": "s", "per": "item"}]),
        "rewards": st.just([{"key": "free", "benefit": {"kind": "free_item"}}]),
        "clawback": st.sampled_from(["negative", "stop_at_zero"]),
    }
)
goods = st.lists(st.tuples(st.sampled_from(sorted(PRICES)), st.integers(1, 3)), min_size=1, max_size=3)
wishes = st.lists(st.sampled_from(["off", "each", "pay", "cup", "ready"]), max_size=2, unique=True)


@dataclass
class Bought:
    """A purchase as the ledger has it: what was asked, what was answered, what is returned of it by now."""

    asked: tuple[Basket, Member, list[Program], list[Any], list[Choice]]
    result: Result
    returned: dict[str, Decimal] = field(default_factory=dict)
    short: Counter[str] = field(default_factory=Counter)
    reversed: Counter[str] = field(default_factory=Counter)
    money: int = 0
    spent: dict[str, list[Token]] = field(default_factory=dict)


class History(RuleBasedStateMachine):
    """One member of one shop. `entries` are the ledger's lines, `tokens` the independent model."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.versions: dict[str, list[tuple[dt.datetime, Program]]] = {"points": [], "card": []}
        self.member = Member("m")
        self.entries: Counter[str] = Counter()
        self.tokens = {"points": Tokens(), "card": Tokens()}
        self.card_size = 0
        self.bought: dict[str, Bought] = {}
        self.redeemed: list[tuple[tuple[Lot, ...], list[Token]]] = []
        self.filled: dict[str, list[Token]] = {}

    @initialize(first=points, card=cards)
    def open_shop(self, first: dict[str, Any], card: dict[str, Any]) -> None:
        self.publish("points", first)
        self.publish("card", card)

    def publish(self, name: str, terms: dict[str, Any]) -> None:
        version = program(terms, name, f"v{len(self.versions[name])}")
        self.versions[name].append((self.now, version))

    def programs(self) -> list[Program]:
        return [p for name in sorted(self.versions) if (p := in_force(self.versions[name], self.now))]

    def hold(self, name: str) -> Enrolment:
        return self.member.enrolments.get(name, Enrolment())

    def store(self, changed: dict[str, Enrolment]) -> None:
        self.member = replace(self.member, enrolments={**self.member.enrolments, **changed})

    @rule(terms=points)
    def change_points(self, terms: dict[str, Any]) -> None:
        self.publish("points", terms)

    @rule(terms=cards)
    def change_card(self, terms: dict[str, Any]) -> None:
        self.publish("card", terms)

    @rule(goods=goods, wishes=wishes, is_retried=st.booleans())
    def purchase(self, goods: list[tuple[str, int]], wishes: list[str], is_retried: bool) -> None:
        key = f"b{len(self.bought)}"
        lines = [Line(str(i), PRICES[sku], Decimal(count), sku) for i, (sku, count) in enumerate(goods)]
        choices: list[Choice] = [
            Redeem("points", wish, 20 if wish == "pay" else None) for wish in wishes if wish != "ready"
        ]
        if "ready" in wishes and self.hold("card").ready:
            choices.append(UseReady(self.hold("card").ready[0].id))
        asked = (Basket(key, "EUR", tuple(lines), self.now), self.member, self.programs(), [COUPON], choices)
        result = quote(*asked)
        if is_retried:
            assert quote(*asked) == result
        self.bought[key] = Bought(asked, result)
        for outcome in result.outcomes:
            self.post(self.bought[key], outcome)

    def post(self, bought: Bought, outcome: Outcome) -> None:
        name, tokens = outcome.program_id, self.tokens[outcome.program_id]
        terms = next(p for p in bought.asked[2] if p.id == name).terms
        was_empty = tokens.balance <= 0
        new: list[Token] = []
        if outcome.lot:
            lot = outcome.lot
            new = [(lot.expires_at or FAR, lot.earned_at, lot.id, lot.available_at)] * outcome.units
        if terms.spends_at_once:
            tokens.put(new)
        for source, units in spent_by_source(bought.result, name):
            bought.spent[source] = tokens.spend(units, self.now)
        if not terms.spends_at_once:
            tokens.put(new)
        self.entries[name] += outcome.units - outcome.spent
        if name == "card":
            self.fill(outcome, terms.required, was_empty)
        if outcome.enrolment:
            self.store({name: outcome.enrolment})

    def fill(self, outcome: Outcome, required: int, was_empty: bool) -> None:
        tokens = self.tokens["card"]
        size = required if was_empty or not self.card_size else min(self.card_size, required)
        opened = []
        while tokens.balance >= size:
            opened.append(tokens.spend(size, self.now))
            self.entries["card"] -= size
            size = required
        self.card_size = size
        assert len(opened) == len(outcome.ready)
        self.filled |= dict(zip(outcome.ready, opened, strict=True))

    @precondition(lambda self: self.bought)
    @rule(data=st.data())
    def quote_again(self, data: st.DataObject) -> None:
        bought = self.bought[data.draw(st.sampled_from(sorted(self.bought)))]
        assert quote(*bought.asked) == bought.result

    @precondition(lambda self: self.bought)
    @rule(data=st.data(), is_whole=st.booleans())
    def give_money_back(self, data: st.DataObject, is_whole: bool) -> None:
        bought = self.bought[data.draw(st.sampled_from(sorted(self.bought)))]
        left = rest(bought.result, bought.returned)
        with pytest.raises(Invalid):
            refund(bought.result, bought.returned, {"0": left.get("0", Decimal(0)) + 1}, self.member)
        if not left:
            return
        returning = left if is_whole else {data.draw(st.sampled_from(sorted(left))): Decimal(1)}
        done = refund(bought.result, bought.returned, returning, self.member, bought.short)
        for key, quantity in returning.items():
            bought.returned[key] = bought.returned.get(key, Decimal(0)) + quantity
        bought.money += done.amount_minor
        for given in done.given_back:
            spent = bought.spent[given.source]
            count = sum(piece.units for piece in given.pieces)
            self.tokens[given.program_id].put(spent[len(spent) - count :])
            del spent[len(spent) - count :]
            self.entries[given.program_id] += count
        self.take_back(bought, done)
        if not rest(bought.result, bought.returned):
            self.assert_undone(bought)

    def take_back(self, bought: Bought, done: Any) -> None:
        held = done.enrolments
        sizes = [len(self.filled[ready.id]) for ready in done.cancelled]
        for ready in done.cancelled:
            if ready.id in {r.id for r in done.ready_back}:
                self.reopen(ready)
        for reversal in done.reversals:
            name, tokens = reversal.program_id, self.tokens[reversal.program_id]
            assert sum(units for _rule, units in reversal.rules) == reversal.units + reversal.shortfall
            for ready in done.cancelled:
                if ready.program_id == name and ready.id not in {r.id for r in done.ready_back}:
                    self.reopen(ready)
            outcome = bought.result.outcome(name)
            owed = tokens.owed
            tokens.take_back(outcome.lot.id, reversal.units + reversal.shortfall + bought.short[name])
            if outcome.clawback == "stop_at_zero":
                missing = tokens.owed - owed
                tokens.owed = owed
                assert missing == bought.short[name] + reversal.shortfall
            else:
                assert reversal.shortfall == 0
            self.entries[name] -= reversal.units
            bought.short[name] += reversal.shortfall
            bought.reversed[name] += reversal.units
        self.card_size = (
            sizes[-1] if sizes else self.card_size
        )  # the card that was reopened last is under way
        self.store(held)

    def reopen(self, ready: Any) -> None:
        tokens = self.filled.pop(ready.id)
        self.tokens["card"].put(tokens)
        self.entries["card"] += len(tokens)
        self.card_size = len(tokens)

    def assert_undone(self, bought: Bought) -> None:
        """All is returned: all money is back, and all that was earned is taken back or recorded as missing."""
        assert bought.money == bought.result.total_minor
        assert not any(bought.spent.values())
        for outcome in bought.result.outcomes:
            name = outcome.program_id
            assert bought.reversed[name] + bought.short[name] == outcome.units

    @rule(units=st.integers(0, 60))
    def redeem(self, units: int) -> None:
        """At the counter, without a purchase."""
        held = self.hold("points")
        before = held.account.spendable(self.now)
        try:
            account, pieces = spend(held.account, units, self.now)
        except NotEnough:
            assert units > before
            return
        self.redeemed.append((pieces, self.tokens["points"].spend(units, self.now)))
        self.entries["points"] -= units
        self.store({"points": replace(held, account=account)})

    @precondition(lambda self: self.redeemed)
    @rule()
    def cancel_redemption(self) -> None:
        pieces, tokens = self.redeemed.pop()
        held = self.hold("points")
        self.tokens["points"].put(tokens)
        self.entries["points"] += len(tokens)
        self.store({"points": replace(held, account=give_back(held.account, pieces))})

    @precondition(lambda self: self.hold("card").ready)
    @rule()
    def hand_out(self) -> None:
        held = self.hold("card")
        self.store({"card": replace(held, ready=held.ready[1:])})

    @rule(days=st.sampled_from([1, 3, 6, 31]), is_run_twice=st.booleans())
    def let_time_pass(self, days: int, is_run_twice: bool) -> None:
        self.now += dt.timedelta(days=days)
        for _ in range(1 + is_run_twice):
            for name, held in self.member.enrolments.items():
                account, over = expire(held.account, self.now)
                lost = sum(lot.units for lot in over)
                assert lost == self.tokens[name].expire(self.now)
                self.entries[name] -= lost
                self.store({name: replace(held, account=account)})

    @invariant()
    def balance_is_the_sum_and_the_model(self) -> None:
        for name, tokens in self.tokens.items():
            account = self.hold(name).account
            assert account.balance == self.entries[name] == tokens.balance, name
            assert account.debt == tokens.owed
            assert not (account.lots and account.debt)
            assert all(lot.units > 0 for lot in account.lots)
            assert {lot.id: lot.units for lot in account.lots} == tokens.by_lot
            earned = {o.lot.id: o.units for b in self.bought.values() for o in b.result.outcomes if o.lot}
            assert all(lot.units <= earned[lot.id] for lot in account.lots)


def spent_by_source(result: Result, program_id: str) -> list[tuple[str, int]]:
    found = [(u.source.id, u.units) for u in result.used if u.source.program_id == program_id and u.units]
    return found + [(p.id, p.units) for p in result.payments if p.program_id == program_id]


TestHistory = History.TestCase
TestHistory.settings = many(60)
