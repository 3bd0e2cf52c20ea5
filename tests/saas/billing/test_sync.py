"""The copy of a subscription: real objects of the stand-in, every order of the events, each with one effect."""

from __future__ import annotations

import datetime as dt
import itertools
import random

import pytest
from sqlalchemy import select

from saas.billing import catalogue, copies, customers, events, mails, trials
from saas.billing.gateway import Snapshot
from saas.billing.models import BillingEvent, BillingNotice, Invoice, Subscription
from saas.billing.standing import standing
from saas.billing.stripe_copy import Copy
from saas.billing.sync import choose, outcome, plan_of
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.web.clock import utcnow

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
START = 1_767_225_600  # 1 January 2026
DAY = 86400


@pytest.fixture(scope="module")
def history(own_stripe):
    """Six events of one subscription with what Stripe had at each: begun, a renewal that failed, tried again, paid,
    refunded, ended. Recorded once, on a test clock."""
    if own_stripe is None:
        pytest.skip("test clocks of Stripe's own take minutes")
    from saas.billing.gateway import Gateway
    from saas.config import Billing

    stripe = Gateway(Billing("demo", "sk_test_demo", own_stripe.url))
    clock = stripe.ask(lambda api: api.test_helpers.test_clocks.create, {"frozen_time": START})["id"]
    customer = stripe.ask(lambda api: api.customers.create, {"email": "a@b.example", "test_clock": clock})[
        "id"
    ]

    def card(name):
        method = stripe.ask(lambda api: api.payment_methods.attach, f"pm_card_{name}", {"customer": customer})
        settings = {"invoice_settings": {"default_payment_method": method["id"]}}
        stripe.ask(lambda api: api.customers.update, customer, settings)

    def pass_time(to):
        stripe.ask(lambda api: api.test_helpers.test_clocks.advance, clock, {"frozen_time": to})

    card("visa")
    price = catalogue.price_id(stripe, "starter_month_eur")
    steps = []

    def seen(kind):
        steps.append((kind, stripe.snapshot(customer)))

    made = stripe.ask(
        lambda api: api.subscriptions.create, {"customer": customer, "items": [{"price": price}]}
    )
    seen("customer.subscription.created")
    card("chargeCustomerFail")
    pass_time(START + 31 * DAY + 7200)
    seen("invoice.payment_failed")
    card("visa")
    invoice = stripe.snapshot(customer).invoices[0]["id"]
    stripe.ask(lambda api: api.invoices.pay, invoice)
    seen("invoice.paid")
    stripe.ask(lambda api: api.subscriptions.update, made["id"], {"cancel_at_period_end": True})
    seen("customer.subscription.updated")
    charge = next(one for one in stripe.snapshot(customer).charges if one["paid"])
    stripe.ask(lambda api: api.refunds.create, {"charge": charge["id"]})
    seen("charge.refunded")
    pass_time(START + 62 * DAY)
    seen("customer.subscription.deleted")
    return customer, steps


def test_all_orders_of_six_events_end_in_the_same_row_with_one_effect_each(history):
    """720 orders, each event delivered one to three times. Stripe is asked at each delivery, and has by then gone as
    far as the latest of the delivered events; in half of the orders as far as it will ever go."""
    _customer, steps = history
    assert len(steps) == 6
    finals, effects = set(), set()
    for number, order in enumerate(itertools.permutations(range(6))):
        rand = random.Random(number)
        deliveries = [step for step in order for _again in range(rand.randint(1, 3))]
        if number % 3 == 0:
            rand.shuffle(deliveries)
        world = 5 if number % 2 else 0
        row, sent = Copy(), []
        for step in deliveries:
            world = max(world, step)
            result = outcome(row, steps[world][1], sent, NOW)
            row = result.copy
            sent += [notice.key for notice in result.notices]
            again = outcome(row, steps[world][1], sent, NOW)
            assert (again.copy, again.notices) == (row, ())
        assert len(sent) == len(set(sent))
        finals.add((repr(row), repr(result.invoices), standing(row, NOW)))
        effects.add(frozenset(key.partition(":")[0] for key in sent))
    ((row, _invoices, stands),) = finals
    assert stands.state == "cancelled"
    assert stands.plan == "free"
    assert "paid_plan='starter'" in row
    assert all("cancelled" in kinds for kinds in effects)


