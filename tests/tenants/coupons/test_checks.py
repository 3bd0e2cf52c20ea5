"""What `regulars check` says of coupons: nothing after uses and returns, and each wrong sum by name."""

from __future__ import annotations

from sqlalchemy import update

from saas.db import db
from saas.web.clock import utcnow
from tenants.checks import run_checks
from tenants.coupons import issuing, operations
from tenants.coupons.models import CouponCode, CouponCounter
from tests.factories import coupons as make
from tests.factories.ledger import member


def findings(app, control_url, merchant):
    with app.app_context():
        return [
            str(one)
            for one in run_checks(control_url, app)
            if merchant.schema_name in str(one) or merchant.slug in str(one)
        ]


def test_counters_and_codes_are_proved_by_the_uses(app, within, control_url, bakery):
    with within(bakery):
        person = member()
        limits = {"total": 9, "per_period": 9, "per_member_period": 9, "period": "week"}
        coupon = make.published(bakery, code="CHECK", conditions={"uses_per_member": 9}, limits=limits)
        issuing.insert_codes(coupon, issuing.version_of(coupon), ["ABCDEFGH2345"], utcnow())
        make.used(["CHECK"], person.id)
        make.used(["ABCDEFGH2345"], person.id)
        result, purchase_id = make.used(["CHECK"], person.id)
        operations.give_back([used.source for used in result.used], purchase_id, utcnow())
    assert findings(app, control_url, bakery) == []
    with within(bakery):
        db.session.execute(update(CouponCounter).where(CouponCounter.key == "all").values(used=7))
        db.session.execute(update(CouponCode).values(state="issued"))
    found = "\n".join(findings(app, control_url, bakery))
    assert "counts 7 uses under all, but 2 stand" in found
    assert "issued, but 1 uses of it stand" in found
