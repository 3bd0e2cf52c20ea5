"""Coupons through purchases: committed once, refused as a whole when used up, back after a refund."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from saas.db import db
from tenants.coupons import operations
from tenants.coupons.models import CouponCounter, CouponUse
from tenants.coupons.operations import CouponUsedUp
from tenants.purchases import seams
from tenants.purchases.models import Purchase
from tests.factories import coupons as make
from tests.factories.ledger import member
from tests.factories.purchases import amount, commit, refund


@pytest.fixture(autouse=True)
def _own_coupons():
    before = seams.coupons()
    seams.tell(operations)
    yield
    seams._told[:] = [before] if before else []


def test_a_coupon_is_quoted_committed_once_and_given_back(within, bakery):
    with within(bakery):
        who = member()
        make.published(bakery, code="ONCE", conditions={"uses_per_member": 1}, limits={"total": 1})
        done = commit(bakery, who.id, amount(1000), codes=("once",), key="till-1")
        assert (done.result.total_minor, done.result.discount_minor) == (900, 100)
        again = commit(bakery, who.id, amount(1000), codes=("once",), key="till-1")
        assert again.purchase_id == done.purchase_id
        assert db.session.scalar(select(func.count()).select_from(CouponUse)) == 1
        refused = commit(bakery, who.id, amount(1000), codes=("once",)).result
        assert [item.reason.code for item in refused.refused] == ["used_up"]
        back = refund(bakery, done.purchase_id)
        assert back.refund.amount_minor == 900
        assert commit(bakery, who.id, amount(1000), codes=("once",)).result.total_minor == 900


def test_nothing_of_a_purchase_stays_when_its_coupon_was_used_up_meanwhile(within, bakery, monkeypatch):
    with within(bakery):
        coupon = make.published(bakery, code="GONE", limits={"total": 1})

    def too_late(self):
        result = judged(self)
        db.session.add(CouponCounter(coupon_id=coupon.id, key="all", used=1))
        db.session.flush()
        return result

    from tenants.purchases.facts import Scene

    judged = Scene.judged
    monkeypatch.setattr(Scene, "judged", too_late)
    with pytest.raises(CouponUsedUp, match="1 time"), within(bakery):
        commit(bakery, None, amount(1000), codes=("GONE",))
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Purchase)) == 0
