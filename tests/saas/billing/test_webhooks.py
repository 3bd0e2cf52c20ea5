"""Stripe's webhook address: what is refused writes nothing, what is taken is stored once and settled once."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import io
import json
import time
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from saas.billing import customers, events, tasks, webhooks
from saas.billing.models import BillingEvent, Subscription
from saas.billing.signatures import is_signed
from saas.billing.standing import standing
from saas.config import Billing
from saas.db import PLATFORM, db, transaction
from saas.web.clock import utcnow
from saas.web.jobs import run_waiting

BODY = b'{"id": "evt_1"}'
NOW = 1_800_000_000


def sign(body: bytes, secret: str, at: float, scheme: str = "v1") -> str:
    digest = hmac.new(secret.encode(), f"{int(at)}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={int(at)},{scheme}={digest}"


@pytest.mark.parametrize(
    ("header", "secrets", "is_right"),
    [
        (sign(BODY, "a", NOW), ["a"], True),
        (sign(BODY, "a", NOW - 300), ["a"], True),
        (sign(BODY, "a", NOW - 301), ["a"], False),
        (sign(BODY, "a", NOW + 301), ["a"], False),
        (sign(BODY, "b", NOW), ["a", "b"], True),
        (sign(BODY, "c", NOW), ["a", "b"], False),
        (sign(BODY + b" ", "a", NOW), ["a"], False),
        (sign(BODY, "a", NOW, "v0"), ["a"], False),
        (sign(BODY, "a", NOW), [], False),
        (f"{sign(BODY, 'x', NOW)},v1={sign(BODY, 'a', NOW)[-64:]}", ["a"], True),
        (f"t={NOW},{sign(BODY, 'a', NOW)}", ["a"], False),
        ("", ["a"], False),
        ("t=,v1=", ["a"], False),
        ("t=²,v1=ü", ["a"], False),
        ("v1=" + sign(BODY, "a", NOW)[-64:], ["a"], False),
        ("t=99999999999999999999,v1=00", ["a"], False),
    ],
)
def test_signatures(header, secrets, is_right):
    assert is_signed(header, BODY, secrets, NOW) is is_right


def event(number: str, **more):
    thing = {"object": "customer", "id": f"cus_{number}"}
    base = {"id": f"evt_{number}", "object": "event", "type": "customer.updated", "created": NOW}
    return {**base, "livemode": False, "data": {"object": thing}, **more}


def post(client, body, header=None, secret="whsec_of_the_tests"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    header = sign(raw, secret, time.time()) if header is None else header
    return client.post("/webhooks/stripe", data=raw, headers={"Stripe-Signature": header} if header else {})


def count(app):
    with app.app_context(), transaction(PLATFORM):
        return db.session.scalar(select(func.count()).select_from(BillingEvent))


def test_what_is_refused_writes_nothing(app, client, stripe_side):
    before = count(app)
    refused = [
        post(client, event("a"), header=""),
        post(client, event("a"), header="t=1,v1=2"),
        post(client, event("a"), secret="whsec_other"),
        post(client, event("a", livemode=True)),
        post(client, b"no json"),
        post(client, b"[]"),
        post(client, event("a", id=7)),
        post(client, event("a", data=[])),
        post(client, {**event("a"), "object": "charge"}),
        post(client, b"x" * (512 * 1024 + 1)),
    ]
    assert [answer.status_code for answer in refused] == [400] * 9 + [413]
    assert count(app) == before


class Endless(io.RawIOBase):
    """A body in chunks that never ends; counts what was read of it."""

    taken = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        self.taken += len(buffer)
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


def in_chunks(client, stream, header):
    """As gunicorn hands on `Transfer-Encoding: chunked`: no length, and a stream that ends by itself, or never."""
    environ = {"wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    return client.post("/webhooks/stripe", headers={"Stripe-Signature": header}, environ_overrides=environ)


def test_a_body_that_does_not_say_its_length_is_not_read_whole(client, stripe_side):
    endless = Endless()
    answer = in_chunks(client, endless, "t=1,v1=2")
    assert (answer.status_code, answer.text) == (413, "too large\n")
    assert endless.taken <= 2 * webhooks.MOST_BYTES
    body = json.dumps(event("chunked", type="product.created")).encode()
    answer = in_chunks(client, io.BytesIO(body), sign(body, "whsec_of_the_tests", time.time()))
    assert (answer.status_code, answer.text) == (200, "stored\n")


def test_without_a_secret_stripe_is_asked_to_come_back(app, client, stripe_side):
    object.__setattr__(app.extensions["regulars"].settings, "billing", Billing("test", "sk_test_1"))
    assert post(client, event("b")).status_code == 503


def test_an_event_is_stored_once_however_often_it_comes(app, client, stripe_side):
    answers = [post(client, event("c")) for _again in range(3)]
    assert [answer.get_data(as_text=True).strip() for answer in answers] == ["stored", "known", "known"]
    assert post(client, event("d", type="product.created")).status_code == 200
    run_waiting(app)
    with app.app_context(), transaction(PLATFORM):
        kept = db.session.get(BillingEvent, "evt_c")
        other = db.session.get(BillingEvent, "evt_d")
    assert (kept.state, kept.attempts, kept.error) == ("ignored", 1, "customer cus_c belongs to no shop")
    assert (other.state, other.attempts, other.error) == ("ignored", 0, "not of interest")


def test_from_the_card_to_the_plan(app, client, bakery, stand_in_only, stripe_side, shopper):
    """Checkout's page, signed events over HTTP, jobs: the shop has its plan, and each event one outcome."""
    from saas.billing import checkout
    from saas.billing.plans import PRICES

    with app.app_context():
        url = checkout.begin(
            stripe_side,
            bakery,
            PRICES["starter_month_eur"],
            email="owner@bakery.example",
            language="en",
            success_url="http://localhost/back?session={CHECKOUT_SESSION_ID}",
            cancel_url="http://localhost/billing",
            now=utcnow(),
        )
    shopper.open(url)
    assert "declined" in shopper.send(card="4000000000000002")
    shopper.send(card="4242424242424242")
    sent = stripe_side.ask(lambda api: api.events.list, {"limit": 100})["data"]
    mine = [
        one for one in sent if one["type"] in events.WANTED and bakery.slug in json.dumps(one, default=str)
    ]
    for one in [*sent, *mine]:
        assert post(client, json.dumps(one, default=str).encode()).status_code == 200
    run_waiting(app)
    with app.app_context(), transaction(PLATFORM):
        row = db.session.get(Subscription, bakery.id)
        states = db.session.execute(
            select(BillingEvent.state, func.count())
            .where(BillingEvent.merchant_id == bakery.id)
            .group_by(BillingEvent.state)
        ).all()
    assert (row.state, row.plan, row.interval, row.currency) == ("active", "starter", "month", "EUR")
    assert row.amount_minor == 1900
    assert [state for state, _count in states] == ["done"]


