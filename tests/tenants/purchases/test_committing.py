"""Purchases through the engine into the ledger: the stated examples, refusals, retries, refunds."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from saas.db import db
from saas.web.clock import utcnow
from saas.web.refusals import Conflict
from tenants.engine.lots import Lot as Piece
from tenants.engine.mapping import from_mapping
from tenants.engine.values import Line, Redeem, UseReady
from tenants.members.models import Member
from tenants.programs import ledger, operations
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases import committing, refunding, seams, wishes
from tenants.purchases.models import Purchase, PurchaseLine, Refund
from tenants.purchases.wishes import Wish
from tenants.units import merchandise
from tenants.units.models import Lot, Qualification
from tests.factories import purchases as make
from tests.factories.examples import EXAMPLES
from tests.factories.ledger import member, stamp, stamp_card
from tests.factories.purchases import POINTS, amount, commit, published, refund

ATHENS = "2026-03-03T09:30:00+02:00"
NOW = dt.datetime.fromisoformat(ATHENS)


@pytest.fixture(autouse=True)
def _no_coupons():
    yield
    seams._told.clear()


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
        name: published(terms, name=name, at=before) for name, terms in example.get("programs", {}).items()
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
        reached = next(one["threshold"] for one in programs[name].draft["engine"]["tiers"] if one["key"] == tier)
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
