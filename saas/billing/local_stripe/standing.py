"""The standing of a subscription: what a paid or unpaid invoice does to it."""

from __future__ import annotations

from . import subscription_end
from .events import changing
from .invoices import subscription_of
from .store import Obj, Store

# What Stripe does when all attempts failed: an account's setting (Billing, Revenue recovery).
AFTER_RETRIES = ("cancel", "unpaid", "past_due")


def paid(store: Store, invoice: Obj) -> None:
    """The first invoice begins the subscription, the latest one makes it active again."""
    subscription = subscription_of(store, invoice)
    customer = store.need("customer", invoice["customer"])
    if customer["delinquent"] and invoice["amount_due"]:
        with changing(store, customer, "customer.updated"):
            customer["delinquent"] = False
    if subscription is None or subscription["latest_invoice"] != invoice["id"]:
        return
    if subscription["status"] in ("incomplete", "past_due", "unpaid", "paused") and not _in_trial(
        subscription
    ):
        with changing(store, subscription, "customer.subscription.updated"):
            subscription["status"] = "active"
            subscription["_due"] = subscription_end.next_due(subscription)


def unpaid(store: Store, invoice: Obj, *, is_last: bool) -> None:
    """After the last attempt the account's setting decides."""
    subscription = subscription_of(store, invoice)
    customer = store.need("customer", invoice["customer"])
    if not customer["delinquent"]:
        with changing(store, customer, "customer.updated"):
            customer["delinquent"] = True
    if subscription is None or subscription["status"] not in ("active", "trialing", "past_due"):
        return
    with changing(store, subscription, "customer.subscription.updated"):
        subscription["status"] = "past_due"
    if not is_last:
        return
    action = store.setting("after_retries", "cancel")
    if action == "cancel":
        subscription_end.cancel_now(store, subscription, "payment_failed")
    elif action == "unpaid":
        with changing(store, subscription, "customer.subscription.updated"):
            subscription["status"] = "unpaid"


def _in_trial(subscription: Obj) -> bool:
    return bool(subscription["status"] == "trialing")
