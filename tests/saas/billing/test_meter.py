"""Usage at Stripe's meter: one event for a shop and day over HTTP, and no harm where there is none."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace

import pytest

from saas.billing import customers, meter, usage
from saas.billing.models import UsageDay
from saas.db import PLATFORM, db, transaction
from saas.web.clock import utcnow

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def metered(app, stripe_side, stand_in_only, billing, monkeypatch):
    """A shop's service with a meter at the stand-in; the number that the meter says of a customer's days."""
    with_meter = replace(billing, meter="active_members")
    object.__setattr__(app.extensions["regulars"].settings, "billing", with_meter)
    monkeypatch.setattr(stripe_side, "billing", with_meter)
    listed = stripe_side.ask(lambda api: api.billing.meters.list)["data"]
    made = (
        listed[0]
        if listed
        else stripe_side.ask(
            lambda api: api.billing.meters.create,
            {
                "display_name": "Active members",
                "event_name": "active_members",
                "default_aggregation": {"formula": "sum"},
            },
        )
    )

    def said(customer_id, since, until):
        start, end = (
            int(dt.datetime.combine(day.date(), dt.time(), dt.UTC).timestamp()) for day in (since, until)
        )
        asked = {"customer": customer_id, "start_time": start, "end_time": end}
        found = stripe_side.ask(lambda api: api.billing.meters.event_summaries.list, made["id"], asked)
        return [one["aggregated_value"] for one in found["data"]]

    with app.app_context():
        yield said


def counted(merchant, now, members):
    with transaction(PLATFORM):
        db.session.merge(
            UsageDay(
                merchant_id=merchant.id, day=now.date(), active_members=members, api_calls=0, counted_at=now
            )
        )


def test_a_day_counts_once_however_often_it_is_sent(metered, stripe_side, bakery, florist):
    """The meter of this test adds up, so that a second event would show; another number of a day is refused."""
    shops = {
        shop: customers.ensure(stripe_side, shop, f"owner@{shop.slug}.example", NOON)
        for shop in (bakery, florist)
    }
    for shop, members in ((bakery, 7), (florist, 3)):
        counted(shop, NOON, members)
        for hours in (0, 1, 9):
            meter.report(shop.id, NOON + dt.timedelta(hours=hours))
    counted(bakery, NOON, 8)
    meter.report(bakery.id, NOON)
    counted(bakery, NOON + DAY, 9)
    meter.report(bakery.id, NOON + DAY)
    assert metered(shops[bakery], NOON, NOON + DAY) == [7]
    assert metered(shops[bakery], NOON, NOON + 2 * DAY) == [16]
    assert metered(shops[florist], NOON, NOON + 2 * DAY) == [3]


def test_the_nights_count_is_what_is_sent(metered, stripe_side, bakery, florist):
    customer = customers.ensure(stripe_side, bakery, f"owner@{bakery.slug}.example", utcnow())
    for _again in range(2):
        usage.count_one(str(bakery.id))
        usage.count_one(str(florist.id))  # no customer at Stripe: nothing is sent, nothing is logged
    assert metered(customer, utcnow(), utcnow() + DAY) == [0]


def test_a_meter_that_fails_stops_nothing(metered, stripe_side, bakery, caplog):
    customer = customers.ensure(stripe_side, bakery, f"owner@{bakery.slug}.example", NOON)
    stripe_side.ask(lambda api: api.customers.delete, customer)
    counted(bakery, NOON, 7)
    with caplog.at_level(logging.WARNING, "saas.billing.meter"):
        meter.report(bakery.id, NOON)
    assert "was not written" in caplog.text


def test_without_a_meter_nothing_is_sent(app, stripe_side, bakery, monkeypatch):
    monkeypatch.setattr(stripe_side, "ask", lambda *_given: pytest.fail("Stripe was asked"))
    with app.app_context():
        counted(bakery, NOON, 7)
        meter.report(bakery.id, NOON)