def test_what_fails_is_written_at_the_event_and_raised(app, stripe_side, monkeypatch):
    def down(_pick, *_arguments):
        raise RuntimeError("down")

    with app.app_context():
        with transaction(PLATFORM):
            events.store(event("e"), utcnow())
        monkeypatch.setattr(stripe_side, "ask", down)
        with pytest.raises(RuntimeError):
            events.process("evt_e")
        with transaction(PLATFORM):
            kept = db.session.get(BillingEvent, "evt_e")
        assert (kept.state, kept.error, kept.attempts) == ("failed", "RuntimeError: down", 1)
        monkeypatch.undo()


def test_missed_events_are_found(app, stand_in_only, stripe_side):
    made = stripe_side.ask(lambda api: api.customers.create, {"email": "late@shop.example"})["id"]
    stripe_side.ask(lambda api: api.customers.update, made, {"name": "Late"})
    with app.app_context():
        assert tasks.find_missed_events() >= 1
        assert tasks.find_missed_events() == 0


def test_a_customer_that_stripe_does_not_know_keeps_its_plan(app, bakery, stripe_side, monkeypatch):
    """Unless it was play money: then the stand-in was emptied, and the shop may choose a plan again."""
    with app.app_context():
        with transaction(PLATFORM):
            row = customers.row(bakery.id, utcnow())
            row.stripe_customer_id = row.stripe_subscription_id = f"cus_{bakery.slug}"
            row.stripe_status, row.paid_plan = "active", "growth"
        for mode, state in (("live", "active"), ("demo", "cancelled")):
            monkeypatch.setattr(stripe_side, "billing", replace(stripe_side.billing, mode=mode))
            tasks.sync(str(bakery.id), f"cus_{bakery.slug}")
            with transaction(PLATFORM):
                row = customers.row(bakery.id, utcnow())
                assert standing(row, utcnow()).state == state
                assert row.notice


def test_old_events_go(app, stripe_side):
    now = utcnow()
    with app.app_context():
        for number, days in (("young", 399), ("old", 401)):
            with transaction(PLATFORM):
                events.store(event(number, type="product.created"), now - dt.timedelta(days=days))
        tasks.forget_old_events(now)
        with transaction(PLATFORM):
            assert db.session.get(BillingEvent, "evt_old") is None
            assert db.session.get(BillingEvent, "evt_young") is not None
