"""Uses under exact limits, whoever comes at once; giving back; what a code that can't be used says."""

from __future__ import annotations

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select, update

from saas.db import db, transaction
from saas.web.clock import utcnow
from tenants.coupons import editing, issuing, operations, public_codes
from tenants.coupons.models import CouponCode, CouponCounter, CouponUse
from tenants.coupons.operations import CouponUsedUp
from tenants.coupons.rules import Plan
from tests.factories import coupons as make
from tests.factories.ledger import member

TILLS = 50
NOW = dt.datetime(2026, 7, 15, 9, tzinfo=dt.UTC)


def refusals(result):
    return [refused.reason.code for refused in result.refused]


def race(app, merchant, codes, members):
    """Each till judges first, then all use at once; how many got through."""
    start = Barrier(len(members))

    def till(member_id):
        with app.app_context():
            with transaction(merchant.binding):
                result = make.judged([codes], member_id)
            assert result.discount_minor == 100, refusals(result)
            start.wait()
            try:
                with transaction(merchant.binding):
                    operations.use(result, uuid.uuid4(), member_id, utcnow())
            except CouponUsedUp:
                return 0
            return 1

    with ThreadPoolExecutor(len(members)) as pool:
        return sum(pool.map(till, members))


@pytest.mark.parametrize("limit", [1, 7])
def test_of_fifty_tills_exactly_as_many_use_a_coupon_as_may(app, within, bakery, limit):
    with within(bakery):
        make.published(bakery, code="SUMMER", limits={"total": limit})
    assert race(app, bakery, "summer", [None] * TILLS) == limit
    with within(bakery):
        assert refusals(make.judged(["SUMMER"])) == ["used_up"]
        assert db.session.scalar(select(func.count()).select_from(CouponUse)) == limit
        assert db.session.scalar(select(CouponCounter.used)) == limit


def test_a_unique_code_is_used_once_by_fifty_tills(app, within, bakery):
    with within(bakery):
        coupon = make.published(bakery)
        issuing.insert_codes(coupon, issuing.version_of(coupon), ["ABCDEFGH2345"], utcnow())
    assert race(app, bakery, "abcd-efgh-2345", [None] * TILLS) == 1
    with within(bakery):
        assert refusals(make.judged(["ABCDEFGH2345"])) == ["code_used"]


def test_limits_of_each_member_and_of_the_period_hold_in_a_race(app, within, bakery):
    with within(bakery):
        people = [member(name).id for name in ("Eleni", "Nikos", "Maria")]
        make.published(
            bakery,
            code="DAILY",
            conditions={"uses_per_member": 3},
            limits={"per_member_period": 2, "per_period": 5},
        )
    assert race(app, bakery, "DAILY", [person for person in people for _try in range(12)]) == 5
    with within(bakery):
        counts = db.session.execute(select(CouponUse.member_id, func.count()).group_by(CouponUse.member_id))
        assert max(count for _person, count in counts) <= 2


def test_the_period_turns_over_by_the_shops_clock_on_a_daylight_saving_night(within, bakery):
    # in Athens 2026-10-25 has 25 hours: it ends at 22:00 UTC, and begins at 21:00 UTC on the 24th
    with within(bakery):
        make.published(
            bakery, code="NIGHT", limits={"per_period": 1, "period": "day"}, at=NOW - dt.timedelta(days=9)
        )
        make.used(["NIGHT"], at=dt.datetime(2026, 10, 24, 21, tzinfo=dt.UTC))
        assert refusals(make.judged(["NIGHT"], at=dt.datetime(2026, 10, 25, 21, 59, tzinfo=dt.UTC))) == [
            "used_up_for_now"
        ]
        make.used(["NIGHT"], at=dt.datetime(2026, 10, 25, 22, tzinfo=dt.UTC))
        make.used(["NIGHT"], at=dt.datetime(2026, 10, 24, 20, 59, tzinfo=dt.UTC))


