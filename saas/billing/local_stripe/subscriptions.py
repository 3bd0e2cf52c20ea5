"""Subscriptions over the API: created, changed, cancelled, resumed, listed."""

from __future__ import annotations

from typing import Any

from . import (
    collection,
    invoice_items,
    invoices,
    payment_methods,
    repricing,
    subscription_changes,
    subscription_end,
)
from .calls import PAGING, Call, answers, retrievable
from .events import changing, emit
from .faults import Fault, NotModelled
from .periods import DAY
from .store import Obj
from .subscription_start import Terms, start

PATH = "/v1/subscriptions"
ONE = PATH + "/{subscription_exposed_id}"
CHANGES = (
    "metadata description default_payment_method automatic_tax[enabled] payment_behavior proration_behavior off_session"
    " trial_end trial_settings[end_behavior[missing_payment_method]] cancel_at cancel_at_period_end"
    " discounts[coupon promotion_code discount]"
    " payment_settings[save_default_payment_method]"
)


@answers(
    "post",
    PATH,
    f"customer currency trial_period_days collection_method billing_mode items[price quantity metadata] {CHANGES}",
)
def create(call: Call) -> Obj:
    given, store = call.params, call.store
    if not given.get("customer"):
        raise Fault("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = store.live("customer", given["customer"], "customer")
    only_automatic(given)
    method = given.get("default_payment_method")
    if method:
        payment_methods.find(store, method, "default_payment_method")
    now = store.now(customer["_clock"])
    subscription = start(
        store,
        customer,
        Terms(
            items=given.get("items", []),
            currency=given.get("currency"),
            trial_end=trial_end(given, now),
            on_missing_card=missing_card(given),
            method=method,
            metadata=given.get("metadata") or {},
            discounts=given.get("discounts") or [],
            description=given.get("description"),
            automatic_tax=given.get("automatic_tax", {}).get("enabled", False),
            behavior=given.get("payment_behavior", "allow_incomplete"),
            save_card=given.get("payment_settings", {}).get("save_default_payment_method"),
        ),
    )
    later: dict[str, Any] = {
        name: given[name] for name in ("cancel_at", "cancel_at_period_end") if name in given
    }
    if later:
        subscription_changes.apply(store, subscription, later)
    return subscription


def only_automatic(given: dict[str, Any]) -> None:
    if given.get("collection_method", "charge_automatically") != "charge_automatically":
        raise NotModelled("collection_method=send_invoice")
    if given.get("billing_mode", {}).get("type", "flexible") != "flexible":
        raise NotModelled("billing_mode[type]=classic")


def trial_end(given: dict[str, Any], now: int) -> int | None:
    if "trial_end" in given and "trial_period_days" in given:
        raise Fault("You cannot set both trial_end and trial_period_days.", param="trial_end")
    if given.get("trial_period_days"):
        return now + int(given["trial_period_days"]) * DAY
    end = given.get("trial_end")
    if isinstance(end, int) and end <= now:
        raise Fault("Invalid timestamp: must be an integer Unix timestamp in the future.", param="trial_end")
    return end if isinstance(end, int) else None


def missing_card(given: dict[str, Any]) -> str:
    ending: dict[str, str] = given.get("trial_settings", {}).get("end_behavior", {})
    return ending.get("missing_payment_method", "create_invoice")


@answers(
    "post",
    ONE,
    f"{CHANGES} items[price quantity metadata id deleted] proration_date cancellation_details pause_collection",
)
def update(call: Call) -> Obj:
    subscription = call.store.live("subscription", call.id)
    subscription_changes.apply(call.store, subscription, call.params)
    return subscription


@answers("delete", ONE, "cancellation_details invoice_now prorate")
def cancel(call: Call) -> Obj:
    store, subscription = call.store, call.store.live("subscription", call.id)
    details = call.get("cancellation_details")
    subscription_end.cancel_now(store, subscription, "cancellation_requested", details)
    customer = store.need("customer", subscription["customer"])
    if call.get("prorate"):
        for item in subscription["items"]["data"]:
            invoice_items.prorate(
                store, customer, subscription, item, store.now(customer["_clock"]), credit=True
            )
    if call.get("invoice_now"):
        now = store.now(customer["_clock"])
        invoice = invoices.build(store, customer, subscription, "subscription_update", [], (now, now))
        if invoice["lines"]["data"]:
            invoices.created(store, invoice)
            collection.finalize(store, invoice)
            if invoice["status"] == "open":
                collection.collect(store, invoice)
        else:
            store.remove(invoice["id"])
    return subscription


@answers("post", PATH + "/{subscription}/resume", "billing_cycle_anchor proration_behavior payment_behavior")
def resume(call: Call) -> Obj:
    """From paused to active: a new period from now, and its invoice has to be paid for that."""
    store, subscription = call.store, call.store.live("subscription", call.id)
    if subscription["status"] != "paused":
        raise Fault("You can only resume paused subscriptions.")
    customer = store.need("customer", subscription["customer"])
    now = store.now(subscription["_clock"])
    with changing(store, subscription, "customer.subscription.updated"):
        lines = repricing.restart(store, subscription, now)
        invoice = invoices.build(store, customer, subscription, "subscription_update", lines, (now, now))
    invoices.created(store, invoice)
    collection.finalize(store, invoice)
    if invoice["status"] == "open":
        collection.collect(store, invoice)
    if subscription["status"] == "active":
        emit(store, "customer.subscription.resumed", subscription)
    subscription["_due"] = subscription_end.next_due(subscription)
    return subscription


@answers("get", PATH, f"{PAGING} customer status price test_clock collection_method")
def index(call: Call) -> Obj:
    rows = call.store.select("subscription", customer=call.get("customer"))
    status = call.get("status")
    if status is None:
        rows = [row for row in rows if row["status"] not in subscription_end.OVER]
    elif status == "ended":
        rows = [row for row in rows if row["status"] in subscription_end.OVER]
    elif status != "all":
        rows = [row for row in rows if row["status"] == status]
    if "price" in call.params:
        rows = [
            row for row in rows if any(i["price"]["id"] == call.params["price"] for i in row["items"]["data"])
        ]
    if "test_clock" in call.params:
        rows = [row for row in rows if row["test_clock"] == call.params["test_clock"]]
    return call.page(rows)


retrievable("subscription", ONE)