def test_the_steps_of_the_history_one_by_one(history):
    _customer, steps = history
    told: list[str] = []
    seen = []
    for kind, snapshot in steps:
        now = dt.datetime.fromtimestamp(START + (63 if "deleted" in kind else 32) * DAY, dt.UTC)
        result = outcome(Copy(), snapshot, told, now)
        told += [notice.key for notice in result.notices]
        seen.append((result.standing.state, sorted(notice.kind for notice in result.notices)))
    assert seen == [
        ("active", []),
        ("past_due", ["payment_failed"]),
        ("active", ["restored"]),
        ("cancelling", ["cancelling"]),
        ("cancelling", []),
        ("cancelled", ["cancelled"]),
    ]
    assert [row["refunded_minor"] for row in result.invoices] == [1900, 0]


@pytest.fixture
def posted(monkeypatch):
    """The mails about money, as they would be sent."""
    found: list[tuple[str, str, str]] = []
    monkeypatch.setattr(mails, "post", lambda *letter: found.append(letter))
    return found


@pytest.fixture
def shop(app, bakery, stripe_side):
    """The bakery as the history's customer."""
    with app.app_context():
        with transaction(PLATFORM):
            customers.row(bakery.id, NOW)
        yield bakery


def rows(merchant_id):
    with transaction(PLATFORM):
        row = db.session.get(Subscription, merchant_id)
        notes = db.session.scalars(
            select(BillingNotice.key).where(BillingNotice.merchant_id == merchant_id)
        ).all()
        invoices = db.session.scalars(select(Invoice).where(Invoice.merchant_id == merchant_id)).all()
        merchant = db.session.get(Merchant, merchant_id)
    return row, sorted(notes), invoices, merchant


def test_the_copy_is_written_with_its_mails_and_invoices(shop, history, posted):
    customer, steps = history
    customers.adopt(shop.id, None, customer, NOW)
    for _again in range(2):
        copies.sync(shop.id, customer, lambda _id: steps[1][1], NOW)
    row, notes, invoices, merchant = rows(shop.id)
    assert (row.state, row.plan, row.sync_version) == ("restricted", "starter", 2)
    assert (merchant.billing_state, merchant.plan) == ("restricted", "starter")
    assert [note.partition(":")[0] for note in notes] == ["restricted"]
    assert len(invoices) == 2
    assert [to for to, _subject, _body in posted] == [f"owner@{shop.slug}.example"]
    assert "members’ cards" in posted[0][2]
    assert "/console/" in posted[0][2]
    copies.sync(shop.id, customer, lambda _id: steps[2][1], NOW)
    row, notes, _invoices, merchant = rows(shop.id)
    assert (row.state, merchant.billing_state) == ("active", "active")
    assert [note.partition(":")[0] for note in notes] == ["restored", "restricted"]


def test_a_slow_answer_never_undoes_a_newer_one(shop, history):
    """While one job waits for Stripe, another one writes what is newer; the first asks again."""
    customer, steps = history
    asked = []

    def slow(_id):
        asked.append(1)
        if len(asked) == 1:
            copies.sync(shop.id, customer, lambda _id: steps[5][1], NOW)
            return steps[0][1]
        return steps[5][1]

    copies.sync(shop.id, customer, slow, NOW)
    row, _notes, _invoices, _merchant = rows(shop.id)
    assert (len(asked), row.state, row.sync_version) == (2, "cancelled", 2)


def test_a_copy_that_is_always_overtaken_is_tried_again_by_its_job(shop, history):
    customer, steps = history

    def overtaken(_id):
        copies.sync(shop.id, customer, lambda _id: steps[5][1], NOW)
        return steps[0][1]

    with pytest.raises(copies.OvertakenError):
        copies.sync(shop.id, customer, overtaken, NOW)