def test_what_was_given_back_can_be_used_again_once(within, bakery):
    with within(bakery):
        person = member()
        coupon = make.published(
            bakery, code="BACK", conditions={"uses_per_member": 1}, limits={"total": 1, "per_period": 1}
        )
        result, purchase_id = make.used(["BACK"], person.id)
        sources = [used.source for used in result.used]
        assert refusals(make.judged(["BACK"], person.id)) == ["used_up"]
        for _twice in range(2):
            operations.give_back(sources, purchase_id, utcnow())
        assert operations.uses(person.id) == {}
        assert set(db.session.scalars(select(CouponCounter.used))) == {0}
        make.used(["BACK"], person.id)
        assert operations.uses(person.id) == {str(coupon.id): 1}


def test_giving_back_twice_gives_back_once(within, bakery):
    with within(bakery):
        make.published(bakery, code="TWICE", limits={"total": 2})
        make.used(["TWICE"])
        result, purchase_id = make.used(["TWICE"])
        for _twice in range(2):
            operations.give_back([used.source for used in result.used], purchase_id, utcnow())
        assert db.session.scalars(select(CouponCounter.used)).one() == 1


def test_a_code_that_was_given_back_keeps_its_end(within, bakery):
    with within(bakery):
        person = member()
        coupon = make.published(bakery, trigger="personal", valid_days=7, at=NOW)
        code = issuing.give(coupon, person.id, NOW)
        result, purchase_id = make.used([code.code], person.id, at=NOW)
        operations.give_back([used.source for used in result.used], purchase_id, NOW)
        late = NOW + dt.timedelta(days=8)
        assert make.judged([code.code], person.id, at=late - dt.timedelta(days=1)).discount_minor == 100
        refused = make.judged([code.code], person.id, at=late).refused[0].reason
        assert (refused.code, refused.params) == ("code_expired", {"day": "2026-07-22"})


def test_limits_that_are_published_later_count_what_was_used_before(within, bakery):
    with within(bakery):
        person = member()
        coupon = make.published(bakery, code="LATER", at=NOW)
        for _use in range(3):
            make.used(["LATER"], person.id, at=NOW)
        assert db.session.scalar(select(func.count()).select_from(CouponCounter)) == 0
        terms = {"benefit": make.TEN_PERCENT, "conditions": {"uses_per_member": 9}}
        limits = {"total": 3, "per_period": 9, "per_member_period": 9, "period": "week"}
        plan = Plan.from_mapping({"terms": terms, "code": "LATER", "limits": limits})
        editing.save(coupon.id, "Later", plan, NOW)
        editing.publish(coupon.id, "Owner", bakery, NOW)
        assert dict(db.session.execute(select(CouponCounter.key, CouponCounter.used)).all()) == {
            "all": 3,
            f"member {person.id}": 3,
            "week 2026-07-13": 3,
            f"week 2026-07-13 {person.id}": 3,
        }
        assert refusals(make.judged(["LATER"], person.id, at=NOW)) == ["used_up"]


def test_unknown_foreign_and_held_back_codes_look_alike(within, bakery):
    with within(bakery):
        coupon = make.published(bakery, trigger="personal", at=NOW)
        own, other = member(), member("Nikos")
        code = issuing.give(coupon, other.id, NOW)
        issuing.insert_codes(
            coupon, issuing.version_of(coupon), ["HELDBACK2222"], NOW,
            constants={"member_id": own.id, "is_holdout": True},
        )  # fmt: skip
        found = operations.offered(["nosuchcode", code.code, "HELDBACK2222"], own.id, NOW, "EUR", None)
        assert {(one.refused.code, one.coupon_id, one.version_id, one.terms) for one in found} == {
            ("unknown_code", "", "", found[0].terms)
        }
        assert make.judged([code.code], other.id, at=NOW).discount_minor == 100


def test_a_paused_coupon_is_refused_even_between_quote_and_commit(within, bakery):
    with within(bakery):
        coupon = make.published(bakery, code="PAUSE")
        result = make.judged(["PAUSE"])
        editing.set_status(coupon.id, "paused", utcnow())
        with pytest.raises(CouponUsedUp, match="stopped"):
            operations.use(result, uuid.uuid4(), None, utcnow())
        assert refusals(make.judged(["PAUSE"])) == ["coupon_paused"]


