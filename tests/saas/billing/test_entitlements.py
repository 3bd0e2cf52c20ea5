"""What plans allow: pure rules of use and of what is left out, then the same words from console and API."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas.billing import choices, entitlements, gate, plans, usage, words
from saas.billing.choices import Kept
from saas.billing.entitlements import OverLimit, Use
from saas.billing.models import BillingNotice, UsageDay
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.access import Access
from saas.web.clock import utcnow
from tenants.coupons import editing
from tenants.locations.models import Location
from tenants.programs import enrolments, operations
from tenants.programs.models import Enrolment, Program
from tests.factories import api, coupons
from tests.factories.ledger import member, stamp_card


def put(app: Flask, merchant: Record, **values: Any) -> Record:
    """The merchant with another plan or state."""
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(update(Merchant).where(Merchant.id == merchant.id).values(**values))
    registry.forget(merchant.slug)
    return replace(merchant, **values)


@pytest.mark.parametrize(
    ("used", "limit", "percent", "level"),
    [
        (0, 100, 0, "ok"),
        (79, 100, 79, "ok"),
        (80, 100, 80, "near"),
        (100, 100, 100, "near"),
        (101, 100, 101, "over"),
        (1, 1, 100, "ok"),
        (2, 1, 200, "over"),
        (1, 0, 100, "over"),
        (0, 0, 0, "ok"),
        (10**6, None, 0, "ok"),
    ],
)
def test_a_bar_of_use(used: int, limit: int | None, percent: int, level: str) -> None:
    use = Use("active_members", used, limit)
    assert (use.percent, use.level) == (percent, level)


IDS = [uuid.UUID(int=number) for number in range(1, 5)]


@pytest.mark.parametrize(
    ("limit", "chosen", "fixed", "out"),
    [
        (None, (), (), ()),
        (4, (), (), ()),
        (2, (), (), (3, 4)),
        (2, (4,), (), (2, 3)),
        (2, (4, 3), (), (1, 2)),
        (1, (4,), (1,), (2, 3, 4)),
        (1, (), (1, 2), (3, 4)),
        (0, (1,), (), (1, 2, 3, 4)),
    ],
)
def test_what_a_plan_leaves_out(limit: int | None, chosen: Any, fixed: Any, out: Any) -> None:
    things = [Kept(id_, "", False, is_fixed=id_.int in fixed) for id_ in IDS]
    wanted = [str(uuid.UUID(int=number)) for number in chosen]
    assert {id_.int for id_ in choices.left_out(things, limit, wanted)} == set(out)


def test_one_place_says_no_in_the_same_words(app: Flask, bakery: Record, as_role: Any, sold: None) -> None:
    """A shop on the free plan with its one program, one location and two of its staff: console and API."""
    shop = put(app, bakery, plan="free")
    with app.app_context(), transaction(shop.binding):
        stamp_card()
        draft = Program(
            name="Second",
            draft=db.session.scalars(select(Program.draft)).first() or {},
            created_at=utcnow(),
            updated_at=utcnow(),
        )
        db.session.add(draft)
        db.session.flush()
        draft_id = draft.id
    owner, till = as_role(shop, "owner"), api.till(app, shop)
    words = "The plan Free includes 1 running program, and 1 run."
    page = owner.post(f"/console/{shop.slug}/programs/{draft_id}/publication")
    answer = till.post(f"/api/v1/programs/{draft_id}/publication")
    assert page.status_code == answer.status_code == 422
    assert words in page.text
    assert answer.json["code"] == "over_limit"
    assert words in answer.json["detail"]
    place = {"name": "Harbour", "address": ""}
    page = owner.post(f"/console/{shop.slug}/settings/locations/new", data=place)
    answer = till.post("/api/v1/locations", json={"name": "Harbour"})
    assert page.status_code == answer.status_code == 422
    assert "The plan Free includes 1 location" in page.text
    assert "The plan Free includes 1 location" in answer.json["detail"]
    seat = {"cashier-name": "Kim", "cashier-pin": "2580"}
    page = owner.post(f"/console/{shop.slug}/staff/cashiers", data=seat)
    assert page.status_code == 422
    assert "The plan Free includes 2 people on the staff" in page.text
    put(app, shop, plan="starter")
    assert till.post(f"/api/v1/programs/{draft_id}/publication").status_code == 200
    assert till.post("/api/v1/locations", json={"name": "Harbour"}).status_code == 201
    assert owner.post(f"/console/{shop.slug}/staff/cashiers", data=seat).status_code == 303


def test_a_months_coupons(app: Flask, bakery: Record, sold: None) -> None:
    """One that was published before is published again; a new one waits for the next month by the shop's clock."""
    shop = put(app, bakery, plan="free")
    last = dt.datetime(2026, 7, 31, 20, 59, 59, tzinfo=dt.UTC)  # a second before August in Athens
    with app.app_context(), transaction(shop.binding):
        first = coupons.published(shop, name="A", code="AAA1", trigger="code", at=last)
        editing.publish(first.id, "Owner", shop, last)
        with pytest.raises(OverLimit, match="includes 1 new coupon"):
            coupons.published(shop, name="B", code="BBB1", trigger="code", at=last)
        coupons.published(shop, name="C", code="CCC1", trigger="code", at=last + dt.timedelta(seconds=1))


