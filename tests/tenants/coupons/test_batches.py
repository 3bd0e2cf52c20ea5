"""Codes in bulk: all of them, once, resumable; given to members with an exact share held back; void again."""

from __future__ import annotations

import datetime as dt
import os
import time

import pytest
from sqlalchemy import distinct, func, select

from saas.db import db, transaction
from saas.web.clock import utcnow
from saas.web.jobs import run_waiting
from tenants.coupons import batches, imports, issuing
from tenants.coupons.models import CouponBatch, CouponCode
from tests.factories import coupons as make
from tests.factories.ledger import member

MANY = int(os.environ.get("TEST_MANY_CODES", "10000"))  # 100000 are made in 14 s


def codes_of(batch_id):
    query = select(func.count(), func.count(distinct(CouponCode.code))).where(CouponCode.batch_id == batch_id)
    return tuple(db.session.execute(query).one())


def test_many_codes_in_one_go(app, within, bakery):
    with within(bakery):
        batch_id = batches.make(make.published(bakery), MANY, "Autumn", "Owner", bakery, utcnow()).id
    began = time.monotonic()
    run_waiting(app)
    seconds = time.monotonic() - began
    print(f"{MANY} codes in {seconds:.1f} s")
    with within(bakery):
        batch = db.session.get_one(CouponBatch, batch_id)
        assert (batch.status, batch.done) == ("done", MANY)
        assert codes_of(batch_id) == (MANY, MANY)
    assert seconds < 60


def test_a_batch_that_broke_off_goes_on_and_makes_no_more_than_asked(app, within, bakery, monkeypatch):
    monkeypatch.setattr(batches, "AT_ONCE", 10)
    with within(bakery):
        batch_id = batches.make(make.published(bakery), 35, "", "Owner", bakery, utcnow()).id
    parts = iter([True, True])
    real = batches._make_some

    def breaks(batch, coupon, now):
        next(parts)
        return real(batch, coupon, now)

    with monkeypatch.context() as patch, app.app_context():
        patch.setattr(batches, "_make_some", breaks)
        with pytest.raises(StopIteration):
            batches.run(bakery, batch_id)
        batches.fail(bakery, batch_id)
    with within(bakery):
        assert codes_of(batch_id) == (20, 20)
        batches.resume(db.session.get_one(CouponBatch, batch_id), bakery, utcnow())
    run_waiting(app)
    with within(bakery):
        assert codes_of(batch_id) == (35, 35)


@pytest.mark.parametrize(("percent", "held"), [(0, 0), (10, 3), (50, 13), (90, 23)])
def test_exactly_the_share_is_held_back_and_stored(app, within, bakery, monkeypatch, percent, held):
    monkeypatch.setattr(batches, "AT_ONCE", 7)
    with within(bakery):
        people = [member(f"Member {number}").id for number in range(25)]
        coupon = make.published(bakery, trigger="personal", holdout_percent=percent)
        batch_id = batches.give(coupon, "all", "", "Owner", bakery, utcnow()).id
        late = member("Late")
    run_waiting(app)
    with within(bakery):
        rows = db.session.execute(
            select(CouponCode.member_id, CouponCode.is_holdout).where(CouponCode.batch_id == batch_id)
        ).all()
        assert {row.member_id for row in rows} == set(people)
        assert len(rows) == 25
        assert late.id not in {row.member_id for row in rows}
        assert sum(row.is_holdout for row in rows) == held
        batch = db.session.get_one(CouponBatch, batch_id)
        assert (batch.held_back, batch.done) == (held, 25)


def test_codes_are_read_from_a_file_and_taken_once(app, within, bakery):
    content = b"Code;Note\nSPRING-001;a\nspring 001;b\nabc;c\n;d\nTAKEN12;e\nSPRING-002;f\n"
    with within(bakery):
        coupon = make.published(bakery)
        make.published(bakery, code="taken12", name="Other")
        read = imports.read(content)
        assert read.codes == ["SPRING001", "SPRING002"]
        assert [(fault.line, fault.reason) for fault in read.faults] == [
            (3, "duplicate"), (4, "short"), (5, "empty"), (6, "known"),
        ]  # fmt: skip
        batch = batches.upload(coupon, read, "spring.csv", "Owner", utcnow())
        assert make.judged(["SPRING-001"]).discount_minor == 0
        batches.start(batch, bakery)
        batches.start(batch, bakery)
    run_waiting(app)
    with within(bakery):
        assert make.judged(["spring-001"]).discount_minor == 100
        assert db.session.get_one(CouponBatch, batch.id).done == 2


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"PK\x03\x04zip", "workbook")])
def test_a_file_that_is_no_list_is_refused(within, bakery, content, reason):
    with within(bakery), pytest.raises(imports.UnreadableFile):
        imports.read(content)


def test_a_void_batch_takes_back_what_is_not_used(app, within, bakery):
    with within(bakery):
        coupon = make.published(bakery)
        batch = batches.upload(coupon, imports.read(b"CODEONE11\nCODETWO22\n"), "list.csv", "Owner", utcnow())
        batches.start(batch, bakery)
    run_waiting(app)
    with within(bakery):
        make.used(["codeone11"])
        batch = db.session.get_one(CouponBatch, batch.id)
        assert batches.void(batch, utcnow()) == 1
        states = dict(db.session.execute(select(CouponCode.code, CouponCode.state)).all())
        assert states == {"CODEONE11": "used", "CODETWO22": "void"}


def test_only_what_fits_can_be_issued(within, bakery):
    with within(bakery):
        personal = make.published(bakery, trigger="personal")
        with pytest.raises(issuing.NotIssuable):
            batches.make(personal, 5, "", "Owner", bakery, utcnow())
        with pytest.raises(batches.NoMembers):
            batches.give(personal, "all", "", "Owner", bakery, utcnow())
        with pytest.raises(issuing.NotIssuable):
            batches.make(make.drafted(bakery), 5, "", "Owner", bakery, utcnow())
        who = member()
        with pytest.raises(issuing.NotIssuable):
            issuing.give(make.published(bakery, code="PUBLIC"), who.id, utcnow())


def test_a_batch_that_the_queue_gave_up_goes_on(app, within, bakery):
    with within(bakery):
        batch = batches.make(make.published(bakery), 5, "", "Owner", bakery, utcnow())
        assert not batches.is_stuck(batch, utcnow())
        batch.created_at -= dt.timedelta(minutes=11)
        batches.resume(batch, bakery, utcnow())
        batch_id = batch.id
    run_waiting(app)
    with within(bakery):
        assert codes_of(batch_id) == (5, 5)


def test_a_member_of_the_job_runs_alone(app, within, bakery):
    """Two workers with the same batch make it once."""
    with within(bakery):
        batch_id = batches.make(make.published(bakery), 12, "", "Owner", bakery, utcnow()).id
    with app.app_context():
        batches.run(bakery, batch_id)
        batches.run(bakery, batch_id)
        with transaction(bakery.binding):
            assert codes_of(batch_id) == (12, 12)
