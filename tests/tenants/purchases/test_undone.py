"""A purchase that was returned as a whole leaves the member, the shop's coupons and its stock as if it had not been."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from saas.db import db
from saas.web.clock import utcnow
from tenants.coupons import issuing, operations
from tenants.coupons.models import CouponCode, CouponCounter, CouponUse
from tenants.engine.values import Redeem, UseReady
from tenants.programs import ledger
from tenants.programs.ledger import AlreadyUndone, CooldownRunning
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases import facts, redeeming, seams
from tenants.segments.queries import When
from tenants.units import accounts, merchandise
from tenants.units.models import Lot, Qualification, RuleUse
from tests.factories import coupons
from tests.factories.ledger import CASHIER, member, stamp_card
from tests.factories.purchases import amount, commit, lines, published, refund

NOW = utcnow().replace(microsecond=0)
LONG_AGO = NOW - dt.timedelta(days=40)
CUP = {"kind": "merchandise", "item": "cup"}


@pytest.fixture(autouse=True)
def _own_coupons():
    before = list(seams._told)
    seams.tell(operations)
    yield
    seams._told[:] = before


def rows(*columns):
    return sorted(map(tuple, db.session.execute(select(*columns)).all()), key=str)


def everything():
    """All that a member holds and that limits count, but for what is void or was cancelled."""
    db.session.flush()
    summed = select(Qualification.enrolment_id, func.sum(Qualification.units))
    used = select(RuleUse.enrolment_id, RuleUse.key, func.sum(RuleUse.count))
    return {
        "enrolments": rows(
            Enrolment.id,
            Enrolment.balance,
            Enrolment.tier,
            Enrolment.tier_kept_until,
            Enrolment.last_earned_at,
        ),
        "lots": [row for row in rows(Lot.enrolment_id, Lot.key, Lot.units_left, Lot.expires_at) if row[2]],
        "rewards": [row for row in rows(Reward.id, Reward.status) if row[1] != "cancelled"],
        "qualified": [
            tuple(row) for row in db.session.execute(summed.group_by(Qualification.enrolment_id)) if row[1]
        ],
        "uses": [
            tuple(row)
            for row in db.session.execute(used.group_by(RuleUse.enrolment_id, RuleUse.key))
            if row[2]
        ],
        "codes": [
            row for row in rows(CouponCode.id, CouponCode.state, CouponCode.expires_at) if row[1] != "void"
        ],
        "counters": [
            row for row in rows(CouponCounter.coupon_id, CouponCounter.key, CouponCounter.used) if row[2]
        ],
        "used": [row for row in rows(CouponUse.id, CouponUse.given_back_at) if row[1] is None],
        "stock": merchandise.stock_of("cup"),
    }


def by_rules(who):
    """What rules may ask of the member."""
    now = utcnow()
    found = facts.member_value(who.id, accounts.load(who.id, None), now, (), When(now, "Europe/Athens"))
    standings = {
        program_id: replace(one, qualified=tuple(item for item in one.qualified if item[1]))
        for program_id, one in found.standings.items()
    }
    return replace(found, standings=standings)


@pytest.fixture
def shop(within, bakery):
    """Every kind of program and coupon at once, and a member who has been here before."""
    with within(bakery):
        merchandise.set_stock("cup", 9, LONG_AGO)
        limits = {"total": 5, "per_period": 4, "per_member_period": 3, "period": "month"}
        coupons.published(
            bakery, code="TEN", conditions={"uses_per_member": 2}, limits=limits, name="Ten", at=LONG_AGO
        )
        gift = coupons.published(
            bakery,
            {"kind": "amount", "amount_minor": 500},
            trigger="personal",
            valid_days=30,
            name="Gift",
            at=LONG_AGO,
        )
        grants = {"kind": "coupon", "item": str(gift.id)}
        coupons.published(bakery, grants, trigger="automatic", name="Next order", at=LONG_AGO)
        tiers = [{"key": "silver", "threshold": 3000, "multiplier": 2}, {"key": "gold", "threshold": 9000}]
        programs = {
            "club": published(
                {"kind": "tiers", "rules": [{"key": "spend", "step_minor": 1}], "tiers": tiers},
                name="Club",
                at=LONG_AGO,
            ),
            "points": published(
                {
                    "kind": "points",
                    "rules": [
                        {"key": "spend", "step_minor": 100},
                        {"key": "twice", "per": "visit", "units": 5, "conditions": {"uses_per_member": 2}},
                    ],
                    "rewards": [
                        {"key": "gift", "cost": 8, "benefit": grants},
                        {"key": "cup", "cost": 3, "benefit": CUP},
                        {
                            "key": "off",
                            "cost": 2,
                            "benefit": {"kind": "amount", "amount_minor": 100, "on": "order"},
                        },
                        {"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 10}},
                    ],
                    "expiry": {"months": 6},
                },
                at=LONG_AGO,
            ),
            "card": published(
                {
                    "kind": "stamp_card",
                    "required": 2,
                    "rules": [{"key": "visit", "per": "visit"}],
                    "rewards": [{"key": "cup", "benefit": CUP}],
                },
                name="Card",
                at=LONG_AGO,
            ),
        }
        who = member()
        commit(bakery, who.id, amount(2000), at=NOW - dt.timedelta(days=2))
        code = issuing.give(gift, who.id, LONG_AGO + dt.timedelta(days=39)).code
        points = programs["points"].id
        ready = redeeming.issue(
            who.id, points, "off", merchant=bakery, actor=CASHIER, request_key="r", now=NOW
        )
        return {"who": who, "points": str(points), "code": code, "ready": str(ready.id)}


def buy(bakery, shop, **more):
    """All at once: two codes, units for a coupon and a cup, a ready reward, units as money; a card is filled."""
    choices = [Redeem(shop["points"], key) for key in ("gift", "cup")]
    choices += [UseReady(shop["ready"]), Redeem(shop["points"], "pay", 4)]
    goods = lines({"unit_price_minor": 1000, "quantity": 3}, {"unit_price_minor": 150, "quantity": "0.333"})
    return commit(
        bakery, shop["who"].id, goods, codes=("ten", shop["code"]), choices=tuple(choices), at=NOW, **more
    )


def test_the_purchase_moves_everything(within, bakery, shop):
    with within(bakery):
        before, by_before = everything(), by_rules(shop["who"])
        result = buy(bakery, shop).result
        assert result.refused == ()
        assert {used.source.kind for used in result.used} == {"coupon", "reward", "ready"}
        after = everything()
        assert [name for name in before if before[name] == after[name]] == []
        assert by_rules(shop["who"]) != by_before


@pytest.mark.parametrize(
    "parts", [[None], [{"1": "1"}, None], [{"1": "3"}, {"2": "0.1"}, {"2": "0.233"}]], ids=len
)
def test_nothing_of_it_is_left(within, bakery, shop, parts):
    with within(bakery):
        before, by_before = everything(), by_rules(shop["who"])
        done = buy(bakery, shop)
        for part in parts:
            back = {key: Decimal(quantity) for key, quantity in part.items()} if part else None
            refund(bakery, done.purchase_id, back)
        assert everything() == before
        assert by_rules(shop["who"]) == by_before
        assert buy(bakery, shop).result.due_minor == done.result.due_minor


def test_a_coupon_that_a_reward_gave_is_void_and_stays_over_when_it_was_used_meanwhile(within, bakery, shop):
    def given(purchase_id):
        query = (
            select(CouponCode).where(CouponCode.granted_by == purchase_id).order_by(CouponCode.granted_source)
        )
        return db.session.scalars(query.execution_options(populate_existing=True)).all()

    with within(bakery):
        done = buy(bakery, shop)
        codes = given(done.purchase_id)
        assert [code.granted_source.endswith("/gift") for code in codes].count(True) == 1
        assert len(codes) == 2  # by the reward, and by the coupon
        spent = commit(bakery, shop["who"].id, amount(1000), codes=(codes[0].code,), at=NOW)
        assert spent.result.discount_minor == 500
        refund(bakery, done.purchase_id)
        assert sorted(code.state for code in given(done.purchase_id)) == ["used", "void"]
        refund(bakery, spent.purchase_id)
        db.session.expire_all()
        again = commit(bakery, shop["who"].id, amount(1000), codes=[code.code for code in codes])
        assert again.result.discount_minor == 0
        assert {one.reason.code for one in again.result.refused} == {"code_expired", "code_void"}


def test_no_cool_down_runs_after_a_return(within, bakery):
    with within(bakery):
        card, who = stamp_card(9, cooldown_minutes=60), member()

        def stamp(key):
            ledger.earn(
                who.id, card.id, 1, actor=CASHIER, cause="member_code", request_key=key, now=utcnow(),
                time_zone=bakery.time_zone,
            )  # fmt: skip

        done = commit(bakery, who.id, lines({"unit_price_minor": 100, "quantity": 2}))
        with pytest.raises(CooldownRunning):
            stamp("a")
        refund(bakery, done.purchase_id, {"1": Decimal(1)})
        with pytest.raises(CooldownRunning):  # what was kept still earned its stamp
            stamp("b")
        refund(bakery, done.purchase_id)
        stamp("c")


def test_what_could_not_be_taken_back_is_taken_once_it_is_there_again(within, bakery):
    terms = {
        "kind": "points",
        "clawback": "stop_at_zero",
        "rules": [{"key": "spend", "per": "amount", "step_minor": 100}],
        "rewards": [{"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 10}}],
    }
    with within(bakery):
        program, who = published(terms), member()
        two = lines({"unit_price_minor": 1000}, {"unit_price_minor": 1000})
        bought = commit(bakery, who.id, two)
        spent = commit(bakery, who.id, amount(150), choices=(Redeem(str(program.id), "pay", 15),))
        first = refund(bakery, bought.purchase_id, {"1": 1}).refund.reversals[0]
        assert (first.units, first.shortfall) == (5, 5)
        refund(bakery, spent.purchase_id)
        last = refund(bakery, bought.purchase_id, {"2": 1}).refund.reversals[0]
        assert (last.units, last.shortfall) == (15, -5)
        assert db.session.scalar(select(Enrolment.balance)) == 0


def test_what_a_purchase_earned_is_returned_not_undone(within, bakery):
    with within(bakery):
        published({"kind": "points", "rules": [{"key": "spend", "per": "amount", "step_minor": 100}]})
        commit(bakery, member().id, amount(1000))
        entry_id = db.session.scalars(select(Entry.id)).one()
        with pytest.raises(AlreadyUndone, match="Refund the purchase"):
            ledger.undo(entry_id, actor=CASHIER, request_key="again", now=utcnow())
        assert db.session.scalar(select(Enrolment.balance)) == 10