def test_a_deleted_customer_leaves_the_free_plan(history):
    _customer, steps = history
    before = outcome(Copy(), steps[0][1], (), NOW).copy
    gone = outcome(before, Snapshot({"id": "cus_1", "deleted": True}), (), NOW)
    assert (gone.standing.state, gone.standing.plan, gone.copy.ended_at) == ("cancelled", "free", NOW)
    later = outcome(gone.copy, Snapshot({"id": "cus_1", "deleted": True}), (), NOW + dt.timedelta(days=1))
    assert later.copy == gone.copy
    never = outcome(Copy(trial_ends_at=NOW + dt.timedelta(days=1)), Snapshot({"deleted": True}), (), NOW)
    assert never.standing.state == "trial"


def changed(snapshot, **values):
    one = snapshot.subscriptions[0]
    return Snapshot(snapshot.customer, [{**one, **values}], snapshot.invoices, snapshot.charges)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "active"),
        ({"status": "unpaid"}, "restricted"),
        ({"status": "incomplete"}, "incomplete"),
        ({"status": "incomplete_expired"}, "free"),
        ({"status": "paused"}, "paused"),
        ({"pause_collection": {"behavior": "void", "resumes_at": None}}, "paused"),
        ({"cancel_at_period_end": True}, "cancelling"),
        ({"status": "trialing"}, "trial"),
        ({"status": "canceled", "ended_at": START}, "cancelled"),
    ],
)
def test_what_stripe_says_and_what_it_amounts_to(history, values, state):
    assert outcome(Copy(), changed(history[1][0][1], **values), (), NOW).standing.state == state


def test_nobody_is_thanked_while_something_is_still_owed(history):
    """The older of two invoices is paid, the plan is not back: the thanks wait for it."""
    paid = history[1][2][1]
    told = {f"failed:{paid.invoices[0]['id']}:1"}
    for status, kinds in (("unpaid", ["restricted"]), ("active", ["restored"])):
        result = outcome(Copy(), changed(paid, status=status), told, NOW)
        assert [notice.kind for notice in result.notices] == kinds


def test_a_price_of_the_dashboard_keeps_the_plan_and_tells_the_operator(history):
    snapshot = history[1][0][1]
    item = snapshot.subscriptions[0]["items"]["data"][0]
    price = {**item["price"], "id": "price_x", "lookup_key": None, "metadata": {}}
    odd = changed(snapshot, items={"data": [{**item, "price": price}]})
    result = outcome(Copy(plan="growth"), odd, (), NOW)
    assert (result.standing.state, result.standing.plan) == ("active", "growth")
    assert "price_x" in result.copy.notice


def test_two_subscriptions_at_once_are_told_to_the_operator(history):
    snapshot = history[1][0][1]
    one = snapshot.subscriptions[0]
    both = Snapshot(snapshot.customer, [one, {**one, "id": "sub_2", "created": one["created"] + 1}])
    result = outcome(Copy(), both, (), NOW)
    assert result.copy.stripe_subscription_id == "sub_2"
    assert "sub_2" in result.copy.notice


def test_one_that_runs_goes_before_a_younger_one_that_was_never_paid(history):
    one = history[1][0][1].subscriptions[0]
    tried = {**one, "id": "sub_2", "created": one["created"] + 1, "status": "incomplete"}
    assert choose([one, tried]) == choose([tried, one]) == one


@pytest.mark.parametrize(
    ("word", "key", "plan"),
    [
        ("growth", None, "growth"),  # an older price, whose key a newer one has now
        ("growth", "starter_month_eur", "growth"),
        (None, "starter_month_eur", "starter"),
        ("gold", "starter_month_eur", "starter"),
        (None, "gold_month_eur", None),
        (None, None, None),
    ],
)
def test_whose_price_it_is(word, key, plan):
    assert plan_of({"metadata": {"plan": word} if word else {}, "lookup_key": key}) == plan


def test_an_invoice_that_is_still_written_is_not_shown(history):
    snapshot = history[1][0][1]
    (invoice,) = snapshot.invoices
    draft = {**invoice, "id": "in_2", "status": "draft"}
    both = Snapshot(snapshot.customer, snapshot.subscriptions, [draft, invoice], snapshot.charges)
    assert [row["id"] for row in outcome(Copy(), both, (), NOW).invoices] == [invoice["id"]]


