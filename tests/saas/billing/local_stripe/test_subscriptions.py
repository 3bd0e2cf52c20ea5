"""Subscriptions: first payments, renewals, proration, ends, pauses; on test clocks, with sums that are known."""

from __future__ import annotations

import pytest
import stripe

from tests.saas.billing.local_stripe.conftest import START

DAY, HOUR = 86400, 3600
MONTH = START + 31 * DAY  # 1 February


def state(shop, subscription):
    return shop.api.subscriptions.retrieve(subscription.id).status


def events(api, *kinds):
    return [event.type for event in api.events.list({"limit": 100, "types": list(kinds)}).data]


def test_the_first_payment_makes_it_active(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter, expand=["latest_invoice.payments"])
    assert made.status == "active"
    assert made["items"].data[0].current_period_end == MONTH
    assert made.latest_invoice.amount_paid == 2900
    assert made.latest_invoice.billing_reason == "subscription_create"
    assert made.latest_invoice.payments.data[0].status == "paid"
    lines = shop.api.invoices.line_items.list(made.latest_invoice.id).data
    assert [line.amount for line in lines] == [2900]


def test_without_a_card_stripe_says_so(shop, plans):
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        shop.subscribe(plans.starter)
    assert shop.subscribe(plans.starter, payment_behavior="default_incomplete").status == "incomplete"


@pytest.mark.parametrize("card", ["chargeCustomerFail", "threeDSecure2Required"])
def test_an_unpaid_start_is_incomplete_and_expires(shop, plans, card):
    shop.card(card)
    made = shop.subscribe(plans.starter)
    assert made.status == "incomplete"
    with pytest.raises(stripe.CardError):
        shop.subscribe(plans.starter, payment_behavior="error_if_incomplete")
    shop.pass_time(START + DAY)
    assert state(shop, made) == "incomplete_expired"
    assert shop.api.invoices.retrieve(made.latest_invoice).status == "void"


