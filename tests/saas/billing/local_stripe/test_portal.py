"""The portal: what the configuration allows, on pages, with what it costs; and flows that lead back to the shop."""

from __future__ import annotations

import pytest
import stripe

from tests.saas.billing.local_stripe.conftest import START

DAY, HOUR = 86400, 3600
MONTH = START + 31 * DAY
HOME = "http://shop.example/billing"


@pytest.fixture
def configuration(api, plans):
    return api.billing_portal.configurations.create(
        {
            "features": {
                "customer_update": {
                    "enabled": True,
                    "allowed_updates": ["name", "email", "phone", "address", "tax_id"],
                },
                "invoice_history": {"enabled": True},
                "payment_method_update": {"enabled": True},
                "subscription_cancel": {
                    "enabled": True,
                    "mode": "at_period_end",
                    "cancellation_reason": {"enabled": True, "options": ["unused", "too_expensive"]},
                },
                "subscription_update": {
                    "enabled": True,
                    "default_allowed_updates": ["price"],
                    "proration_behavior": "always_invoice",
                    "products": [
                        {"product": plans.starter.product, "prices": [plans.starter.id, plans.yearly.id]},
                        {"product": plans.growth.product, "prices": [plans.growth.id]},
                    ],
                    "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
                },
            }
        }
    )


@pytest.fixture
def enter(api, shop, configuration, visitor):
    def go(flow=None, **more):
        given = {"customer": shop.id, "configuration": configuration.id, "return_url": HOME, **more}
        session = api.billing_portal.sessions.create({**given, **({"flow_data": flow} if flow else {})})
        return visitor.open(session.url)

    return go


def confirm_flow(subscription, price):
    return {
        "type": "subscription_update_confirm",
        "after_completion": {"type": "redirect", "redirect": {"return_url": HOME + "?done"}},
        "subscription_update_confirm": {
            "subscription": subscription.id,
            "items": [{"id": subscription["items"].data[0].id, "price": price.id}],
        },
    }


def test_the_first_page(shop, plans, enter, visitor):
    shop.card("visa")
    shop.subscribe(plans.starter)
    text = enter()
    for words in (
        "Starter",
        "€29.00 a month",
        "Renews on Feb 1, 2026",
        "•••• 4242",
        "Invoices",
        "Billing details",
    ):
        assert words in text
    assert visitor.link("Back to Regulars") == HOME
    assert "No subscription" not in text


