"""Checkout: the session over the API, the page with its cards, and what comes of it."""

from __future__ import annotations

import pytest
import stripe

SUCCESS = "http://shop.example/back?session={CHECKOUT_SESSION_ID}"
OK, DECLINED, POOR = "4242424242424242", "4000000000000002", "4000000000009995"
ONCE, ALWAYS, LATER = "4000002500003155", "4000000000003220", "4000000000000341"


@pytest.fixture
def session(api, plans):
    customer = api.customers.create({"email": "shop@example.com"})

    def make(**more):
        items = [{"price": plans.starter.id, "quantity": 1}]
        given = {"mode": "subscription", "success_url": SUCCESS, "line_items": items, "customer": customer.id}
        given |= more
        return api.checkout.sessions.create({key: value for key, value in given.items() if value is not None})

    return make


def test_a_card_pays_and_the_subscription_is_active(api, session, visitor):
    made = session(metadata={"merchant": "7"}, subscription_data={"metadata": {"plan": "starter"}})
    assert made.status == "open"
    assert made.amount_total == 2900
    text = visitor.open(made.url)
    assert "Test payment page" in text
    assert "€29.00" in text
    assert visitor.send(card=OK) == SUCCESS.replace("{CHECKOUT_SESSION_ID}", made.id)
    done = api.checkout.sessions.retrieve(made.id, {"expand": ["subscription", "line_items"]})
    assert (done.status, done.payment_status, done.metadata["merchant"]) == ("complete", "paid", "7")
    assert done.subscription.status == "active"
    assert done.subscription.metadata["plan"] == "starter"
    assert done.subscription.default_payment_method
    assert "This order is complete" in visitor.open(made.url.split("?")[0])


@pytest.mark.parametrize(
    ("card", "words"), [(DECLINED, "declined"), (POOR, "insufficient funds"), (LATER, "declined")]
)
def test_a_declined_card_leaves_nothing_behind(api, session, visitor, card, words):
    made = session()
    visitor.open(made.url)
    assert words in visitor.send(card=card)
    assert visitor.page.status_code == 422
    assert api.checkout.sessions.retrieve(made.id).status == "open"
    assert api.subscriptions.list({"status": "all"}).data == []
    assert api.payment_methods.list({"customer": made.customer}).data == []
    assert visitor.send(card=OK).startswith("http://shop.example/back")


@pytest.mark.parametrize("card", [ONCE, ALWAYS])
def test_the_owner_confirms_at_the_bank(api, session, visitor, card):
    made = session()
    visitor.open(made.url)
    assert "Is it you?" in visitor.send(card=card)
    assert "could not confirm" in visitor.send(outcome="fail")
    assert api.subscriptions.list({"status": "all"}).data == []
    visitor.open(made.url)
    assert "Is it you?" in visitor.send(card=card)
    assert visitor.send(outcome="complete").startswith("http://shop.example/back")
    assert api.subscriptions.list({}).data[0].status == "active"


def test_a_trial_costs_nothing_today(api, session, visitor):
    made = session(subscription_data={"trial_period_days": 14})
    assert made.amount_total == 0
    assert "The trial ends on" in visitor.open(made.url)
    visitor.send(card=LATER)
    done = api.checkout.sessions.retrieve(made.id, {"expand": ["subscription.latest_invoice"]})
    assert done.payment_status == "no_payment_required"
    assert done.subscription.status == "trialing"
    assert done.subscription.latest_invoice.status == "paid"
    assert done.subscription.latest_invoice.total == 0


def test_a_trial_without_a_card(api, session, visitor):
    made = session(
        payment_method_collection="if_required",
        subscription_data={
            "trial_period_days": 14,
            "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
        },
    )
    assert "Test card" not in visitor.open(made.url)
    assert visitor.send().startswith("http://shop.example")
    assert api.subscriptions.list({}).data[0].status == "trialing"


def test_a_trial_with_a_card_that_asks_its_owner(api, session, visitor):
    made = session(subscription_data={"trial_period_days": 14})
    visitor.open(made.url)
    assert "Is it you?" in visitor.send(card=ONCE)
    assert visitor.send(outcome="complete").startswith("http://shop.example")


def test_promotion_codes(api, session, visitor):
    coupon = api.coupons.create({"percent_off": 50, "duration": "once"})
    api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"})
    made = session(allow_promotion_codes=True)
    visitor.open(made.url)
    assert "not valid" in visitor.send(action="apply", code="nothing")
    assert "€14.50" in visitor.send(action="apply", code="half")
    assert "€14.50" not in visitor.send(action="remove")
    visitor.send(action="apply", code="HALF")
    visitor.send(card=OK)
    done = api.checkout.sessions.retrieve(made.id, {"expand": ["invoice"]})
    assert done.invoice.amount_paid == 1450
    assert done.total_details.amount_discount == 1450
    assert api.promotion_codes.list({"code": "HALF"}).data[0].times_redeemed == 1


def test_a_new_customer_with_address_and_tax_number(api, session, visitor):
    made = session(
        customer=None,
        customer_email="new@example.com",
        automatic_tax={"enabled": True},
        tax_id_collection={"enabled": True},
        billing_address_collection="required",
    )
    visitor.open(made.url)
    visitor.send(
        card=OK,
        name="Florist",
        line1="Rua 1",
        city="Porto",
        country="PT",
        tax_type="eu_vat",
        tax_value="PT123456789",
    )
    done = api.checkout.sessions.retrieve(made.id, {"expand": ["customer.tax_ids"]})
    assert done.customer_details.tax_ids[0].value == "PT123456789"
    assert done.customer.address.country == "PT"
    assert done.customer.email == "new@example.com"


def test_sessions_expire(api, session, stand_in, visitor):
    made = session()
    stand_in.advance(25 * 3600)
    assert api.checkout.sessions.retrieve(made.id).status == "expired"
    assert "expired" in visitor.open(made.url)
    assert visitor.page.status_code == 410
    api.checkout.sessions.expire(session().id)
    assert len(api.events.list({"type": "checkout.session.expired"}).data) == 2


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"payment_method_types": ["card"]}, 400),
        ({"success_url": None}, 400),
        ({"customer_email": "a@b.se"}, 400),
        ({"mode": "payment"}, 501),
        ({"ui_mode": "embedded_page"}, 501),
        ({"after_expiration": {"recovery": {"enabled": True}}}, 501),
        ({"tax_id_collection": {"enabled": True}}, 400),
        ({"automatic_tax": {"enabled": True}}, 400),
        ({"subscription_data": {"trial_end": 1}}, 400),
        ({"discounts": [{"coupon": "none"}]}, 400),
    ],
)
def test_what_stripe_refuses_is_refused(session, more, status):
    with pytest.raises(stripe.StripeError) as caught:
        session(**more)
    assert caught.value.http_status == status


def test_the_page_speaks_the_languages(session, visitor):
    made = session(locale="pt")
    assert 'lang="pt"' in visitor.open(made.url)
    auto = session()
    assert 'lang="sv"' in visitor.open(auto.url, **{"Accept-Language": "sv"})


def test_the_page_keeps_to_the_policy_and_may_lead_back(session, visitor):
    text = visitor.open(session().url)
    policy = visitor.page.headers["Content-Security-Policy"]
    assert "form-action 'self' http://shop.example;" in policy
    assert "<script" not in text
    forged = visitor.session.post(visitor.page.url, headers={"Sec-Fetch-Site": "cross-site"}, timeout=20)
    assert forged.status_code == 403
