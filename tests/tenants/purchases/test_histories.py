"""Whole histories in the database against the engine's values: purchases, refunds, rewards, expiry, versions, retries.

LAWS=1000 plays that many; a failure prints how to repeat it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from saas.db import db
from tenants.engine import redemptions, refunds, tiers
from tenants.engine.lots import expire
from tenants.engine.mapping import from_mapping
from tenants.engine.programs import Program, ProgramTerms, in_force
from tenants.engine.quote import quote
from tenants.engine.results import Result
from tenants.engine.values import Basket, Enrolment, Member, Redeem, Standing, UseReady
from tenants.programs import ledger, operations
from tenants.programs.models import Enrolment as EnrolmentRow
from tenants.programs.models import Entry, Reward
from tenants.purchases import redeeming, refunding, seams
from tenants.units import rewards, tasks
from tenants.units.models import Lot, Qualification
from tests.factories import purchases as make
from tests.factories.ledger import CASHIER, member
from tests.tenants.engine import test_histories as laws
from tests.tenants.engine.strategies import many

BEGIN = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
CLUB: dict[str, Any] = {
    "kind": "tiers",
    "rules": [{"key": "spend", "step_minor": 1}],
    "tiers": [{"key": "silver", "threshold": 1500}, {"key": "gold", "threshold": 6000, "multiplier": 2}],
    "ignores_tiers": True,
}
COUPONS = {"three": {"trigger": "automatic", "benefit": {"kind": "cheapest_free", "quantity": 3}}}


@dataclass
class Bought:
    """A purchase by the model: the answer, and what is returned by now."""

    id: uuid.UUID
    result: Result
    at: dt.datetime
    returned: dict[str, Decimal] = field(default_factory=dict)
    short: Counter[str] = field(default_factory=Counter)


class History(RuleBasedStateMachine):
    """One member; every step is done in the database and by the engine on values of our own."""

    within: Any = None
    merchant: Any = None
    app: Any = None

    @initialize(points=laws.points, card=laws.cards)
    def open_shop(self, points: dict[str, Any], card: dict[str, Any]) -> None:
        self.now = BEGIN
        self.versions: dict[str, list[tuple[dt.datetime, Program]]] = {}
        self.names: dict[str, str] = {}
        self.bought: list[Bought] = []
        self.issued: dict[str, dt.datetime] = {}
        with self.within(self.merchant):
            for name, terms in (("club", CLUB), ("points", points), ("card", card)):
                self.names[name] = str(make.published(terms, name=name, at=self.now).id)
                self.versions[name] = []
                self.remember(name, terms)
            self.member_id = member().id
        self.member = Member(str(self.member_id))

    def teardown(self) -> None:
        with self.within(self.merchant):
            for program_id in getattr(self, "names", {}).values():
                operations.archive(uuid.UUID(program_id), self.now)

    def remember(self, name: str, terms: dict[str, Any]) -> None:
        version = db.session.scalars(
            select(operations.ProgramVersion)
            .where(operations.ProgramVersion.program_id == uuid.UUID(self.names[name]))
            .order_by(operations.ProgramVersion.number.desc())
        ).first()
        assert version is not None
        program = Program(self.names[name], str(version.id), "EUR", from_mapping(ProgramTerms, terms))
        self.versions[name].append((self.now, program))

    def tick(self) -> None:
        self.now += dt.timedelta(minutes=1)

    def programs(self) -> list[Program]:
        return [program for versions in self.versions.values() if (program := in_force(versions, self.now))]

    def hold(self, name: str) -> Enrolment:
        return self.member.enrolments.get(self.names[name], Enrolment())

    def store(self, changed: dict[str, Enrolment]) -> None:
        for enrolment in changed.values():
            for ready in enrolment.ready:
                self.issued.setdefault(ready.id, self.now)
        ordered = {
            name: replace(
                one, ready=tuple(sorted(one.ready, key=lambda r: (self.issued[r.id], len(r.id), r.id)))
            )
            for name, one in changed.items()
        }
        self.member = replace(self.member, enrolments={**self.member.enrolments, **ordered})

    @rule(name=st.sampled_from(["points", "card"]), data=st.data())
    def publish(self, name: str, data: st.DataObject) -> None:
        self.tick()
        terms = data.draw(laws.points if name == "points" else laws.cards)
        mapping: dict[str, Any] = {"engine": terms, "words": {}}
        if name == "card":
            mapping |= {"headline": "card", "required": terms["required"], "reward_name": "free"}
        with self.within(self.merchant):
            operations.write_draft(uuid.UUID(self.names[name]), name, mapping, self.now)
            operations.publish(uuid.UUID(self.names[name]), "Owner", self.now)
            self.remember(name, terms)

    @rule(goods=laws.goods, wishes=laws.wishes, is_retried=st.booleans())
    def purchase(self, goods: list[tuple[str, int]], wishes: list[str], is_retried: bool) -> None:
        self.tick()
        lines = make.lines(
            *({"unit_price_minor": laws.PRICES[sku], "quantity": count, "sku": sku} for sku, count in goods)
        )
        choices: list[Any] = [
            Redeem(self.names["points"], wish, 20 if wish == "pay" else None)
            for wish in wishes
            if wish != "ready"
        ]
        if "ready" in wishes and self.hold("card").ready:
            choices.append(UseReady(self.hold("card").ready[0].id))
        key = uuid.uuid4().hex
        with self.within(self.merchant):
            done = make.commit(
                self.merchant, self.member_id, lines, key=key, at=self.now, choices=tuple(choices)
            )
        if is_retried:
            with self.within(self.merchant):
                again = make.commit(
                    self.merchant, self.member_id, lines, key=key, at=self.now, choices=tuple(choices)
                )
                assert (again.purchase_id, again.is_repeat) == (done.purchase_id, True)
        basket = Basket(str(done.purchase_id), "EUR", lines, self.now, self.merchant.time_zone)
        coupons = make.CouponBook(COUPONS).offered((), None, None, "EUR", None)
        mine = quote(basket, self.member, self.programs(), coupons, choices)
        assert said(done.result) == said(mine)
        self.bought.append(Bought(done.purchase_id, mine, self.now))
        self.store({o.program_id: o.enrolment for o in mine.outcomes if o.enrolment})
        standings = {o.program_id: o.standing for o in mine.outcomes if o.standing}
        self.member = replace(self.member, standings={**self.member.standings, **standings})

    @precondition(lambda self: self.bought)
    @rule(data=st.data(), is_whole=st.booleans(), is_retried=st.booleans())
    def give_money_back(self, data: st.DataObject, is_whole: bool, is_retried: bool) -> None:
        self.tick()
        bought = data.draw(st.sampled_from(self.bought))
        left = refunds.rest(bought.result, bought.returned)
        if not left:
            with pytest.raises(refunding.ReturnRefused), self.within(self.merchant):
                make.refund(self.merchant, bought.id, {"1": Decimal(1)}, now=self.now)
            return
        returning = left if is_whole else {data.draw(st.sampled_from(sorted(left))): Decimal(1)}
        mine = refunds.refund(bought.result, bought.returned, returning, self.member, bought.short)
        key = uuid.uuid4().hex
        for _ in range(1 + is_retried):
            with self.within(self.merchant):
                done = make.refund(self.merchant, bought.id, returning, key=key, now=self.now).refund
            assert (done.amount_minor, done.money_minor) == (mine.amount_minor, mine.money_minor)
            assert [(r.program_id, r.units, r.shortfall) for r in done.reversals] == [
                (r.program_id, r.units, r.shortfall) for r in mine.reversals
            ]
        for line, quantity in returning.items():
            bought.returned[line] = bought.returned.get(line, Decimal(0)) + quantity
        for reversal in mine.reversals:
            bought.short[reversal.program_id] += reversal.shortfall
        self.store(dict(mine.enrolments or {}))
        for program_id, units in (mine.qualifying or {}).items():
            club = self.versions["club"][0][1].terms
            standing = self.member.standings[program_id]
            after = tiers.taken_back(
                club.tiers, club.window, standing, units, bought.at, self.merchant.time_zone
            )
            self.member = replace(self.member, standings={**self.member.standings, program_id: after})

    @rule()
    def redeem(self) -> None:
        """A cup for points, without a purchase."""
        self.tick()
        program = next(program for program in self.programs() if program.id == self.names["points"])
        visit = Basket("x", "EUR", (), self.now, self.merchant.time_zone)
        mine = redemptions.issue(program, "cup", self.member, visit)
        if not isinstance(mine, redemptions.Issued):
            with pytest.raises(rewards.NotEnoughUnits), self.within(self.merchant):
                self.issue()
            return
        with self.within(self.merchant):
            row = self.issue()
        ready = replace(mine.ready, id=str(row.id))
        self.store({program.id: replace(mine.enrolment, ready=(*self.hold("points").ready, ready))})

    def issue(self) -> Reward:
        return redeeming.issue(
            self.member_id,
            uuid.UUID(self.names["points"]),
            "cup",
            merchant=self.merchant,
            actor=CASHIER,
            request_key=uuid.uuid4().hex,
            now=self.now,
        )

    @precondition(lambda self: self.hold("points").ready)
    @rule(is_cancelled=st.booleans())
    def close_reward(self, is_cancelled: bool) -> None:
        self.tick()
        held = self.hold("points")
        ready = held.ready[0]
        with self.within(self.merchant):
            if is_cancelled:
                rewards.cancel(uuid.UUID(ready.id), actor=CASHIER, now=self.now)
            else:
                ledger.fulfil(uuid.UUID(ready.id), actor=CASHIER, now=self.now)
        act = redemptions.cancel if is_cancelled else redemptions.hand_out
        after = act(held, ready.id)
        assert after is not None
        self.store({self.names["points"]: after})

    @rule(days=st.sampled_from([1, 3, 6, 31]))
    def let_time_pass(self, days: int) -> None:
        self.now += dt.timedelta(days=days)
        with self.app.app_context():
            tasks.keep_until(self.merchant, self.now)
        for program_id, held in self.member.enrolments.items():
            account, _over = expire(held.account, self.now)
            self.store({program_id: replace(held, account=account)})

    @invariant()
    def database_and_model_agree(self) -> None:
        if not hasattr(self, "member"):
            return
        with self.within(self.merchant):
            rows = db.session.scalars(
                select(EnrolmentRow).where(EnrolmentRow.member_id == self.member_id)
            ).all()
            for row in rows:
                self.agree(row)

    def agree(self, row: EnrolmentRow) -> None:
        program_id = str(row.program_id)
        if program_id not in self.names.values():
            return
        mine = self.member.enrolments.get(program_id, Enrolment())
        total = db.session.scalar(select(func.sum(Entry.units)).where(Entry.enrolment_id == row.id))
        assert row.balance == (total or 0) == mine.account.balance
        ready = db.session.scalars(
            select(Reward).where(Reward.enrolment_id == row.id, Reward.status == "issued")
        )
        assert {reward.key or str(reward.id) for reward in ready} == {ready.id for ready in mine.ready}
        lots = db.session.execute(
            select(Lot.key, Lot.units_left).where(Lot.enrolment_id == row.id, Lot.units_left > 0)
        )
        if program_id == self.names["points"]:
            assert {lot.key: lot.units_left for lot in lots} == {
                lot.id: lot.units for lot in mine.account.lots
            }
        standing = self.member.standings.get(program_id, Standing())
        qualified = db.session.scalar(
            select(func.sum(Qualification.units)).where(Qualification.enrolment_id == row.id)
        )
        assert int(qualified or 0) == sum(units for _at, units in standing.qualified)
        if program_id == self.names["club"]:
            assert (row.tier or "") == standing.tier


def said(result: Result) -> Any:
    """What a person could tell of an answer; stamps by hand and by purchase are one lot in the database."""
    return (
        (result.total_minor, result.discount_minor, result.due_minor),
        result.lines,
        [
            (o.program_id, o.version_id, o.units, o.spent, o.ready, o.earned, o.missed)
            for o in result.outcomes
        ],
        [(item.source, item.reason) for item in result.refused],
        [(used.source, used.times, used.units) for used in result.used],
        result.grants,
    )


@pytest.mark.timeout(900)
def test_histories_in_the_database_and_in_the_engine_are_the_same(app, within, bakery):
    before = list(seams._told)
    seams.tell(make.CouponBook(COUPONS))
    History.within, History.merchant, History.app = staticmethod(within), bakery, app
    try:
        run_state_machine_as_test(History, settings=settings(many(10), stateful_step_count=15))
    finally:
        seams._told[:] = before
