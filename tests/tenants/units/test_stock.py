"""Stock of rewards: a full card's reward counted down when it is handed out, exactly, and said on page and counter."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from saas.db import db
from saas.web.clock import utcnow
from tenants.engine.values import UseReady
from tenants.programs.models import Enrolment, Reward
from tenants.purchases import redeeming
from tenants.units import handing, merchandise, rewards
from tests.factories.ledger import CASHIER, member, stamp, stamp_card
from tests.factories.purchases import POINTS, amount, commit, published, refund
from tests.tenants.purchases.test_races import race


def ready(count: int) -> list:
    program = stamp_card(2)
    for _number in range(count):
        stamp(member().id, program.id, 2)
    return list(db.session.scalars(select(Reward.id).where(Reward.status == "issued")))


def test_the_last_pieces_go_to_as_many_as_there_are(within, bakery):
    with within(bakery):
        ids = ready(6)
        merchandise.set_stock("Free coffee", 2, utcnow())

    def hand_out(number):
        return handing.hand_out(ids[number // 2], actor=CASHIER, now=utcnow()).status

    found = Counter(race(within, bakery, 12, hand_out))
    assert (found["fulfilled"], found["OutOfStock"] + found["RewardGone"]) == (2, 10)
    with within(bakery):
        assert merchandise.stock_of("Free coffee") == 0
        assert Counter(db.session.scalars(select(Reward.status))) == {"fulfilled": 2, "issued": 4}
        merchandise.restock("Free coffee", 3, utcnow())
        (waiting,) = db.session.scalars(select(Reward.id).where(Reward.status == "issued").limit(1))
        handing.hand_out(waiting, actor=CASHIER, now=utcnow())
        assert merchandise.stock_of("Free coffee") == 2


def test_one_that_took_its_piece_when_it_was_issued_takes_no_other(within, bakery):
    with within(bakery):
        merchandise.set_stock("Free coffee", 5, utcnow())
        first, second = ready(2)
        assert merchandise.stock_of("Free coffee") == 5
        rewards.cancel(first, actor=CASHIER, now=utcnow())
        row = db.session.get(Reward, second)
        row.stock_taken = 1
        handing.hand_out(second, actor=CASHIER, now=utcnow())
        assert merchandise.stock_of("Free coffee") == 5


def test_a_full_card_used_on_a_purchase_takes_a_piece_and_gives_it_back_with_the_return(within, bakery):
    with within(bakery):
        merchandise.set_stock("Free coffee", 1, utcnow())
        reward_id, other = ready(2)
        held = db.session.get(Enrolment, db.session.get(Reward, reward_id).enrolment_id)
        bought = commit(bakery, held.member_id, amount(500), choices=(UseReady(str(reward_id)),))
        assert (merchandise.stock_of("Free coffee"), db.session.get(Reward, reward_id).status) == (
            0,
            "fulfilled",
        )
        with pytest.raises(merchandise.OutOfStock), db.session.begin_nested():
            handing.hand_out(other, actor=CASHIER, now=utcnow())
        refund(bakery, bought.purchase_id)
        assert db.session.get(Reward, reward_id, populate_existing=True).status == "issued"
        assert merchandise.stock_of("Free coffee") == 1
        handing.hand_out(other, actor=CASHIER, now=utcnow())
        rewards.cancel(reward_id, actor=CASHIER, now=utcnow())
        assert merchandise.stock_of("Free coffee") == 0


def test_what_units_were_spent_on_keeps_its_piece_while_it_waits_again(within, bakery):
    with within(bakery):
        merchandise.set_stock("cup", 1, utcnow())
        program = published(POINTS, name="Points")
        who = member()
        commit(bakery, who.id, amount(100_000))
        ask = dict(merchant=bakery, actor=CASHIER, now=utcnow(), request_key="cup")
        row = redeeming.issue(who.id, program.id, "cup", **ask)
        bought = commit(bakery, who.id, amount(500), choices=(UseReady(str(row.id)),))
        refund(bakery, bought.purchase_id)
        assert (row.status, row.stock_taken, merchandise.stock_of("cup")) == ("issued", 1, 0)


def test_restocking_at_once_loses_nothing(within, bakery):
    race(within, bakery, 16, lambda _number: merchandise.restock("cup", 3, utcnow()))
    with within(bakery):
        assert merchandise.stock_of("cup") == 48


def test_the_page_the_counter_and_the_card_say_it(within, bakery, as_role):
    with within(bakery):
        published(POINTS, name="Points")
        (reward_id,) = ready(1)
    browser = as_role(bakery, "manager")
    address = f"/console/{bakery.slug}/stock"
    page = browser.get(address).text
    assert ("cup" in page, "Free coffee" in page, "not counted" in page) == (True, True, True)
    for wrong in ({"item": "", "pieces": "1"}, {"item": "cup"}, {"item": "cup", "pieces": "-1"}):
        assert browser.post(address, data=wrong).status_code == 422
    for item, act, pieces in (("cup", "add", "4"), ("cup", "add", "3"), ("Free coffee", "count", "0")):
        assert browser.post(address, data={"item": item, "act": act, "pieces": pieces}).status_code == 303
    page = browser.get(address).text
    assert (">7<" in page, "Sold out" in page) == (True, True)
    refused = browser.post(
        f"/counter/{bakery.slug}/rewards/{reward_id}/redemption", data={"request_key": "one"}
    )
    assert (refused.status_code, "out of stock" in refused.text) == (422, True)
    with within(bakery):
        assert db.session.get(Reward, reward_id).status == "issued"
    assert browser.post(address, data={"item": "Free coffee", "act": "forget"}).status_code == 303
    done = browser.post(f"/counter/{bakery.slug}/rewards/{reward_id}/redemption", data={"request_key": "two"})
    assert done.status_code == 303
    assert as_role(bakery, "cashier").post(address, data={}).status_code == 403
