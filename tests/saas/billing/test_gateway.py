"""The gateway against the stand-in over HTTP, or against Stripe's test mode where STRIPE_TEST_KEY is set."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from saas.billing import arranged, catalogue, checkout, customers, portal
from saas.billing.gateway import (
    BillingOff,
    CardDeclined,
    Gateway,
    NotAtStripe,
    StripeRefused,
    StripeSilent,
    gateway,
)
from saas.billing.plans import PRICES
from saas.config import Billing
from saas.db import PLATFORM, transaction
from saas.web.clock import utcnow

HOME = "http://localhost/console/x/billing"
STARTER, GROWTH = PRICES["starter_month_eur"], PRICES["growth_month_eur"]


@pytest.fixture
def here(app):
    with app.app_context():
        yield


@pytest.fixture
def customer(here, stripe_side, bakery):
    """The bakery as a customer, with a card that works."""
    made = customers.ensure(stripe_side, bakery, "owner@bakery.example", utcnow())
    give_card(stripe_side, made, "visa")
    return made


def give_card(stripe, customer_id, name):
    method = stripe.ask(lambda api: api.payment_methods.attach, f"pm_card_{name}", {"customer": customer_id})[
        "id"
    ]
    settings = {"invoice_settings": {"default_payment_method": method}}
    stripe.ask(lambda api: api.customers.update, customer_id, settings)


def subscribe(stripe, customer_id, price, **more):
    items = [{"price": catalogue.price_id(stripe, price.lookup_key)}]
    return stripe.ask(lambda api: api.subscriptions.create, {"customer": customer_id, "items": items, **more})


def begin(stripe, shop, price=STARTER):
    return checkout.begin(
        stripe,
        shop,
        price,
        email="owner@bakery.example",
        language="sv",
        success_url=f"{HOME}/back",
        cancel_url=HOME,
        now=utcnow(),
    )


def test_the_catalogue_is_made_once(here, stripe_side):
    catalogue.ensure(stripe_side)
    assert catalogue.ensure(stripe_side) == []
    ids = catalogue.price_ids(stripe_side)
    assert set(ids) == set(PRICES)
    price = stripe_side.ask(lambda api: api.prices.retrieve, ids["network_year_sek"])
    assert (price["unit_amount"], price["currency"], price["recurring"]["interval"]) == (
        1499000,
        "sek",
        "year",
    )


def test_a_price_that_changed_is_replaced(here, stripe_side, stand_in_only, monkeypatch):
    before = catalogue.price_id(stripe_side, STARTER.lookup_key)
    changed = {**PRICES, STARTER.lookup_key: type(STARTER)("starter", "month", "EUR", 2100)}
    monkeypatch.setattr(catalogue, "PRICES", changed)
    assert catalogue.ensure(stripe_side) == ["price starter_month_eur"]
    assert catalogue.price_id(stripe_side, STARTER.lookup_key) != before
    monkeypatch.undo()
    assert catalogue.ensure(Gateway(stripe_side.billing)) == ["price starter_month_eur"]


def test_one_customer_for_a_shop_also_from_two_at_once(here, app, stripe_side, bakery):
    def ensure(_number):
        with app.app_context():
            return customers.ensure(stripe_side, bakery, "owner@bakery.example", utcnow())

    with ThreadPoolExecutor(2) as threads:
        found = set(threads.map(ensure, range(4)))
    assert len(found) == 1


def test_a_deleted_customer_is_made_again(stripe_side, bakery, customer):
    stripe_side.ask(lambda api: api.customers.delete, customer)
    assert stripe_side.snapshot(customer).customer["deleted"]
    again = customers.ensure(stripe_side, bakery, "owner@bakery.example", utcnow())
    assert again != customer
    assert customers.known(bakery.id) == (again, None)


def test_whoever_is_no_customer_has_nothing_to_change(here, stripe_side, florist):
    with pytest.raises(customers.NoSubscription):
        customers.known(florist.id)


def test_two_tabs_lead_to_one_page(customer, stripe_side, bakery):
    first = begin(stripe_side, bakery)
    assert begin(stripe_side, bakery) == first
    other = begin(stripe_side, bakery, GROWTH)
    assert other != first
    listed = stripe_side.ask(lambda api: api.checkout.sessions.list, {"customer": customer})["data"]
    assert [one["url"] for one in listed if one["status"] == "open"] == [other]


def test_two_tabs_at_the_same_moment_lead_to_one_page(app, customer, stripe_side, bakery):
    def open_tab(price):
        with app.app_context():
            return begin(stripe_side, bakery, price)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(open_tab, [STARTER, GROWTH]))
    listed = stripe_side.ask(lambda api: api.checkout.sessions.list, {"customer": customer})["data"]
    assert len([one for one in listed if one["status"] == "open"]) == 1


def test_whoever_has_a_plan_begins_no_second_one(customer, stripe_side, bakery):
    subscribe(stripe_side, customer, STARTER)
    with pytest.raises(customers.AlreadySubscribed):
        begin(stripe_side, bakery, GROWTH)


def unfinished(stripe, customer_id, price=STARTER):
    """A subscription whose first payment waits for the bank's question."""
    give_card(stripe, customer_id, "threeDSecure2Required")
    made = subscribe(stripe, customer_id, price)
    assert made["status"] == "incomplete"
    return stripe.ask(lambda api: api.invoices.retrieve, made["latest_invoice"])


