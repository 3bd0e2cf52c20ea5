"""Previews: what an invoice would say, found by doing the thing and taking it back."""

from __future__ import annotations

from typing import Any

from . import invoices, renewals, subscription_changes
from .calls import Call, answers
from .faults import Fault
from .invoices import PATH
from .rendering import render
from .store import Obj, Store
from .subscription_start import Terms, start
from .subscriptions import trial_end

DETAILS = (
    "items[id price quantity deleted metadata] proration_behavior proration_date cancel_at_period_end cancel_at"
    " trial_end"
)


@answers(
    "post",
    PATH + "/create_preview",
    f"customer subscription currency automatic_tax[enabled] preview_mode"
    f" discounts[coupon promotion_code discount] subscription_details[{DETAILS}]",
)
def create_preview(call: Call) -> Obj:
    """Nothing stays: no invoice, no event, no change."""
    store, given = call.store, call.params
    details = dict(given.get("subscription_details", {}))
    for name in ("discounts", "automatic_tax"):
        if name in given:
            details[name] = given[name]
    if given.get("preview_mode", "next") != "next":
        raise Fault("The local stand-in previews the next invoice only.", status=501, code="not_modelled")
    with store.savepoint(keep=False):
        if given.get("subscription"):
            invoice = _of_subscription(store, given["subscription"], details)
        else:
            invoice = _of_start(store, given, details)
        answer = render(store, invoice)
    return {**answer, "id": "upcoming_" + answer["id"], "number": None, "status": "draft"}


def preview(store: Store, subscription_id: str, details: dict[str, Any]) -> Obj:
    """The invoice that a change would make: at once, or the next one."""
    with store.savepoint(keep=False):
        return render(store, _of_subscription(store, subscription_id, details))


def _of_subscription(store: Store, id_: str, details: dict[str, Any]) -> Obj:
    subscription = store.live("subscription", id_, "subscription")
    customer = store.need("customer", subscription["customer"])
    invoice = subscription_changes.apply(store, subscription, details, collect=False) if details else None
    if invoice:
        return invoice
    start_at, end = renewals.next_period(subscription)
    ends_at = subscription["cancel_at"]
    if subscription["status"] not in ("active", "trialing", "past_due") or (ends_at and ends_at <= start_at):
        raise Fault(
            f"No upcoming invoices for customer: '{customer['id']}'", status=404, code="invoice_upcoming_none"
        )
    lines = renewals.lines(store, subscription, start_at, end)
    upcoming = invoices.build(store, customer, subscription, "upcoming", lines, (start_at, start_at))
    upcoming["created"] = start_at
    return upcoming


def _of_start(store: Store, given: dict[str, Any], details: dict[str, Any]) -> Obj:
    if not given.get("customer"):
        raise Fault(
            "You must specify `customer` or `subscription`.", code="parameter_missing", param="customer"
        )
    customer = store.live("customer", given["customer"], "customer")
    terms = Terms(
        items=details.get("items", []),
        currency=given.get("currency"),
        trial_end=trial_end(details, store.now(customer["_clock"])),
        discounts=given.get("discounts") or [],
        automatic_tax=given.get("automatic_tax", {}).get("enabled", False),
        collect=False,
    )
    subscription = start(store, customer, terms)
    return store.need("invoice", subscription["latest_invoice"])
