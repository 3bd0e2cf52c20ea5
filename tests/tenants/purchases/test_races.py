"""Many tills at once: one purchase a request key, refunds one after the other, nothing spent or handed out twice."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial

from sqlalchemy import func, select

from saas.db import db
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from tenants.engine.values import Redeem
from tenants.programs import ledger
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases import redeeming
from tenants.purchases.models import Purchase, Refund
from tenants.units import merchandise
from tests.factories.ledger import CASHIER, member, stamp_card
from tests.factories.purchases import POINTS, amount, commit, lines, published, refund


def race(within, merchant, count, act):
    """Run `act` so often at once, each in a transaction of its own; what each answered, or its refusal's name."""

    def one(number):
        try:
            with within(merchant):
                return act(number)
        except Refusal as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(count)))


def balances():
    rows = db.session.execute(select(Enrolment.id, Enrolment.balance)).all()
    for enrolment_id, balance in rows:
        total = db.session.scalar(select(func.sum(Entry.units)).where(Entry.enrolment_id == enrolment_id))
        assert balance == (total or 0)
    return [balance for _id, balance in rows]


def test_twenty_commits_of_one_request_key_are_one_purchase(within, bakery):
    with within(bakery):
        published(POINTS)
        who = member().id
        at = utcnow()
    for member_id in (who, None):
        buy = partial(commit, bakery, member_id, amount(700), key=f"one-{member_id}", at=at)
        found = race(within, bakery, 20, lambda _number, buy=buy: buy().purchase_id)
        assert len(set(found)) == 1
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Purchase)) == 2
        assert balances() == [7]


def test_purchases_of_one_member_are_all_counted(within, bakery):
    with within(bakery):
        stamp_card(4)
        published(POINTS)
        who, at = member().id, utcnow()
    race(within, bakery, 30, lambda n: commit(bakery, who, amount(300), key=f"k{n // 2}", at=at).purchase_id)
    with within(bakery):
        assert sorted(balances()) == [15 % 4, 45]
        assert db.session.scalar(select(func.count()).select_from(Reward)) == 15 // 4


def test_two_refunds_at_once_return_each_piece_once(within, bakery):
    with within(bakery):
        published(POINTS)
        who = member().id
        bought = [
            commit(bakery, member_id, lines({"unit_price_minor": 100, "quantity": 5})).purchase_id
            for member_id in (who, None)
        ]
    for purchase_id in bought:
        give = partial(refund, bakery, purchase_id, {"1": Decimal(2)})
        found = race(within, bakery, 12, lambda _number, give=give: give().refund.amount_minor)
        assert Counter(found) == {200: 2, "ReturnRefused": 10}
    with within(bakery):
        assert balances() == [1]
    found = race(within, bakery, 10, lambda n: refund(bakery, bought[0], key="one key").refund.amount_minor)
    assert found == [100] * 10
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Refund)) == 2 + 2 + 1
        assert balances() == [0]


def test_the_last_units_are_spent_once(within, bakery):
    with within(bakery):
        program = published(POINTS)
        who = member().id
        commit(bakery, who, amount(2500))
        program_id = str(program.id)

    def spend(number):
        if number % 2:
            return redeeming.issue(
                who, program.id, "off", merchant=bakery, actor=CASHIER, request_key=f"r{number}", now=utcnow()
            ).status
        done = commit(bakery, who, amount(99), choices=(Redeem(program_id, "off"),))
        return "used" if done.result.used else "refused"

    found = Counter(race(within, bakery, 16, spend))
    assert found["issued"] + found["used"] == 1
    with within(bakery):
        assert balances() == [5]


def test_fifty_tills_on_the_last_merchandise(within, bakery):
    with within(bakery):
        program = published(POINTS)
        merchandise.set_stock("cup", 3, utcnow())
        people = [member(f"M{n}").id for n in range(10)]
        for who in people:
            commit(bakery, who, amount(9000))

    def take(number):
        who = people[number % 10]
        if number % 2:
            done = commit(bakery, who, amount(50), choices=(Redeem(str(program.id), "cup"),))
            return "issued" if done.result.grants else "none"
        return redeeming.issue(
            who, program.id, "cup", merchant=bakery, actor=CASHIER, request_key=f"r{number}", now=utcnow()
        ).status

    assert Counter(race(within, bakery, 50, take)) == {"issued": 3, "OutOfStock": 47}
    with within(bakery):
        assert merchandise.stock_of("cup") == 0
        assert sum(balances()) == 10 * 90 - 3 * 10


def test_a_stamp_by_hand_and_a_purchase_at_once(within, bakery):
    with within(bakery):
        program = stamp_card(3)
        who = member().id

    def act(number):
        if number % 2:
            return commit(bakery, who, amount(100)).purchase_id
        return ledger.earn(
            who, program.id, 1, actor=CASHIER, cause="member_code", request_key=f"s{number}", now=utcnow()
        ).entry_id

    race(within, bakery, 20, act)
    with within(bakery):
        assert balances() == [20 % 3]
        assert db.session.scalar(select(func.count()).select_from(Reward)) == 6
