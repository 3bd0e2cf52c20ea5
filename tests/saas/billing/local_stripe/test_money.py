"""Refunds, disputes, tax numbers, meters, and the desk where a demo makes things go wrong."""

from __future__ import annotations

import pytest
import stripe


@pytest.fixture
def charge(shop, plans):
    shop.card("visa")
    shop.subscribe(plans.starter)
    return shop.api.charges.list({"customer": shop.id}).data[0]


def kinds(api, prefix):
    return [event.type for event in api.events.list({"limit": 100, "types": [prefix]}).data][::-1]


def test_refunds_in_parts(api, charge):
    part = api.refunds.create({"charge": charge.id, "amount": 900, "reason": "requested_by_customer"})
    assert (part.amount, part.status) == (900, "succeeded")
    with pytest.raises(stripe.InvalidRequestError, match="greater than"):
        api.refunds.create({"charge": charge.id, "amount": 2001})
    api.refunds.create({"payment_intent": charge.payment_intent})
    after = api.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (after.refunded, after.amount_refunded, len(after.refunds.data)) == (True, 2900, 2)
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        api.refunds.create({"charge": charge.id})
    assert kinds(api, "charge.refunded") == ["charge.refunded"] * 2


@pytest.mark.parametrize(("evidence", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_a_disputed_card(api, shop, plans, evidence, status):
    shop.card("createDispute")
    shop.subscribe(plans.starter)
    dispute = api.disputes.list({}).data[0]
    assert (dispute.status, dispute.reason) == ("needs_response", "fraudulent")
    decided = api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": evidence}})
    assert decided.status == status
    expected = [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
    ]
    assert kinds(api, "charge.dispute.*") == expected + (
        ["charge.dispute.funds_reinstated"] if status == "won" else []
    )


def test_tax_numbers(api, shop):
    made = api.customers.tax_ids.create(shop.id, {"type": "eu_vat", "value": "SE556000000001"})
    assert made.verification.status == "verified"
    assert api.customers.tax_ids.list(shop.id).data[0].id == made.id
    assert api.customers.tax_ids.delete(shop.id, made.id).deleted
    assert api.customers.tax_ids.list(shop.id).data == []


def test_meters(api, shop):
    meter = api.billing.meters.create(
        {
            "display_name": "Active members",
            "event_name": "active_members",
            "default_aggregation": {"formula": "last"},
            "value_settings": {"event_payload_key": "value"},
            "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        }
    )
    now = shop.clock.frozen_time
    for n, value in enumerate(("120", "130")):
        payload = {"stripe_customer_id": shop.id, "value": value}
        api.billing.meter_events.create(
            {
                "event_name": "active_members",
                "payload": payload,
                "identifier": f"day-{n}",
                "timestamp": now + n,
            }
        )
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        api.billing.meter_events.create(
            {"event_name": "active_members", "payload": payload, "identifier": "day-1", "timestamp": now}
        )
    asked = {"customer": shop.id, "start_time": now, "end_time": now + 60}
    assert api.billing.meters.event_summaries.list(meter.id, asked).data[0].aggregated_value == 130
    assert api.billing.meters.deactivate(meter.id).status == "inactive"
    with pytest.raises(stripe.InvalidRequestError, match="No active meter"):
        api.billing.meter_events.create({"event_name": "active_members", "payload": payload})


def test_the_desk(api, stand_in, plans, receiver, visitor):
    api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    customer = api.customers.create({"payment_method": "pm_card_visa"})
    method = api.payment_methods.list({"customer": customer.id}).data[0].id
    made = api.subscriptions.create(
        {"customer": customer.id, "default_payment_method": method, "items": [{"price": plans.starter.id}]}
    )
    assert "customer.subscription.created" in visitor.open(stand_in.url + "/")
    visitor.send(stand_in.url + "/time", days="31")
    visitor.send(stand_in.url + "/time", days="1")
    assert [i.status for i in api.invoices.list({"subscription": made.id}).data] == ["paid", "paid"]
    charge = api.charges.list({}).data[0]
    visitor.send(f"{stand_in.url}/charges/{charge.id}/refunds")
    assert api.charges.retrieve(charge.id).refunded
    assert "already been refunded" in visitor.send(f"{stand_in.url}/charges/{charge.id}/refunds")
    other = api.charges.list({}).data[1]
    visitor.send(f"{stand_in.url}/charges/{other.id}/disputes")
    dispute = api.disputes.list({}).data[0]
    visitor.send(f"{stand_in.url}/disputes/{dispute.id}/decisions", outcome="won")
    assert api.disputes.retrieve(dispute.id).status == "won"
    assert stand_in.sender.settle()
    before = len(receiver.got)
    event = api.events.list({"limit": 1}).data[0]
    visitor.send(f"{stand_in.url}/deliveries", action="duplicate", event=event.id)
    assert stand_in.sender.settle()
    assert len(receiver.got) == before + 2
    visitor.send(f"{stand_in.url}/deliveries", action="hold")
    assert "Let the held events go" in visitor.open(stand_in.url + "/?q=refunded")
    visitor.send(f"{stand_in.url}/deliveries", action="release")


def test_single_payments(api, shop):
    paid = api.payment_intents.create(
        {
            "amount": 2000,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "customer": shop.id,
        }
    )
    assert (paid.status, paid.amount_received) == ("succeeded", 2000)
    given = {"amount": 2000, "currency": "eur", "payment_method": "pm_card_chargeDeclined"}
    with pytest.raises(stripe.CardError):
        api.payment_intents.create({**given, "confirm": True})
    waiting = api.payment_intents.create({**given, "payment_method": "pm_card_threeDSecure2Required"})
    assert waiting.status == "requires_confirmation"
    assert api.payment_intents.confirm(waiting.id).status == "requires_action"
    assert api.payment_intents.cancel(waiting.id).status == "canceled"
    assert kinds(api, "charge.*") == ["charge.succeeded", "charge.failed"]


def test_invoices_by_hand(api, shop):
    shop.card("visa")
    api.invoice_items.create({"customer": shop.id, "amount": 700, "currency": "usd", "description": "Poster"})
    draft = api.invoices.create({"customer": shop.id})
    assert (draft.status, draft.total, draft.billing_reason) == ("draft", 700, "manual")
    assert api.invoices.delete(draft.id).deleted
    again = api.invoices.create({"customer": shop.id})
    assert again.total == 700
    assert api.invoices.pay(again.id).status == "paid"
    empty = api.invoices.finalize_invoice(api.invoices.create({"customer": shop.id}).id)
    assert (empty.status, empty.amount_due) == ("paid", 0)
