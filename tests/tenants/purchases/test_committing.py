"""Purchases through the engine into the ledger: the stated examples, refusals, retries, refunds."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from werkzeug.exceptions import NotFound

from saas.db import db
from saas.web.clock import utcnow
from saas.web.refusals import Conflict
from tenants.engine.mapping import from_mapping
from tenants.engine.values import Line, Redeem, UseReady
from tenants.members.models import Member
from tenants.products import catalogue
from tenants.products import operations as products
from tenants.programs import ledger, operations
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases import committing, redeeming, refunding, seams, wishes
from tenants.purchases.models import Purchase, PurchaseLine
from tenants.purchases.wishes import Wish
from tenants.units import rewards as units_rewards
from tenants.units.models import Lot, Qualification
from tests.factories import purchases as make
from tests.factories.examples import EXAMPLES
from tests.factories.ledger import member, stamp, stamp_card
from tests.factories.purchases import POINTS, amount, commit, published, refund

ATHENS = "2026-03-03T09:30:00+02:00"
NOW = dt.datetime.fromisoformat(ATHENS)


@pytest.fixture(autouse=True)
def _no_coupons():
    before = list(seams._told)
    yield
    seams._told[:] = before


def state(member_id):
    """All that a member holds, as far as a person could tell."""
    db.session.flush()
    found = {}
    for row in db.session.scalars(select(Enrolment).where(Enrolment.member_id == member_id)):
        total = db.session.scalar(select(func.sum(Entry.units)).where(Entry.enrolment_id == row.id)) or 0
        assert row.balance == total
        lots = db.session.execute(
            select(Lot.key, Lot.units_left)
            .where(Lot.enrolment_id == row.id, Lot.units_left > 0)
            .order_by(Lot.key)
        ).all()
        ready = db.session.scalar(
            select(func.count())
            .select_from(Reward)
            .where(Reward.enrolment_id == row.id, Reward.status == "issued")
        )
        qualified = db.session.scalar(
            select(func.sum(Qualification.units)).where(Qualification.enrolment_id == row.id)
        )
        found[row.program_id] = (
            row.balance,
            [tuple(lot) for lot in lots],
            ready,
            row.tier,
            int(qualified or 0),
        )
    return found


def give(program, member_id, units):
    """A balance to begin with, as a lot."""
    row = db.session.scalars(
        select(Enrolment).where(Enrolment.member_id == member_id, Enrolment.program_id == program.id)
    ).one()
    row.balance += units
    long_ago = NOW - dt.timedelta(days=30)
    db.session.add(
        Entry(
            enrolment_id=row.id, kind="adjust", units=units, version_id=row.version_id, cause="adjustment",
            actor_kind="system", occurred_at=long_ago, recorded_at=long_ago,
        )
    )  # fmt: skip
    if program.kind != "stamp_card":
        db.session.add(Lot(enrolment_id=row.id, key="start", units_left=units, earned_at=long_ago))
    db.session.flush()
    return row


def prepared(example, merchant):
    """The programs, the member and the coupons of an example."""
    seams.tell(make.CouponBook(example.get("coupons", {}), example.get("uses")))
    before = NOW - dt.timedelta(days=60)
    programs = {
        name: published(terms, name=name, at=before)
        for name, terms in sorted(
            example.get("programs", {}).items(), key=lambda item: item[1]["kind"] != "tiers"
        )
    }
    who = member()
    if born := example.get("birthday"):
        db.session.get_one(Member, who.id).birthday = dt.date.fromisoformat(born)
    ids = {name: str(program.id) for name, program in programs.items()}
    for name, units in example.get("balances", {}).items():
        give(programs[name], who.id, units)
    for name, keys in example.get("ready", {}).items():
        for key in keys:
            required = programs[name].draft["required"]
            row = give(programs[name], who.id, required)
            reward = Reward(
                enrolment_id=row.id, version_id=row.version_id, name=key, status="issued", issued_at=before
            )
            db.session.add(reward)
            db.session.flush()
            row.balance -= required
            db.session.add(
                Entry(
                    enrolment_id=row.id, kind="redeem", units=-required, version_id=row.version_id,
                    cause="card_full", reward_id=reward.id, actor_kind="system", occurred_at=before,
                    recorded_at=before,
                )
            )  # fmt: skip
            ids[key] = str(reward.id)
    for name, tier in example.get("tiers", {}).items():
        row = db.session.scalars(
            select(Enrolment).where(Enrolment.member_id == who.id, Enrolment.program_id == programs[name].id)
        ).one()
        row.tier = tier
        reached = next(
            one["threshold"] for one in programs[name].draft["engine"]["tiers"] if one["key"] == tier
        )
        db.session.add(
            Qualification(
                enrolment_id=row.id, units=reached, purchase_id=row.id, occurred_at=before, recorded_at=before
            )
        )
    return who, programs, ids


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_the_stated_examples_are_quoted_committed_and_refunded(within, bakery, example):
    with within(bakery):
        who, programs, ids = prepared(example, bakery)
        names = {str(program.id): name for name, program in programs.items()}
        at = dt.datetime.fromisoformat(example.get("at", ATHENS))
        wish = Wish(
            tuple(from_mapping(Line, line) for line in example["lines"]),
            who.id,
            tuple(example.get("coupons", {})),
            tuple(make.choice(data, ids) for data in example.get("choices", [])),
            at=at,
        )
        before = state(who.id)
        quoted = committing.quote(wish, merchant=bakery, now=at)
        assert state(who.id) == before
        done = commit(bakery, who.id, wish.lines, codes=wish.codes, choices=wish.choices, at=at)
        result, expected = done.result, example["expected"]
        assert (result.total_minor, result.due_minor) == (quoted.total_minor, quoted.due_minor)
        assert result.total_minor == expected["total"]
        assert result.due_minor == expected.get("due", expected["total"])
        assert {names[o.program_id]: o.units for o in result.outcomes} == expected.get("units", {})
        refused = {item.source.id: item.reason.code for item in result.refused}
        assert refused == expected.get("refused", {})
        after = state(who.id)
        for name, balance in expected.get("balance", {}).items():
            assert after[programs[name].id][0] == balance
        for name, ready in expected.get("ready", {}).items():
            assert after[programs[name].id][2] == ready
        row = db.session.get_one(Purchase, done.purchase_id)
        assert row.amount_minor == result.total_minor
        net = select(func.sum(PurchaseLine.net_minor)).where(PurchaseLine.purchase_id == row.id)
        assert db.session.scalar(net) == result.total_minor
        back = refund(bakery, done.purchase_id, now=at + dt.timedelta(hours=1))
        assert back.refund.amount_minor == result.total_minor
        assert state(who.id) == before


def points(merchant, **terms):
    return published({**POINTS, **terms}, at=NOW - dt.timedelta(days=90))


def balance(who, program):
    row = db.session.scalars(
        select(Enrolment).where(Enrolment.member_id == who.id, Enrolment.program_id == program.id)
    ).one()
    db.session.refresh(row)
    return row.balance


def test_a_retry_answers_the_same_and_adds_nothing(within, bakery):
    with within(bakery):
        program, who = points(bakery), member()
        first = commit(bakery, who.id, amount(1500), key="till-1", at=NOW)
        again = commit(bakery, who.id, amount(1500), key="till-1", at=NOW)
        assert again.is_repeat
        assert (again.purchase_id, again.result) == (first.purchase_id, first.result)
        assert balance(who, program) == 15
        with pytest.raises(Conflict):
            commit(bakery, who.id, amount(1600), key="till-1", at=NOW)
        back = refund(bakery, first.purchase_id, key="back-1")
        same = refund(bakery, first.purchase_id, key="back-1")
        assert same.is_repeat
        assert (same.refund_id, same.refund.amount_minor) == (back.refund_id, 1500)
        assert balance(who, program) == 0
        with pytest.raises(Conflict):
            refund(bakery, first.purchase_id, {"1": Decimal(1)}, key="back-1")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"currency": "SEK"}, wishes.OtherCurrency),
        ({"at": NOW + dt.timedelta(hours=1)}, wishes.InTheFuture),
        ({"lines": (Line("1", -5),)}, wishes.BadBasket),
        ({"lines": (Line("1", 5, Decimal(0)),)}, wishes.BadBasket),
        ({"lines": (Line("1", 5, Decimal("0.3333333")),)}, wishes.BadBasket),
        ({"lines": (Line("1", 5), Line("1", 5))}, wishes.BadBasket),
        ({"lines": (Line("1", 5, discount_minor=6),)}, wishes.BadBasket),
        ({"lines": (Line("1", 10**10),)}, wishes.TooLarge),
        ({"lines": tuple(Line(str(n), 5) for n in range(10_001))}, wishes.TooLarge),
    ],
)
def test_what_cant_be_bought_is_refused_and_leaves_nothing(within, bakery, change, refusal):
    with within(bakery):
        who = member()
        wish = Wish(**{"lines": amount(100), "member_id": who.id, **change})
        with pytest.raises(refusal), db.session.begin_nested():
            committing.commit(wish, merchant=bakery, actor=make.CASHIER, request_key="k", now=NOW)
        assert db.session.scalar(select(func.count()).select_from(Purchase)) == 0


def test_zero_prices_and_thirds_are_bought(within, bakery):
    with within(bakery):
        program, who = points(bakery), member()
        lines = make.lines({"unit_price_minor": 0}, {"unit_price_minor": 1999, "quantity": "0.333"})
        done = commit(bakery, who.id, lines, at=NOW)
        assert (done.result.total_minor, balance(who, program)) == (666, 6)


def test_a_receipt_number_belongs_to_one_purchase_and_a_changed_price_is_not_taken(within, bakery):
    with within(bakery):
        commit(bakery, None, amount(100), receipt_number="A 1", at=NOW)
        with pytest.raises(committing.ReceiptKnown):
            commit(bakery, None, amount(200), receipt_number="A 1", at=NOW)
        commit(bakery, None, amount(100), at=NOW)
        with pytest.raises(committing.QuoteChanged):
            committing.commit(
                Wish(amount(100)),
                merchant=bakery,
                actor=make.CASHIER,
                request_key="q",
                now=NOW,
                expected_due_minor=99,
            )


def test_refunds_beyond_what_was_bought_are_refused_with_words(within, bakery):
    with within(bakery):
        done = commit(bakery, None, make.lines({"unit_price_minor": 300, "quantity": 3}), at=NOW)
        assert refund(bakery, done.purchase_id, {"1": Decimal(2)}).refund.amount_minor == 600
        with pytest.raises(refunding.ReturnRefused, match="Left to return on this line: 1") as refused:
            refund(bakery, done.purchase_id, {"1": Decimal(2)})
        assert refused.value.problems[0].path == "lines.1"
        with pytest.raises(refunding.ReturnRefused):
            refund(bakery, done.purchase_id, {"9": Decimal(1)})
        last = refund(bakery, done.purchase_id)
        assert (last.refund.amount_minor, last.refund.is_everything) == (300, True)
        with pytest.raises(refunding.ReturnRefused):
            refund(bakery, done.purchase_id)
        with pytest.raises(NotFound):  # a refund is no purchase
            refund(bakery, last.refund_id)


def test_a_purchase_read_from_a_file_is_not_refunded(within, bakery):
    with within(bakery):
        row = Purchase(amount_minor=5, currency="EUR", request_key="old", occurred_at=NOW, recorded_at=NOW)
        db.session.add(row)
        db.session.flush()
        with pytest.raises(refunding.NotRefundable):
            refund(bakery, row.id)


def test_a_purchase_is_judged_by_the_version_in_force_at_its_time(within, bakery):
    with within(bakery):
        program, who = points(bakery), member()
        double = {**POINTS, "rules": [{"key": "spend", "units": 2, "step_minor": 100}]}
        operations.write_draft(program.id, "Points", {"engine": double, "words": {}}, NOW)
        operations.publish(program.id, "Owner", NOW)
        before = commit(bakery, who.id, amount(1000), at=NOW - dt.timedelta(seconds=1), now=NOW)
        after = commit(bakery, who.id, amount(1000), at=NOW)
        assert [done.result.outcomes[0].units for done in (before, after)] == [10, 20]
        assert balance(who, program) == 30
        refund(bakery, before.purchase_id)
        assert balance(who, program) == 20


def test_hand_given_stamps_and_purchases_share_a_card(within, bakery):
    with within(bakery):
        program, who = stamp_card(4), member()
        stamp(who.id, program.id, 2)
        done = commit(bakery, who.id, amount(500))
        assert balance(who, program) == 3
        stamp(who.id, program.id, 3)  # fills the card by hand; two stay
        assert balance(who, program) == 2
        done = commit(bakery, who.id, amount(500))
        assert balance(who, program) == 3
        last = commit(bakery, who.id, amount(500))
        assert (balance(who, program), len(last.result.outcomes[0].ready)) == (0, 1)
        earned = db.session.scalars(select(Entry).where(Entry.cause_id == last.purchase_id)).first()
        with pytest.raises(ledger.AlreadyUndone):
            ledger.undo(earned.id, actor=make.CASHIER, request_key="u", now=utcnow())
        refund(bakery, last.purchase_id)
        refund(bakery, done.purchase_id)
        assert balance(who, program) == 2
        assert [reward.status for reward in rewards_of(who)] == ["issued", "cancelled"]
        assert db.session.scalar(select(func.count()).select_from(Lot)) == 0


def rewards_of(who):
    query = select(Reward).join(Enrolment).where(Enrolment.member_id == who.id).order_by(Reward.issued_at)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def test_a_card_under_way_keeps_its_terms_unless_the_new_ones_are_better(within, bakery):
    with within(bakery):
        program, who = stamp_card(3), member()
        commit(bakery, who.id, amount(500))
        harder = {**program.draft, "required": 5}
        operations.write_draft(program.id, program.name, harder, utcnow())
        operations.publish(program.id, "Owner", utcnow())
        commit(bakery, who.id, amount(500))
        third = commit(bakery, who.id, amount(500))
        assert len(third.result.outcomes[0].ready) == 1
        for _ in range(3):
            commit(bakery, who.id, amount(500))
        assert (balance(who, program), len(rewards_of(who))) == (3, 1)


@pytest.mark.parametrize(("clawback", "left"), [("negative", -15), ("stop_at_zero", 0)])
def test_spent_units_that_are_taken_back_are_owed_or_recorded(within, bakery, clawback, left):
    with within(bakery):
        program, who = points(bakery, clawback=clawback), member()
        done = commit(bakery, who.id, amount(1500), at=NOW)
        commit(bakery, who.id, amount(150), at=NOW, choices=(Redeem(str(program.id), "pay", 15),))
        assert balance(who, program) == 0
        back = refund(bakery, done.purchase_id)
        assert balance(who, program) == left
        assert back.refund.reversals[0].shortfall == (0 if left else 15)
        commit(bakery, who.id, amount(2000), at=NOW)
        assert balance(who, program) == left + 20


def test_a_spent_lot_comes_back_with_its_old_expiry(within, bakery):
    with within(bakery):
        program, who = points(bakery, expiry={"months": 1}), member()
        commit(bakery, who.id, amount(3000), at=NOW)
        lot = db.session.scalars(select(Lot)).one()
        over = lot.expires_at
        later = NOW + dt.timedelta(days=20)
        spent = commit(bakery, who.id, amount(1000), at=later, choices=(Redeem(str(program.id), "off"),))
        assert spent.result.due_minor == 500
        db.session.refresh(lot)
        assert lot.units_left == 10
        refund(bakery, spent.purchase_id, now=later)
        db.session.refresh(lot)
        assert (lot.units_left, lot.expires_at) == (30, over)
        assert over == dt.datetime(2026, 4, 3, 21, tzinfo=dt.UTC)  # the end of 3 April in Athens


def test_an_issued_reward_is_used_on_a_purchase_and_waits_again_after_the_refund(within, bakery):
    with within(bakery):
        program, who = points(bakery), member()
        commit(bakery, who.id, amount(3000), at=NOW)
        reward = redeeming.issue(
            who.id, program.id, "off", merchant=bakery, actor=make.CASHIER, request_key="r", now=NOW
        )
        assert balance(who, program) == 10
        used = commit(bakery, who.id, amount(2000), at=NOW, choices=(UseReady(str(reward.id)),))
        assert used.result.total_minor == 1500
        assert rewards_of(who)[0].status == "fulfilled"
        again = commit(bakery, who.id, amount(2000), at=NOW, choices=(UseReady(str(reward.id)),))
        assert [item.reason.code for item in again.result.refused] == ["unknown_reward"]
        refund(bakery, used.purchase_id)
        assert rewards_of(who)[0].status == "issued"
        units_rewards.cancel(reward.id, actor=make.CASHIER, now=NOW)
        assert balance(who, program) == 30 + 20
        with pytest.raises(ledger.RewardGone):
            units_rewards.cancel(reward.id, actor=make.CASHIER, now=NOW)


def test_limits_of_rules_count_across_purchases_and_come_back_with_a_refund(within, bakery):
    with within(bakery):
        rules = [{"key": "first", "per": "visit", "units": 50, "conditions": {"uses_per_member": 1}}]
        program, who = points(bakery, rules=rules), member()
        first = commit(bakery, who.id, amount(100), at=NOW)
        commit(bakery, who.id, amount(100), at=NOW)
        assert balance(who, program) == 50
        refund(bakery, first.purchase_id)
        commit(bakery, who.id, amount(100), at=NOW)
        assert balance(who, program) == 50


def test_tiers_are_reached_kept_when_units_are_spent_and_given_up_by_a_refund(within, bakery):
    with within(bakery):
        before = NOW - dt.timedelta(days=90)
        tiers = {
            "kind": "tiers",
            "rules": [{"key": "spend", "step_minor": 1}],
            "ignores_tiers": True,
            "tiers": [
                {"key": "silver", "threshold": 5000},
                {"key": "gold", "threshold": 10000, "multiplier": 2},
            ],
        }
        club, program, who = published(tiers, name="Club", at=before), points(bakery), member()
        first = commit(bakery, who.id, amount(6000), at=NOW)
        second = commit(bakery, who.id, amount(6000), at=NOW)
        assert state(who.id)[club.id][3:] == ("gold", 12000)
        commit(bakery, who.id, amount(1000), at=NOW, choices=(Redeem(str(program.id), "pay", 100),))
        assert state(who.id)[club.id][3:] == ("gold", 13000)
        assert balance(who, program) == 120 - 100  # what units paid earns no units
        refund(bakery, second.purchase_id)
        assert state(who.id)[club.id][3:] == ("silver", 7000)
        refund(bakery, first.purchase_id)
        assert state(who.id)[club.id][3:] == (None, 1000)


def test_coupons_are_told_what_was_used_and_what_came_back(within, bakery):
    book = make.CouponBook({"five": {"benefit": {"kind": "amount", "amount_minor": 500, "on": "order"}}})
    seams.tell(book)
    with within(bakery):
        done = commit(bakery, None, amount(3000), codes=("five",), at=NOW)
        assert (done.result.total_minor, book.used) == (2500, [("five", done.purchase_id)])
        refund(bakery, done.purchase_id)
        assert book.returned == [("five", done.purchase_id)]


def test_the_catalogue_completes_the_lines_and_learns_from_them(within, bakery):
    with within(bakery):
        products.add(
            "TOB", {"name": "Tobacco", "is_excluded_from_earning": True, "category": "Kiosk > Smoke"}, NOW
        )
        program, who = points(bakery), member()
        lines = make.lines({"sku": "tob", "unit_price_minor": 900}, {"sku": "NEW", "unit_price_minor": 500})
        done = commit(bakery, who.id, lines, names={"2": "Novelty"}, at=NOW)
        assert balance(who, program) == 5
        rows = db.session.scalars(select(PurchaseLine).order_by(PurchaseLine.position)).all()
        assert [(row.sku, row.categories) for row in rows] == [
            ("TOB", ["Kiosk", "Kiosk > Smoke"]),
            ("NEW", []),
        ]
        assert catalogue.by_sku(["NEW"])["NEW"].name == "Novelty"
        assert rows[1].product_id == catalogue.by_sku(["NEW"])["NEW"].id
        assert done.result.total_minor == 1400


def test_a_basket_of_ten_thousand_lines(within, bakery):
    with within(bakery):
        program, who = points(bakery), member()
        lines = tuple(Line(str(n), 100 + n % 7, Decimal(1 + n % 3), f"sku-{n % 500}") for n in range(10_000))
        began = time.monotonic()
        done = commit(bakery, who.id, lines, at=NOW)
        took = time.monotonic() - began
        assert balance(who, program) == done.result.total_minor // 100
        began = time.monotonic()
        refund(bakery, done.purchase_id)
        print(f"10,000 lines: commit {took:.1f} s, refund {time.monotonic() - began:.1f} s")
        assert balance(who, program) == 0
        assert took < 15
