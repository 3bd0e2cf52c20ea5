"""Webhooks: signed as the library verifies, tried again, doubled, shuffled, held back."""

from __future__ import annotations

import json
import time

import pytest
import stripe


@pytest.fixture
def endpoint(api, receiver):
    return api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})


def test_events_are_signed(api, stand_in, endpoint, receiver):
    customer = api.customers.create({"email": "a@example.com"})
    assert stand_in.sender.settle()
    (body, header) = receiver.got[0]
    event = stripe.Webhook.construct_event(body, header, endpoint.secret)
    assert (event.type, event.data.object.id, event.livemode) == ("customer.created", customer.id, False)
    assert event.api_version == stripe.api_version
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b"example", b"evil"), header, endpoint.secret)
    assert api.events.retrieve(event.id).pending_webhooks == 0


def test_the_secret_is_shown_once_and_only_chosen_events_are_sent(api, stand_in, receiver):
    made = api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["product.created"]})
    assert made.secret.startswith("whsec_")
    assert "secret" not in api.webhook_endpoints.retrieve(made.id)
    api.customers.create({})
    api.products.create({"name": "Starter"})
    assert stand_in.sender.settle()
    assert receiver.types() == ["product.created"]
    api.webhook_endpoints.update(made.id, {"disabled": True})
    api.products.create({"name": "Growth"})
    api.webhook_endpoints.delete(made.id)
    assert stand_in.sender.settle()
    assert len(receiver.got) == 1


def test_a_refused_event_is_sent_again(api, stand_in, endpoint, receiver):
    receiver.refuse = 2
    api.customers.create({})
    until = time.monotonic() + 10
    while len(receiver.got) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    assert receiver.types() == ["customer.created"] * 3
    assert len({json.loads(body)["id"] for body, _ in receiver.got}) == 1
    for body, header in receiver.got:  # each attempt is signed
        assert stripe.Webhook.construct_event(body, header, endpoint.secret).type == "customer.created"


def test_an_event_that_is_never_taken_is_given_up(api, stand_in, endpoint, receiver):
    receiver.refuse = 99
    api.customers.create({})
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with stand_in.store.lock:
            row = stand_in.store.db.execute("SELECT state, attempts, status FROM delivery").fetchone()
        if row[0] == "failed":
            break
        time.sleep(0.02)
    assert row == ("failed", 3, 500)
    assert api.events.list({"delivery_success": False}).data[0].pending_webhooks == 1


def test_hold_shuffle_duplicate_resend(api, stand_in, endpoint, receiver):
    stand_in.sender.hold()
    for n in range(8):
        api.products.create({"name": f"Product {n}"})
    time.sleep(0.4)
    assert receiver.got == []
    stand_in.sender.release(shuffle=3)
    assert stand_in.sender.settle()
    names = [json.loads(body)["data"]["object"]["name"] for body, _ in receiver.got]
    assert sorted(names) == [f"Product {n}" for n in range(8)]
    assert names != sorted(names)
    event = api.events.list({"limit": 1}).data[0]
    stand_in.sender.resend(event.id, times=2)
    assert stand_in.sender.settle()
    assert [json.loads(body)["id"] for body, _ in receiver.got[8:]] == [event.id] * 2
    stand_in.sender.resend_all(shuffle=1)
    assert stand_in.sender.settle()
    assert len(receiver.got) == 18


def test_an_address_has_a_scheme(api):
    with pytest.raises(stripe.InvalidRequestError, match="Invalid URL"):
        api.webhook_endpoints.create({"url": "shop.example/hook", "enabled_events": ["*"]})
    with pytest.raises(stripe.InvalidRequestError, match="enabled_events"):
        api.webhook_endpoints.create({"url": "http://shop.example/hook", "enabled_events": ["customer.lost"]})


def test_nobody_is_home(api, stand_in, receiver):
    made = api.webhook_endpoints.create({"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]})
    api.customers.create({})
    assert stand_in.sender.settle()
    with stand_in.store.lock:
        row = stand_in.store.db.execute(
            "SELECT status, error FROM delivery WHERE endpoint = ?", (made.id,)
        ).fetchone()
    assert row[0] is None
    assert "refused" in row[1]
