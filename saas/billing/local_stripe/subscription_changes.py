"""Changing a running subscription: another price, the trial, cancelling later, pausing; prorated as asked."""

from __future__ import annotations

from typing import Any

from . import collection, discounts, invoices, repricing, subscription_end
from .calls import metadata
from .events import changing
from .faults import Fault, NotModelled
from .store import Obj, Store
from .subscription_start import refuse


def apply(store: Store, subscription: Obj, given: dict[str, Any], *, collect: bool = True) -> Obj | None:
    """Carry out an update; answers the invoice that it makes at once, if it makes one (unpaid without `collect`)."""
    is_over = subscription["status"] in subscription_end.OVER
    if is_over and set(given) - {"metadata", "cancellation_details", "expand"}:
        raise Fault(
            "A canceled subscription can only update its cancellation_details and metadata.",
            param="subscription",
        )
    customer = store.need("customer", subscription["customer"])
    invoice: Obj | None = None
    authenticated = given.get("_authenticated", False)
    with changing(store, subscription, "customer.subscription.updated"):
        _plain(store, subscription, given)
        metadata(subscription, given.get("metadata"))
        if "discounts" in given:
            _discount(store, subscription, given["discounts"] or [])
        if "trial_end" in given or given.get("items"):
            invoice = repricing.reprice(store, customer, subscription, given)
        _ending(subscription, given, store.now(subscription["_clock"]))
        subscription["_due"] = subscription_end.next_due(subscription)
    if invoice and collect:
        _collect(store, invoice, given.get("payment_behavior", "allow_incomplete"), authenticated)
    return invoice


def _collect(store: Store, invoice: Obj, behavior: str, authenticated: bool) -> None:
    if behavior == "pending_if_incomplete":
        raise NotModelled("payment_behavior=pending_if_incomplete")
    invoices.created(store, invoice)
    collection.finalize(store, invoice)
    if invoice["status"] != "open":
        return
    method = collection.default_method(store, invoice)
    outcome = collection.collect(store, invoice, method, authenticated=authenticated)
    if outcome != "succeeded" and behavior == "error_if_incomplete":
        if method is None:
            raise Fault(
                "This customer has no attached payment source or default payment method.",
                code="resource_missing",
            )
        refuse(outcome, method)


def _plain(store: Store, subscription: Obj, given: dict[str, Any]) -> None:
    if given.get("default_payment_method"):
        method = store.live("payment_method", given["default_payment_method"], "default_payment_method")
        if method["customer"] != subscription["customer"]:
            raise Fault(
                "The customer does not have a payment method with the ID " + method["id"],
                param="default_payment_method",
            )
    for name in ("default_payment_method", "description"):
        if name in given:
            subscription[name] = given[name] or None
    if "automatic_tax" in given:
        enabled = given["automatic_tax"]["enabled"]
        liability = invoices.ISSUER if enabled else None
        subscription["automatic_tax"] = {"disabled_reason": None, "enabled": enabled, "liability": liability}
    if "trial_settings" in given:
        ending = given["trial_settings"]["end_behavior"]
        subscription["trial_settings"] = {"end_behavior": {"billing_cycle_anchor": None, **ending}}
    if "cancellation_details" in given:
        said = {name: value or None for name, value in given["cancellation_details"].items()}
        subscription["cancellation_details"] = {**subscription["cancellation_details"], **said}
    if "pause_collection" in given:
        pause = given["pause_collection"]
        subscription["pause_collection"] = {"resumes_at": None, **pause} if pause else None


def _ending(subscription: Obj, given: dict[str, Any], now: int) -> None:
    """Cancelling later, and taking that back. When the period changes, its end moves along."""
    if "cancel_at_period_end" in given and given.get("cancel_at"):
        raise Fault("You cannot set both cancel_at and cancel_at_period_end.", param="cancel_at")
    wanted: bool | None = given.get("cancel_at_period_end")
    at = given.get("cancel_at")
    if isinstance(at, str) and at:
        at = subscription_end.period_of(subscription)[1]
    if wanted or (wanted is None and subscription["cancel_at_period_end"] and "cancel_at" not in given):
        at, wanted = subscription_end.period_of(subscription)[1], True
    elif "cancel_at_period_end" not in given and "cancel_at" not in given:
        return
    details = {**subscription["cancellation_details"], "reason": "cancellation_requested" if at else None}
    subscription |= {
        "cancel_at_period_end": bool(wanted),
        "cancel_at": at or None,
        "canceled_at": (subscription["canceled_at"] or now) if at else None,
        "cancellation_details": details,
    }


def _discount(store: Store, subscription: Obj, wanted: list[dict[str, Any]]) -> None:
    kept = [one["discount"] for one in wanted if "discount" in one]
    for id_ in list(subscription["discounts"]):
        if id_ not in kept:
            discounts.end(store, subscription, store.need("discount", id_))
    for one in wanted:
        if "discount" not in one:
            made = discounts.redeem(store, one, subscription["customer"], subscription)
            subscription["discounts"] = [*subscription["discounts"], made["id"]]