def running(stripe, customer_id):
    return [one for one in stripe.snapshot(customer_id).subscriptions if one["status"] in customers.LIVE]


def confirm(shopper, invoice):
    """The bank's page of an invoice, answered with yes."""
    shopper.open(f"{invoice['hosted_invoice_url']}/authentication")
    return shopper.send(outcome="complete")


def test_a_first_payment_that_waits_is_led_on_to(customer, stripe_side, bakery, shopper):
    begin(stripe_side, bakery)
    waiting = unfinished(stripe_side, customer)
    assert begin(stripe_side, bakery) == waiting["hosted_invoice_url"]
    (page,) = stripe_side.ask(lambda api: api.checkout.sessions.list, {"customer": customer})["data"]
    assert page["status"] == "expired"
    confirm(shopper, waiting)
    assert len(running(stripe_side, customer)) == 1
    with pytest.raises(customers.AlreadySubscribed):
        begin(stripe_side, bakery)


def test_another_plan_gives_up_a_first_payment_that_waits(customer, stripe_side, bakery, shopper):
    """Two tabs: the one at the bank's question can't pay any more once the other has begun another plan."""
    waiting = unfinished(stripe_side, customer)
    page = begin(stripe_side, bakery, GROWTH)
    confirm(shopper, waiting)
    assert running(stripe_side, customer) == []
    shopper.open(page)
    shopper.send(card="4242424242424242")
    (only,) = running(stripe_side, customer)
    assert only["items"]["data"][0]["price"]["lookup_key"] == GROWTH.lookup_key


def test_a_first_payment_confirmed_while_another_plan_is_begun(
    customer, stripe_side, bakery, shopper, monkeypatch
):
    waiting, real = unfinished(stripe_side, customer), checkout._settle

    def late(*given):
        confirm(shopper, waiting)
        return real(*given)

    monkeypatch.setattr(checkout, "_settle", late)
    with pytest.raises(customers.AlreadySubscribed):
        begin(stripe_side, bakery, GROWTH)
    assert len(running(stripe_side, customer)) == 1


def test_a_page_paid_while_another_tab_begins(customer, stripe_side, bakery, shopper, monkeypatch):
    """Paid in the moment before the open pages are looked at: there is none any more, but a subscription."""
    page, real = begin(stripe_side, bakery), checkout._open_sessions

    def late(*given):
        monkeypatch.undo()
        shopper.open(page)
        shopper.send(card="4242424242424242")
        return real(*given)

    monkeypatch.setattr(checkout, "_open_sessions", late)
    with pytest.raises(customers.AlreadySubscribed):
        begin(stripe_side, bakery, GROWTH)
    assert len(running(stripe_side, customer)) == 1