def test_of_two_who_take_the_last_place_one_gets_it(app: Flask, bakery: Record, sold: None) -> None:
    shop = put(app, bakery, plan="free")
    with app.app_context(), transaction(shop.binding):
        first = stamp_card()
        drafts = [
            Program(name=name, draft=first.draft, created_at=utcnow(), updated_at=utcnow()) for name in "AB"
        ]
        operations.archive(first.id, utcnow())
        db.session.add_all(drafts)
        db.session.flush()
        ids = [draft.id for draft in drafts]
    start = threading.Barrier(2)

    def publish(program_id: uuid.UUID) -> str:
        with app.app_context():
            start.wait(10)
            try:
                with transaction(shop.binding):
                    operations.publish(program_id, "Owner", utcnow(), shop)
            except OverLimit:
                return "over"
            return "done"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(publish, ids)) == ["done", "over"]


def test_a_smaller_plan_freezes_and_a_larger_one_brings_back(app: Flask, bakery: Record, sold: None) -> None:
    now = utcnow()
    with app.app_context(), transaction(bakery.binding):
        first, second = stamp_card(), stamp_card()
        loyal = member("Ada")
        ids = [first.id, second.id]
        db.session.add(Location(name="Harbour", created_at=now))
    put(app, bakery, plan="free")
    with app.app_context():
        choices.apply(bakery.id, now)
        choices.apply(bakery.id, now)
        with transaction(bakery.binding):
            frozen = {row.id for row in db.session.scalars(select(Program)) if row.frozen_at}
            assert frozen == {ids[1]}
            assert len([row for row in db.session.scalars(select(Location)) if row.frozen_at]) == 1
            late = member("Bob")
            enrolments.enrol(late.id, now)
            query = select(Enrolment.program_id).where(Enrolment.member_id == late.id)
            held = db.session.scalars(query).all()
            assert set(held) == {ids[0]}
            assert db.session.get(type(loyal), loyal.id) is not None
        put(app, bakery, plan="growth")
        choices.apply(bakery.id, now)
        with transaction(bakery.binding):
            assert not [row for row in db.session.scalars(select(Program)) if row.frozen_at]


def test_too_many_active_members_stop_only_what_is_new(app: Flask, bakery: Record, sold: None) -> None:
    now = utcnow()
    since = now - entitlements.GRACE
    with app.app_context():
        for over, is_stopped in ((None, False), (now, False), (since, True)):
            shop = replace(bakery, plan="starter", over_limit_since=over)
            with transaction(shop.binding):
                if is_stopped:
                    with pytest.raises(OverLimit, match="up to 1,000 active members"):
                        entitlements.require(shop, "programs", now=now)
                assert entitlements.allows(shop, "programs", now=now) is not is_stopped
                assert entitlements.allows(shop, "locations", now=now)


def test_the_nights_count_is_kept_and_told_once_a_month(app: Flask, bakery: Record, sold: None) -> None:
    now = dt.datetime(2026, 11, 3, 1, 23, tzinfo=dt.UTC)
    with app.app_context(), transaction(PLATFORM):
        for day, used in ((0, 70), (1, 85), (2, 86), (3, 100), (4, 101), (5, 102), (40, 90)):
            at = now + dt.timedelta(days=day)
            merchant = registry.record(db.session.get_one(Merchant, bakery.id, populate_existing=True))
            usage.keep(replace(merchant, plan="free"), Use("active_members", used, 100), at)
        told = db.session.scalars(
            select(BillingNotice.kind)
            .where(BillingNotice.merchant_id == bakery.id)
            .order_by(BillingNotice.sent_at)
        )
        assert list(told) == ["usage_80", "usage_100", "usage_80"]
        days = db.session.scalars(select(UsageDay.active_members).where(UsageDay.merchant_id == bakery.id))
        assert sorted(days) == [70, 85, 86, 90, 100, 101, 102]
        last = db.session.get_one(Merchant, bakery.id, populate_existing=True)
        assert last.over_limit_since is None


def test_calls_of_the_month(app: Flask, bakery: Record, sold: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Used up, the API goes on honouring members."""
    shop = replace(bakery, plan="free")
    monkeypatch.setattr(gate.api_calls, "FLUSH_CALLS", 2)
    with app.test_request_context("/api/v1/x"):
        gate.check(shop, Access("api", "programs:read"), "api.programs_index", "GET")
        assert gate.api_calls.write(shop.id, utcnow().date(), 1_000, utcnow()) >= 1_000
        for _call in range(3):
            gate.check(shop, Access("api", "members:write"), "api.members_create", "POST")
        with pytest.raises(entitlements.ApiCallsUsedUp, match="API calls a month"):
            gate.check(shop, Access("api", "programs:read"), "api.programs_index", "GET")
        gate.check(replace(shop, plan="network"), Access("api", "programs:read"), "api.programs_index", "GET")


def test_every_limit_has_words(app: Flask, bakery: Record, sold: None) -> None:
    with app.test_request_context("/"):
        for what in plans.LIMITS:
            assert "Free" in words.over("free", what, 3, 1)
        assert set(entitlements.NAMES) == set(plans.LIMITS)