def test_the_grace_begins_with_the_oldest_invoice_that_waits(history):
    failed = history[1][1][1]
    (invoice,) = [one for one in failed.invoices if one["status"] == "open"]
    younger = {**invoice, "id": "in_2", "created": invoice["created"] + 5 * DAY}
    both = Snapshot(failed.customer, failed.subscriptions, [younger, *failed.invoices], failed.charges)
    copy = outcome(Copy(), both, (), NOW).copy
    assert copy.past_due_since == dt.datetime.fromtimestamp(invoice["created"], dt.UTC)


@pytest.mark.parametrize(
    ("first", "last", "state"), [(0, 1900, "refunded"), (0, 1899, "active"), (1900, 0, "active")]
)
def test_only_the_last_payment_paid_back_in_full_is_a_refunded_plan(history, first, last, state):
    paid = history[1][2][1]
    charges = sorted((one for one in paid.charges if one["paid"]), key=lambda one: one["created"])
    assert [one["amount"] for one in charges] == [1900, 1900]
    back = [{**one, "amount_refunded": amount} for one, amount in zip(charges, (first, last), strict=True)]
    result = outcome(Copy(), Snapshot(paid.customer, paid.subscriptions, paid.invoices, back), ("x",), NOW)
    assert result.standing.state == state


def test_an_open_dispute_and_a_lost_one(history):
    snapshot = history[1][0][1]
    charge = snapshot.charges[0]

    def with_dispute(status):
        dispute = {"charge": charge["id"], "status": status, "amount": charge["amount"]}
        return Snapshot(snapshot.customer, snapshot.subscriptions, snapshot.invoices, [charge], [], [dispute])

    states = [
        outcome(Copy(), with_dispute(status), (), NOW).standing.state for status in ("under_review", "won")
    ]
    assert states == ["disputed", "active"]
    assert outcome(Copy(), with_dispute("lost"), (), NOW).standing.state == "refunded"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Ann@Shop.example", "ann@shop.example", True),
        ("ann+till@shop.example", "ann@shop.example", True),
        ("a.n.n@gmail.com", "ann@googlemail.com", True),
        ("a.nn@shop.example", "ann@shop.example", False),
        ("ann@shop.example", "ann@other.example", False),
    ],
)
def test_what_is_one_business(one, other, is_same):
    assert (trials.business_key(one) == trials.business_key(other)) is is_same


def test_an_event_before_its_customer_is_known_waits_for_the_customer(shop, history, stripe_side, app):
    """The event is ignored with its reason; once the shop is that customer, the next copy settles it."""
    now = utcnow()
    customer = stripe_side.ask(lambda api: api.customers.create, {"email": "x@y.example"})["id"]
    event = {
        "id": f"evt_{customer}",
        "type": "customer.updated",
        "created": START,
        "data": {"object": {"object": "customer", "id": customer}},
    }
    with transaction(PLATFORM):
        assert events.store(event, now)
        assert not events.store(event, now)
    events.process(event["id"])
    with transaction(PLATFORM):
        kept = db.session.get(BillingEvent, event["id"])
    assert (kept.state, kept.error) == ("ignored", f"customer {customer} belongs to no shop")
    customers.adopt(shop.id, None, customer, now)
    copies.sync(shop.id, customer, stripe_side.snapshot, utcnow())
    with transaction(PLATFORM):
        kept = db.session.get(BillingEvent, event["id"])
    assert (kept.state, kept.merchant_id) == ("done", shop.id)


def test_a_customer_of_the_dashboard_is_adopted_by_its_metadata(shop, stripe_side):
    made = {"email": "x@y.example", "metadata": {"slug": shop.slug}}
    customer = stripe_side.ask(lambda api: api.customers.create, made)["id"]
    other = stripe_side.ask(lambda api: api.customers.create, made)["id"]
    assert events.owner(stripe_side, customer) == shop.id
    assert events.owner(stripe_side, customer) == shop.id
    assert events.owner(stripe_side, other) is None
    assert events.owner(stripe_side, "cus_nobody") is None