def test_the_bank_asks_before_the_plan_begins(customer, stripe_side, bakery, shopper):
    url = begin(stripe_side, bakery)
    shopper.open(url)
    assert "Är det du?" in shopper.send(card="4000000000003220")
    assert stripe_side.snapshot(customer).subscriptions == []
    assert shopper.send(outcome="complete").startswith(HOME)
    assert stripe_side.snapshot(customer).subscriptions[0]["status"] == "active"


def test_a_switch_costs_what_the_preview_says(customer, stripe_side, bakery, shopper):
    made = subscribe(stripe_side, customer, STARTER)
    seen = portal.preview(stripe_side, made["id"], GROWTH)
    assert (seen.currency, seen.is_later) == ("EUR", False)
    assert seen.due_minor == sum(amount for _words, amount in seen.lines) > 0
    flow = "subscription_update_confirm"
    given = {
        "return_url": HOME,
        "language": "en",
        "flow": flow,
        "subscription_id": made["id"],
        "price": GROWTH,
    }
    shopper.open(portal.visit(stripe_side, customer, **given))
    shopper.send()
    found = stripe_side.snapshot(customer)
    assert found.subscriptions[0]["items"]["data"][0]["price"]["lookup_key"] == "growth_month_eur"
    assert found.invoices[0]["amount_paid"] == pytest.approx(seen.due_minor, abs=2)


def test_a_step_down_waits_for_the_end_of_the_period(customer, stripe_side):
    made = subscribe(stripe_side, customer, GROWTH)
    seen = portal.preview(stripe_side, made["id"], STARTER)
    assert (seen.is_later, seen.due_minor, seen.lines) == (True, 0, ())
    assert seen.at.timestamp() == made["items"]["data"][0]["current_period_end"]
    assert portal.preview(stripe_side, made["id"], PRICES["growth_year_eur"]).due_minor > 0


def test_a_switch_that_waits_is_known_and_taken_back(customer, stripe_side, shopper):
    made = subscribe(stripe_side, customer, GROWTH)
    assert arranged.find(stripe_side, None) is arranged.find(stripe_side, made["id"]) is None
    flow = {"flow": "subscription_update_confirm", "subscription_id": made["id"], "price": STARTER}
    shopper.open(portal.visit(stripe_side, customer, return_url=HOME, language="en", **flow))
    shopper.send()
    found = arranged.find(stripe_side, made["id"])
    ends = made["items"]["data"][0]["current_period_end"]
    assert found is not None
    assert (found.plan.code, found.at.timestamp()) == ("starter", ends)
    for _again in range(2):
        portal.resume(stripe_side, made["id"])
    assert arranged.find(stripe_side, made["id"]) is None
    after = stripe_side.snapshot(customer).subscriptions[0]
    assert after["items"]["data"][0]["price"]["lookup_key"] == GROWTH.lookup_key


def test_every_way_into_the_portal(customer, stripe_side):
    made = subscribe(stripe_side, customer, STARTER)
    for flow in (None, *portal.FLOWS):
        price = GROWTH if flow == "subscription_update_confirm" else None
        given = {"flow": flow, "subscription_id": made["id"], "price": price}
        assert portal.visit(stripe_side, customer, return_url=HOME, language="en", **given).startswith("http")
    with pytest.raises(customers.NoSubscription):
        portal.visit(stripe_side, customer, return_url=HOME, language="en", flow="subscription_cancel")


def test_the_portals_settings_are_kept_and_renewed(customer, stripe_side, stand_in_only, monkeypatch):
    portal.visit(stripe_side, customer, return_url=HOME, language="en")
    portal.forget()
    monkeypatch.setattr(portal, "_features", lambda *_given: {"invoice_history": {"enabled": True}})
    portal.visit(stripe_side, customer, return_url=HOME, language="en")
    listed = stripe_side.ask(lambda api: api.billing_portal.configurations.list, {"active": True})["data"]
    assert [one["metadata"]["app"] for one in listed] == ["regulars eur"]
    portal.forget()