def test_renewal_has_a_draft_for_an_hour(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.pass_time(MONTH)
    invoice = shop.api.invoices.list({"subscription": made.id}).data[0]
    assert (invoice.status, invoice.automatically_finalizes_at) == ("draft", MONTH + HOUR)
    shop.pass_time(MONTH + HOUR)
    assert shop.api.invoices.retrieve(invoice.id).status == "paid"
    assert shop.api.subscriptions.retrieve(made.id)["items"].data[0].current_period_end == MONTH + 28 * DAY


def test_the_month_ends_where_it_can(api, plans):
    clock = api.test_helpers.test_clocks.create({"frozen_time": START + 30 * DAY})
    customer = api.customers.create({"test_clock": clock.id, "payment_method": "pm_card_visa"})
    method = api.payment_methods.list({"customer": customer.id}).data[0]
    made = api.subscriptions.create(
        {"customer": customer.id, "items": [{"price": plans.starter.id}], "default_payment_method": method.id}
    )
    ends = []
    for _ in range(2):
        ends.append(api.subscriptions.retrieve(made.id)["items"].data[0].current_period_end)
        api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": ends[-1]})
    assert [end - START for end in ends] == [58 * DAY, 89 * DAY]  # 28 February, 31 March


def test_switching_up_charges_the_difference_as_previewed(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.pass_time(START + 10 * DAY)
    change = {
        "items": [{"id": made["items"].data[0].id, "price": plans.growth.id}],
        "proration_behavior": "always_invoice",
    }
    preview = shop.api.invoices.create_preview({"subscription": made.id, "subscription_details": change})
    assert preview.amount_due == round(5900 * 21 / 31) - round(2900 * 21 / 31)
    assert len(shop.api.invoices.list({"subscription": made.id}).data) == 1
    changed = shop.api.subscriptions.update(made.id, {**change, "expand": ["latest_invoice"]})
    assert changed.latest_invoice.amount_paid == preview.amount_due
    assert changed["items"].data[0].price.id == plans.growth.id
    assert changed["items"].data[0].current_period_end == MONTH


def test_switching_down_becomes_credit_that_the_next_invoice_uses(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.growth)
    shop.pass_time(START + 15 * DAY)
    item = {"id": made["items"].data[0].id, "price": plans.starter.id}
    shop.api.subscriptions.update(made.id, {"items": [item], "proration_behavior": "always_invoice"})
    credit = round(2900 * 16 / 31) - round(5900 * 16 / 31)
    assert shop.api.customers.retrieve(shop.id).balance == credit
    shop.pass_time(MONTH + HOUR)
    invoice = shop.api.invoices.list({"subscription": made.id}).data[0]
    assert (invoice.total, invoice.amount_paid, invoice.starting_balance) == (2900, 2900 + credit, credit)
    assert shop.api.customers.retrieve(shop.id).balance == 0
    assert [m.amount for m in shop.api.customers.balance_transactions.list(shop.id).data] == [-credit, credit]


def test_prorations_may_wait_for_the_next_invoice(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.pass_time(START + 10 * DAY)
    item = {"id": made["items"].data[0].id, "price": plans.growth.id}
    shop.api.subscriptions.update(made.id, {"items": [item]})
    assert len(shop.api.invoice_items.list({"customer": shop.id, "pending": True}).data) == 2
    upcoming = shop.api.invoices.create_preview({"subscription": made.id})
    shop.pass_time(MONTH + HOUR)
    renewed = shop.api.invoices.list({"subscription": made.id}).data[0]
    assert renewed.amount_paid == upcoming.amount_due == 5900 + round(5900 * 21 / 31) - round(2900 * 21 / 31)
    assert shop.api.invoice_items.list({"customer": shop.id, "pending": True}).data == []


def test_another_interval_begins_a_new_period(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.pass_time(START + 10 * DAY)
    item = {"id": made["items"].data[0].id, "price": plans.yearly.id}
    changed = shop.api.subscriptions.update(made.id, {"items": [item], "expand": ["latest_invoice"]})
    assert changed.latest_invoice.amount_paid == 29000 - round(2900 * 21 / 31)
    assert changed["items"].data[0].current_period_end == START + (10 + 365) * DAY


def test_a_trial_warns_ends_and_is_paid(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter, trial_period_days=14)
    assert made.status == "trialing"
    shop.pass_time(START + 11 * DAY)
    assert events(shop.api, "customer.subscription.trial_will_end") == [
        "customer.subscription.trial_will_end"
    ]
    shop.pass_time(START + 14 * DAY + HOUR)
    assert state(shop, made) == "active"
    assert shop.api.invoices.list({"subscription": made.id}).data[0].amount_paid == 2900


@pytest.mark.parametrize(
    ("wanted", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
)
def test_a_trial_without_a_card_ends_as_agreed(shop, plans, wanted, status):
    settings = {"end_behavior": {"missing_payment_method": wanted}}
    made = shop.subscribe(plans.starter, trial_period_days=14, trial_settings=settings)
    shop.pass_time(START + 14 * DAY + HOUR)
    assert state(shop, made) == status
    if wanted == "pause":
        shop.card("visa")
        assert shop.api.subscriptions.resume(made.id).status == "active"
        assert shop.api.invoices.list({"subscription": made.id}).data[0].amount_paid == 2900


def test_a_trial_can_be_extended_and_ended(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter, trial_period_days=14)
    longer = shop.api.subscriptions.update(made.id, {"trial_end": START + 20 * DAY})
    assert (longer.trial_end, longer.status) == (START + 20 * DAY, "trialing")
    shop.pass_time(START + 15 * DAY)
    assert state(shop, made) == "trialing"
    ended = shop.api.subscriptions.update(made.id, {"trial_end": "now", "expand": ["latest_invoice"]})
    assert (ended.status, ended.latest_invoice.amount_paid) == ("active", 2900)


def test_cancelling_waits_for_the_period_and_can_be_taken_back(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    later = shop.api.subscriptions.update(made.id, {"cancel_at_period_end": True})
    assert (later.status, later.cancel_at, later.cancellation_details.reason) == (
        "active",
        MONTH,
        "cancellation_requested",
    )
    with pytest.raises(stripe.InvalidRequestError, match="No upcoming invoices"):
        shop.api.invoices.create_preview({"subscription": made.id})
    back = shop.api.subscriptions.update(made.id, {"cancel_at_period_end": False})
    assert (back.cancel_at, back.canceled_at) == (None, None)
    shop.api.subscriptions.update(made.id, {"cancel_at_period_end": True})
    shop.pass_time(MONTH)
    assert state(shop, made) == "canceled"
    assert len(shop.api.invoices.list({"subscription": made.id}).data) == 1
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.subscriptions.update(made.id, {"cancel_at_period_end": False})


def test_cancelling_at_once(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    over = shop.api.subscriptions.cancel(made.id, {"cancellation_details": {"feedback": "unused"}})
    assert (over.status, over.cancellation_details.feedback) == ("canceled", "unused")
    assert shop.api.subscriptions.list({"customer": shop.id}).data == []
    assert len(shop.api.subscriptions.list({"customer": shop.id, "status": "all"}).data) == 1


@pytest.mark.parametrize(
    ("setting", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")]
)
def test_a_failing_card_is_tried_again_and_then_the_setting_decides(stand_in, shop, plans, setting, status):
    stand_in.store.set("after_retries", setting)
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.card("chargeCustomerFail")
    shop.pass_time(MONTH + HOUR)
    assert state(shop, made) == "past_due"
    assert shop.api.customers.retrieve(shop.id).delinquent is True
    invoice = shop.api.invoices.list({"subscription": made.id}).data[0]
    assert invoice.next_payment_attempt == MONTH + HOUR + 3 * DAY
    shop.pass_time(MONTH + 20 * DAY)
    assert shop.api.invoices.retrieve(invoice.id).attempt_count == 4
    assert state(shop, made) == status
    if status != "canceled":
        shop.card("visa")
        assert shop.api.invoices.pay(invoice.id).status == "paid"
        assert state(shop, made) == "active"


def test_a_new_card_is_charged_at_the_next_attempt(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.card("chargeCustomerFail")
    shop.pass_time(MONTH + HOUR)
    shop.card("visa")
    shop.pass_time(MONTH + HOUR + 3 * DAY)
    assert state(shop, made) == "active"


def test_a_declined_payment_stays_on_record(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.card("chargeCustomerFail")
    shop.pass_time(MONTH + HOUR)
    invoice = shop.api.invoices.list({"subscription": made.id}).data[0]
    with pytest.raises(stripe.CardError) as caught:
        shop.api.invoices.pay(invoice.id)
    assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
    assert shop.api.invoices.retrieve(invoice.id).attempt_count == 2


def test_a_renewal_that_asks_the_owner(shop, plans, visitor):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.card("threeDSecure2Required")
    shop.pass_time(MONTH + HOUR)
    assert state(shop, made) == "past_due"
    assert "invoice.payment_action_required" in events(shop.api, "invoice.*")
    invoice = shop.api.invoices.list({"subscription": made.id}).data[0]
    assert "Confirm the payment" in visitor.open(invoice.hosted_invoice_url)
    visitor.open(visitor.link("Confirm the payment"))
    visitor.send(outcome="complete")
    assert shop.api.invoices.retrieve(invoice.id).status == "paid"
    assert state(shop, made) == "active"


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("void", "void"), ("mark_uncollectible", "uncollectible"), ("keep_as_draft", "draft")],
)
def test_collection_can_pause(shop, plans, behavior, status):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    pause = {"behavior": behavior, "resumes_at": MONTH + 10 * DAY}
    shop.api.subscriptions.update(made.id, {"pause_collection": pause})
    shop.pass_time(MONTH + HOUR)
    assert shop.api.invoices.list({"subscription": made.id}).data[0].status == status
    shop.pass_time(MONTH + 10 * DAY)
    assert shop.api.subscriptions.retrieve(made.id).pause_collection is None


def test_discounts_last_as_long_as_their_coupon(shop, plans):
    shop.card("visa")
    coupon = shop.api.coupons.create(
        {"percent_off": 25, "duration": "repeating", "duration_in_months": 2, "max_redemptions": 1}
    )
    made = shop.subscribe(plans.starter, discounts=[{"coupon": coupon.id}])
    at = START
    for days in (31, 28, 31):
        at += days * DAY
        shop.pass_time(at + HOUR)
    paid = [invoice.amount_paid for invoice in shop.api.invoices.list({"subscription": made.id}).data]
    assert paid == [2900, 2900, 2175, 2175]
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        shop.subscribe(plans.starter, discounts=[{"coupon": coupon.id}])


def test_a_schedule_changes_the_price_with_the_period(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.growth)
    schedule = shop.api.subscription_schedules.create({"from_subscription": made.id})
    now = {"items": [{"price": plans.growth.id, "quantity": 1}], "start_date": START, "end_date": MONTH}
    later = {"items": [{"price": plans.starter.id, "quantity": 1}]}
    shop.api.subscription_schedules.update(schedule.id, {"phases": [now, later]})
    shop.pass_time(MONTH + HOUR)
    changed = shop.api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert changed["items"].data[0].price.id == plans.starter.id
    assert (changed.latest_invoice.amount_paid, changed.schedule) == (2900, None)


def test_clocks_go_forward_two_intervals_at_most(shop, plans):
    shop.card("visa")
    shop.subscribe(plans.starter)
    for wrong in (START - 1, START + 70 * DAY):
        with pytest.raises(stripe.InvalidRequestError):
            shop.pass_time(wrong)
    answer = shop.api.test_helpers.test_clocks.advance(shop.clock.id, {"frozen_time": START + DAY})
    assert answer.status == "advancing"
    shop.api.test_helpers.test_clocks.delete(shop.clock.id)
    assert shop.api.customers.retrieve(shop.id).deleted is True
    assert shop.api.subscriptions.list({"status": "all"}).data == []


def test_a_deleted_customer_takes_the_subscription_along(shop, plans):
    shop.card("visa")
    made = shop.subscribe(plans.starter)
    shop.api.customers.delete(shop.id)
    assert state(shop, made) == "canceled"
    assert "customer.deleted" in events(shop.api, "customer.deleted")
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        shop.subscribe(plans.starter)


def test_prices_have_currencies(shop, plans, api):
    price = api.prices.create(
        {
            "product": plans.starter.product,
            "currency": "eur",
            "unit_amount": 2900,
            "recurring": {"interval": "month"},
            "currency_options": {"sek": {"unit_amount": 33000}, "brl": {"unit_amount": 16900}},
        }
    )
    assert (
        api.prices.retrieve(price.id, {"expand": ["currency_options"]}).currency_options["sek"].unit_amount
        == 33000
    )
    shop.card("visa")
    made = shop.subscribe(price, currency="sek", expand=["latest_invoice"])
    assert (made.currency, made.latest_invoice.amount_paid) == ("sek", 33000)
    with pytest.raises(stripe.InvalidRequestError):
        shop.subscribe(plans.starter)  # the customer pays in kronor