def test_switching_up_shows_and_charges_the_difference(shop, plans, enter, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.pass_time(START + 10 * DAY)
    enter()
    visitor.open(visitor.link("Change the plan"))
    text = visitor.open(visitor.page.url.replace("/switch", f"/confirm?price={plans.growth.id}"))
    due = round(5900 * 21 / 31) - round(2900 * 21 / 31)
    assert "To pay today" in text
    assert f"€{due / 100:.2f}" in text
    assert "Your plan was changed" in visitor.send(price=plans.growth.id)
    invoice = shop.api.invoices.list({"subscription": made.id}).data[0]
    assert (invoice.amount_paid, invoice.billing_reason) == (due, "subscription_update")


def test_switching_down_waits_for_the_end_of_the_period(shop, plans, enter, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.growth)
    text = enter(confirm_flow(made, plans.starter))
    assert "Nothing is to be paid today" in text
    assert visitor.send() == HOME + "?done"
    assert shop.api.subscriptions.retrieve(made.id)["items"].data[0].price.id == plans.growth.id
    assert "Changes to Starter on Feb 1, 2026" in enter()
    shop.pass_time(MONTH + HOUR)
    changed = shop.api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert changed["items"].data[0].price.id == plans.starter.id
    assert changed.latest_invoice.amount_paid == 2900


def test_a_planned_change_can_be_taken_back(shop, plans, enter, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.growth)
    enter(confirm_flow(made, plans.starter))
    visitor.send()
    enter()
    assert "goes on" in visitor.send(visitor.link("Keep the present plan"))
    shop.pass_time(MONTH + HOUR)
    assert shop.api.subscriptions.retrieve(made.id)["items"].data[0].price.id == plans.growth.id


def test_a_refused_card_changes_nothing(shop, plans, enter, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.card("chargeCustomerFail")
    shop.pass_time(START + 10 * DAY)
    enter(confirm_flow(made, plans.growth))
    assert "declined" in visitor.send()
    after = shop.api.subscriptions.retrieve(made.id)
    assert (after.status, after["items"].data[0].price.id) == ("active", plans.starter.id)
    assert len(shop.api.invoices.list({"subscription": made.id}).data) == 1


def test_the_owner_confirms_a_switch(shop, plans, enter, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.card("threeDSecure2Required")
    shop.pass_time(START + 10 * DAY)
    enter(confirm_flow(made, plans.growth))
    assert "Is it you?" in visitor.send()
    assert visitor.send(outcome="complete") == HOME + "?done"
    assert shop.api.subscriptions.retrieve(made.id)["items"].data[0].price.id == plans.growth.id


def test_cancelling_with_a_reason_and_resuming(shop, plans, enter, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    text = enter({"type": "subscription_cancel", "subscription_cancel": {"subscription": made.id}})
    assert "I don’t use it" in text
    assert "was cancelled" in visitor.send(feedback="unused")
    later = shop.api.subscriptions.retrieve(made.id)
    assert (later.cancel_at_period_end, later.cancellation_details.feedback) == (True, "unused")
    assert "goes on" in visitor.send(visitor.link("Keep the subscription"))
    assert shop.api.subscriptions.retrieve(made.id).cancel_at_period_end is False


def test_another_card(shop, plans, enter, visitor):
    shop.card("visa")
    shop.subscribe(plans.starter)
    enter(
        {
            "type": "payment_method_update",
            "after_completion": {"type": "redirect", "redirect": {"return_url": HOME}},
        }
    )
    assert "declined" in visitor.send(card="4000000000000002")
    assert visitor.send(card="5555555555554444") == HOME
    customer = shop.api.customers.retrieve(shop.id, {"expand": ["invoice_settings.default_payment_method"]})
    assert customer.invoice_settings.default_payment_method.card.brand == "mastercard"
    enter()
    visitor.open(visitor.link("Use another card"))
    assert "Is it you?" in visitor.send(card="4000002500003155")
    assert "was saved" in visitor.send(outcome="complete")


def test_details_and_tax_number(shop, enter, visitor):
    assert "No subscription" in enter()
    visitor.open(visitor.link("Change the details"))
    form = {
        "name": "Florist",
        "email": "f@example.com",
        "phone": "1",
        "country": "SE",
        "tax_value": "SE556000000001",
    }
    assert "were saved" in visitor.send(tax_type="eu_vat", **form)
    customer = shop.api.customers.retrieve(shop.id, {"expand": ["tax_ids"]})
    assert (customer.name, customer.address.country) == ("Florist", "SE")
    assert customer.tax_ids.data[0].value == "SE556000000001"


def test_invoices_are_read_and_kept(shop, plans, enter, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.starter, expand=["latest_invoice"])
    enter()
    text = visitor.open(visitor.link(made.latest_invoice.number))
    assert "€29.00" in text
    assert "Pay the invoice" not in text
    visitor.open(made.latest_invoice.invoice_pdf)
    assert visitor.page.headers["Content-Disposition"].startswith("attachment")
    assert "<base href" in visitor.page.text


def test_an_open_invoice_is_paid_on_its_page(shop, plans, visitor):
    made = shop.subscribe(plans.starter, trial_period_days=14)
    shop.pass_time(START + 14 * DAY + HOUR)
    assert shop.api.subscriptions.retrieve(made.id).status == "past_due"
    invoice = shop.api.invoices.list({"subscription": made.id, "status": "open"}).data[0]
    visitor.open(invoice.hosted_invoice_url)
    assert "declined" in visitor.send(card="4000000000000002")
    assert "Pay the invoice" not in visitor.send(card="4242424242424242")
    assert shop.api.subscriptions.retrieve(made.id).status == "active"


def test_a_session_needs_its_configuration_and_ends(api, shop, enter, stand_in, visitor):
    with pytest.raises(stripe.InvalidRequestError, match="portal settings"):
        api.billing_portal.sessions.create({"customer": shop.id})
    enter()
    url = visitor.page.url
    stand_in.advance(2 * HOUR)
    assert "expired" in visitor.open(url)
    visitor.open(url + "x")
    assert visitor.page.status_code == 404


def test_what_is_switched_off_is_not_there(api, shop, plans, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    bare = api.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": False}}})
    session = api.billing_portal.sessions.create({"customer": shop.id, "configuration": bare.id})
    text = visitor.open(session.url)
    for words in (
        "Change the plan",
        "Cancel the subscription",
        "Use another card",
        "Invoices",
        "Back to Regulars",
    ):
        assert words not in text
    for page in (f"subscriptions/{made.id}/cancel", f"subscriptions/{made.id}/switch", "card", "details"):
        visitor.open(f"{session.url}/{page}")
        assert visitor.page.status_code == 404


def test_a_price_that_is_not_offered_cannot_be_had(api, shop, plans, enter, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    secret = api.prices.create(
        {
            "product": plans.growth.product,
            "currency": "eur",
            "unit_amount": 1,
            "recurring": {"interval": "month"},
        }
    )
    enter()
    visitor.open(visitor.link("Change the plan"))
    visitor.send(visitor.page.url.replace("/switch", "/confirm"), price=secret.id)
    assert visitor.page.status_code == 404
    assert shop.api.subscriptions.retrieve(made.id)["items"].data[0].price.id == plans.starter.id