def test_a_code_that_changed_between_quote_and_commit_is_refused(within, bakery):
    with within(bakery):
        coupon = make.published(bakery, trigger="personal", at=NOW)
        own, other = member(), member("Nikos")
        for change in ({"state": "void"}, {"is_holdout": True}, {"expires_at": NOW}, {"member_id": other.id}):
            code = issuing.give(coupon, own.id, NOW)
            result = make.judged([code.code], own.id, at=NOW)
            assert result.discount_minor == 100
            db.session.execute(update(CouponCode).where(CouponCode.id == code.id).values(**change))
            with pytest.raises(CouponUsedUp):
                operations.use(result, uuid.uuid4(), own.id, NOW)
        assert db.session.scalar(select(func.count()).select_from(CouponUse)) == 0


def test_a_version_counts_from_when_it_was_published_and_codes_keep_theirs(within, bakery):
    with within(bakery):
        coupon = make.published(bakery, code="TERMS", at=NOW)
        issuing.insert_codes(coupon, issuing.version_of(coupon), ["PRINTED23456"], NOW)
        plan = Plan.from_mapping({"terms": {"benefit": {"kind": "percent", "percent": 50}}, "code": "TERMS"})
        later = NOW + dt.timedelta(days=1)
        editing.save(coupon.id, "Half", plan, later)
        assert make.judged(["TERMS"], at=later).discount_minor == 100
        editing.publish(coupon.id, "Owner", bakery, later)
        assert make.judged(["TERMS"], at=later).discount_minor == 500
        assert make.judged(["TERMS"], at=NOW).discount_minor == 100
        assert make.judged(["PRINTED23456"], at=later).discount_minor == 100


def test_a_purchase_gives_a_coupon_for_the_next_order_and_a_refund_takes_it_back(within, bakery):
    with within(bakery):
        person = member()
        reward = make.published(
            bakery, {"kind": "amount", "amount_minor": 500}, trigger="personal", valid_days=30
        )
        make.published(
            bakery, {"kind": "coupon", "item": str(reward.id)}, trigger="automatic",
            conditions={"min_amount_minor": 1000}, name="Next order",
        )  # fmt: skip
        result, purchase_id = make.used([], person.id)
        code = db.session.scalars(select(CouponCode)).one()
        assert (code.member_id, code.granted_by, code.state) == (person.id, purchase_id, "issued")
        assert code.expires_at is not None
        assert make.judged([code.code], person.id).discount_minor == 500
        operations.give_back([used.source for used in result.used], purchase_id, utcnow())
        db.session.expire_all()
        assert db.session.scalars(select(CouponCode.state)).one() == "void"
        assert "code_void" in refusals(make.judged([code.code], person.id))


def test_a_public_code_belongs_to_one_coupon_however_it_is_written(within, bakery):
    with within(bakery):
        make.published(bakery, code="Summer-10")
        with pytest.raises(public_codes.CodeTaken):
            make.published(bakery, code="SUMMER 10")
        assert make.judged(["summer10"]).discount_minor == 100


def test_a_coupon_that_was_put_away_gives_its_code_up_to_whoever_wants_it(within, bakery):
    with within(bakery):
        old = make.published(bakery, code="SUMMER")
        editing.set_status(old.id, "archived", utcnow())
        assert refusals(make.judged(["SUMMER"])) == ["coupon_paused"]
        new = make.published(bakery, {"kind": "amount", "amount_minor": 250}, code="summer")
        assert make.judged(["SUMMER"]).discount_minor == 250
        editing.set_status(old.id, "paused", utcnow())
        with pytest.raises(public_codes.CodeTaken), db.session.begin_nested():
            editing.set_status(old.id, "published", utcnow())
        editing.set_status(new.id, "archived", utcnow())
        editing.set_status(old.id, "published", utcnow())
        assert make.judged(["SUMMER"]).discount_minor == 100


def test_codes_of_another_shop_are_unknown(within, bakery, florist):
    with within(bakery):
        make.published(bakery, code="BREAD")
    with within(florist):
        assert [one.refused.code for one in operations.offered(["BREAD"], None, utcnow(), "EUR", None)] == [
            "unknown_code"
        ]