def test_the_portal_offers_a_product_once_a_month_and_once_a_year(here, stripe_side):
    offered = portal._features(catalogue.price_ids(stripe_side), "sek")["subscription_update"]["products"]
    ids = catalogue.price_ids(stripe_side)
    assert [one["product"] for one in offered] == ["regulars_starter", "regulars_growth", "regulars_network"]
    assert offered[0]["prices"] == [ids["starter_month_sek"], ids["starter_year_sek"]]


@pytest.mark.parametrize("how", ["at the period's end", "on a day"])
def test_cancelled_and_continued(customer, stripe_side, how):
    made = subscribe(stripe_side, customer, STARTER)
    day = made["items"]["data"][0]["current_period_end"] + 86_400
    ends = {"cancel_at": day} if how == "on a day" else {"cancel_at_period_end": True}
    stripe_side.ask(lambda api: api.subscriptions.update, made["id"], ends)
    assert stripe_side.snapshot(customer).subscriptions[0]["cancel_at"]
    for _again in range(2):
        portal.resume(stripe_side, made["id"])
    found = stripe_side.snapshot(customer).subscriptions[0]
    assert (found["cancel_at_period_end"], found["cancel_at"]) == (False, None)


def test_a_declined_card_is_said_in_words(customer, stripe_side):
    give_card(stripe_side, customer, "chargeCustomerFail")
    with pytest.raises(CardDeclined, match="Nothing was charged"):
        subscribe(stripe_side, customer, STARTER, payment_behavior="error_if_incomplete")


def test_what_stripe_does_not_know(here, stripe_side):
    with pytest.raises(NotAtStripe):
        stripe_side.snapshot("cus_nobody")


@pytest.mark.parametrize("name", ["sucess_url", "payment_method_types_", "trial"])
def test_a_renamed_parameter_is_noticed(customer, stripe_side, bakery, monkeypatch, name):
    """The request that our code makes, with one name wrong: refused before anything happens."""
    real = checkout._params
    monkeypatch.setattr(checkout, "_params", lambda *given: {**real(*given), name: "x"})
    with pytest.raises(StripeRefused) as refused:
        begin(stripe_side, bakery)
    assert "unknown parameter" in str(refused.value.__cause__)


def test_a_wrong_key_is_not_the_shops_fault(here, billing):
    odd = Gateway(Billing("test", "sk_live_x" if billing.api_url else "sk_test_wrong", billing.api_url))
    with pytest.raises(StripeRefused):
        odd.ask(lambda api: api.prices.list)


def test_stripe_is_down(here):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    down = Gateway(Billing("demo", "sk_test_demo", f"http://127.0.0.1:{port}"))
    with pytest.raises(StripeSilent, match="nothing was changed"):
        down.ask(lambda api: api.prices.list)


def test_stripe_is_slow(here, monkeypatch):
    monkeypatch.setattr("saas.billing.gateway.READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        lines = []
        accept = threading.Thread(target=lambda: [lines.append(server.accept()[0]) for _try in range(2)])
        accept.start()
        slow = Gateway(Billing("demo", "sk_test_demo", f"http://127.0.0.1:{server.getsockname()[1]}"))
        began = time.monotonic()
        with pytest.raises(StripeSilent):
            slow.ask(lambda api: api.prices.list)
        assert time.monotonic() - began < 5
        accept.join(5)
        for line in lines:
            line.close()


def test_stripe_is_never_asked_inside_a_transaction(here, stripe_side):
    with transaction(PLATFORM), pytest.raises(RuntimeError, match="inside a transaction"):
        stripe_side.ask(lambda api: api.prices.list)


def test_where_nothing_is_sold(here):
    with pytest.raises(BillingOff):
        gateway()


def test_a_price_in_tiers_is_no_amount_to_compare():
    tiers = {"recurring": {"interval": "month"}, "unit_amount": None}
    assert not portal.is_step_down(tiers, STARTER)
