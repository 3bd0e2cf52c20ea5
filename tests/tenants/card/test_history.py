"""Why? Every line of the history answers in one sentence."""

from __future__ import annotations

import datetime as dt

from saas.web.clock import utcnow
from tenants.card import history
from tenants.programs import ledger
from tests.factories import coupons, purchases
from tests.factories import ledger as factory


def lines(app, within, merchant, member, page=1):
    with app.test_request_context():
        return history.page(member, merchant, page)


def test_every_kind_of_line_says_why(app, bakery, within):
    at = dt.datetime(2026, 5, 3, 6, 12, tzinfo=dt.UTC)
    with app.test_request_context(), within_transaction(bakery):
        program = factory.stamp_card(2)
        member = factory.member()
        first = factory.stamp(member.id, program.id, 1, at=at)
        ledger.undo(
            first.entry_id, actor=factory.CASHIER, request_key="undo", now=at + dt.timedelta(minutes=1)
        )
        factory.stamp(member.id, program.id, 2, at=at + dt.timedelta(minutes=2))
        reward_id = factory_reward()
        ledger.fulfil(reward_id, actor=factory.CASHIER, now=at + dt.timedelta(minutes=3))
        shown = history.page(member, bakery)
    sentences = {line.title: line.why for line in shown.lines}
    assert set(sentences) == {
        "+1 stamp",
        "−1 stamp",
        "+2 stamps",
        "Card full: Free coffee",
        "Handed out: Free coffee",
    }
    assert "given by Casey at Bakery with your member number. Rules version 1." in sentences["+1 stamp"]
    assert "undone by Casey at Bakery" in sentences["−1 stamp"]
    assert "2 stamps filled the card" in sentences["Card full: Free coffee"]
    assert "was handed out at Bakery on May 3, 2026" in sentences["Handed out: Free coffee"]
    assert shown.lines[0].title == "Handed out: Free coffee"


def test_pages_hold_twenty(app, bakery):
    with app.test_request_context(), within_transaction(bakery):
        program = factory.stamp_card(30)
        member = factory.member()
        for days in range(21):
            factory.stamp(member.id, program.id, 1, at=utcnow() - dt.timedelta(days=days))
        first, second = history.page(member, bakery, 1), history.page(member, bakery, 2)
    assert (len(first.lines), first.older) == (20, 2)
    assert (len(second.lines), second.older) == (1, None)


def test_what_coupons_took_off_a_purchase_is_said_with_what_it_earned(app, bakery):
    with app.test_request_context(), within_transaction(bakery):
        purchases.published(purchases.POINTS)
        coupons.published(bakery, code="TEN", name="Ten off")
        member = factory.member()
        purchases.commit(bakery, member.id, purchases.amount(1000), codes=("TEN",))
        purchases.commit(bakery, member.id, purchases.amount(1000))
        shown = history.page(member, bakery)
    bare, cheaper = (line.why for line in shown.lines)
    assert cheaper.startswith("The coupon “Ten off” took €1.00 off. 9 points for €9.00 that count. ")
    assert bare.startswith("10 points for €10.00 that count. ")


def within_transaction(merchant):
    from saas.db import transaction

    return transaction(merchant.binding)


def factory_reward():
    from sqlalchemy import select

    from saas.db import db
    from tenants.programs.models import Reward

    return db.session.scalars(select(Reward.id)).one()
