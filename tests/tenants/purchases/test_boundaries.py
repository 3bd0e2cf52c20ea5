"""What is at the edge of what can be bought: versions in between, a million units, nights and birthdays of an hour or a
day more or less."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from saas.db import db
from tenants.coupons import editing, operations
from tenants.coupons.rules import Plan
from tenants.engine.values import Redeem
from tenants.members.models import Member
from tenants.programs import operations as programs
from tenants.programs.models import Enrolment
from tenants.purchases import committing, seams
from tenants.purchases.models import Purchase
from tenants.purchases.wishes import Wish
from tests.factories import coupons
from tests.factories.ledger import CASHIER, member
from tests.factories.purchases import POINTS, amount, commit, published, refund

NOW = dt.datetime(2026, 3, 3, 9, 30, tzinfo=dt.UTC)
LONG_AGO = NOW - dt.timedelta(days=900)


@pytest.fixture(autouse=True)
def _own_coupons():
    before = list(seams._told)
    seams.tell(operations)
    yield
    seams._told[:] = before


def balance(who, program):
    query = select(Enrolment.balance).where(Enrolment.member_id == who.id, Enrolment.program_id == program.id)
    return db.session.scalar(query)


def test_what_is_published_between_quote_and_purchase_counts_but_never_at_another_price(within, bakery):
    with within(bakery):
        program, who = published(POINTS, at=LONG_AGO), member()
        coupon = coupons.published(bakery, code="TEN", at=LONG_AGO)
        wish = Wish(amount(1000), who.id, ("TEN",), at=NOW)
        quoted = committing.quote(wish, merchant=bakery, now=NOW)
        assert (quoted.due_minor, quoted.outcomes[0].units) == (900, 9)

        double = {**POINTS, "rules": [{"key": "spend", "units": 2, "step_minor": 100}]}
        programs.write_draft(program.id, "Points", {"engine": double, "words": {}}, NOW)
        programs.publish(program.id, "Owner", NOW)
        done = commit(bakery, who.id, wish.lines, codes=wish.codes, at=NOW)
        assert (done.result.due_minor, balance(who, program)) == (900, 18)

        half = {"terms": {"benefit": {"kind": "percent", "percent": 50}}, "code": "TEN"}
        editing.save(coupon.id, "Ten off", Plan.from_mapping(half), NOW)
        editing.publish(coupon.id, "Owner", bakery, NOW)
        with pytest.raises(committing.QuoteChanged), db.session.begin_nested():
            committing.commit(
                wish,
                merchant=bakery,
                actor=CASHIER,
                request_key="k",
                now=NOW,
                expected_due_minor=quoted.due_minor,
            )
        assert db.session.scalar(select(func.count()).select_from(Purchase)) == 1
        assert refund(bakery, done.purchase_id).refund.amount_minor == 900  # as it was bought
        assert balance(who, program) == 0


def test_a_balance_of_millions_is_spent_and_comes_back(within, bakery):
    with within(bakery):
        program, who = published(POINTS, at=LONG_AGO), member()
        commit(bakery, who.id, amount(2**31 - 1), at=NOW)
        assert balance(who, program) == 21_474_836
        pay = Redeem(str(program.id), "pay", 1_000_000)
        spent = commit(bakery, who.id, amount(12_345_678), choices=(pay,), at=NOW)
        assert spent.result.due_minor == 2_345_678
        assert balance(who, program) == 21_474_836 - 1_000_000 + 23_456
        assert refund(bakery, spent.purchase_id).refund.money_minor == 2_345_678
        assert balance(who, program) == 21_474_836


BORN_ON_A_LEAP_DAY = {"birthday": {"days_before": 0, "days_after": 0}}
BEFORE_FOUR = {"hours": [{"start": "03:00:00", "end": "04:00:00"}]}


@pytest.mark.parametrize(
    ("conditions", "moments"),
    [
        (
            BORN_ON_A_LEAP_DAY,
            {
                "2025-02-28T12:00+02:00": 5,
                "2025-03-01T12:00+02:00": 0,
                "2024-02-28T12:00+02:00": 0,
                "2024-02-29T23:59+02:00": 5,
            },
        ),
        (
            BEFORE_FOUR,
            {
                "2025-10-26T03:30+03:00": 5,  # 3:30 comes twice that night
                "2025-10-26T03:30+02:00": 5,
                "2025-10-26T04:00+02:00": 0,
                "2025-03-30T02:59+02:00": 0,
                "2025-03-30T04:00+03:00": 0,  # a minute later: there is no 3:30
            },
        ),
    ],
    ids=["29 February", "nights with another hour"],
)
def test_days_and_hours_are_those_of_the_shops_calendar(within, bakery, conditions, moments):
    with within(bakery):
        rules = [{"key": "then", "per": "visit", "units": 5, "conditions": conditions}]
        program, who = published({**POINTS, "rules": rules}, at=LONG_AGO), member()
        db.session.get_one(Member, who.id).birthday = dt.date(1996, 2, 29)
        for moment, units in moments.items():
            before = balance(who, program)
            done = commit(bakery, who.id, amount(100), at=dt.datetime.fromisoformat(moment), now=NOW)
            assert balance(who, program) - before == units, moment
            refund(bakery, done.purchase_id, now=NOW)
            assert balance(who, program) == before
