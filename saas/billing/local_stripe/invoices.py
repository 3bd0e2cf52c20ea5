"""Invoices: built as drafts, finalized, listed; what is paid is told in collection."""

from __future__ import annotations

from typing import Any

from . import discounts, invoice_items, tax_ids
from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .rendering import listed
from .store import Obj, Store

PATH = "/v1/invoices"
ISSUER: Obj = {"account": None, "type": "self"}


def build(
    store: Store,
    customer: Obj,
    subscription: Obj | None,
    reason: str,
    lines: list[Obj],
    period: tuple[int, int],
) -> Obj:
    """A draft with these lines and whatever waited for the next invoice, discounts taken off."""
    now = store.now(customer["_clock"])
    currency = subscription["currency"] if subscription else customer["currency"] or "usd"
    lines = invoice_items.take_pending(store, customer, subscription, currency) + lines
    running = discounts.running(store, subscription, now) if subscription else []
    id_ = store.new_id("in")
    invoice: Obj = {
        "id": id_,
        "object": "invoice",
        "account_country": "SE",
        "account_name": "Regulars",
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": automatic_tax(
            bool(subscription and subscription["automatic_tax"]["enabled"]), customer
        ),
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": tax_ids.shown(store, customer["id"]),
        "default_tax_rates": [],
        "description": None,
        "discounts": [discount["id"] for discount in running],
        "issuer": ISSUER,
        "lines": listed([{**line, "invoice": id_} for line in lines], f"{PATH}/{id_}/lines"),
        "livemode": False,
        "metadata": {},
        "parent": _parent(subscription),
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": period[1],
        "period_start": period[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "draft",
        "status_transitions": dict.fromkeys(
            ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
        ),
        "test_clock": customer["_clock"],
        "_clock": customer["_clock"],
        "_token": store.new_id("live", 32),
    }
    _sum_up(store, invoice, running)
    store.add(invoice)
    for line in lines:
        details = line["parent"]["invoice_item_details"]
        if details:
            store.need("invoiceitem", details["invoice_item"])["invoice"] = id_
    if subscription:
        subscription["latest_invoice"] = id_
        discounts.used_once(store, subscription)
    return invoice


def _sum_up(store: Store, invoice: Obj, running: list[Obj]) -> None:
    lines = invoice["lines"]["data"]
    subtotal = sum(line["amount"] for line in lines)
    taken = [
        {
            "amount": discounts.take_off(store, discount, lines, invoice["currency"]),
            "discount": discount["id"],
        }
        for discount in running
    ]
    total = subtotal - sum(part["amount"] for part in taken)
    invoice |= {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_excluding_tax": total,
        "total_discount_amounts": taken,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }
    expect(invoice, store.need("customer", invoice["customer"])["balance"])


def expect(invoice: Obj, balance: int) -> None:
    """What is to be paid once the customer's credit is used, or their debt added."""
    due = max(0, invoice["total"] + balance) if invoice["total"] >= 0 else 0
    invoice |= {"amount_due": due, "amount_remaining": due, "starting_balance": balance}


def automatic_tax(enabled: bool, customer: Obj) -> Obj:
    """Without a registration Stripe collects nothing; without an address it can't even tell."""
    has_place = bool((customer["address"] or {}).get("country"))
    status = ("complete" if has_place else "requires_location_inputs") if enabled else None
    return {
        "disabled_reason": None,
        "enabled": enabled,
        "liability": ISSUER if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": status,
    }


def _parent(subscription: Obj | None) -> Obj | None:
    if subscription is None:
        return None
    details: dict[str, Any] = {
        "metadata": subscription["metadata"],
        "subscription": subscription["id"],
        "subscription_proration_date": None,
    }
    return {"type": "subscription_details", "quote_details": None, "subscription_details": details}


def subscription_of(store: Store, invoice: Obj) -> Obj | None:
    return store.get(invoice["parent"]["subscription_details"]["subscription"]) if invoice["parent"] else None


@answers("get", PATH, f"{PAGING} customer status subscription collection_method")
def index(call: Call) -> Obj:
    rows = call.store.select("invoice", customer=call.get("customer"), subscription=call.get("subscription"))
    for name in ("status", "collection_method"):
        rows = [row for row in rows if call.get(name) in (None, row[name])]
    return call.page(rows)


@answers("post", PATH + "/{invoice}", "metadata description auto_advance footer")
def update(call: Call) -> Obj:
    invoice = call.store.live("invoice", call.id)
    with changing(call.store, invoice, "invoice.updated"):
        for name in ("description", "auto_advance", "footer"):
            if name in call.params:
                invoice[name] = call.params[name]
        metadata(invoice, call.get("metadata"))
    return invoice


@answers("get", PATH + "/{invoice}/lines", PAGING)
def lines_of(call: Call) -> Obj:
    lines = call.store.live("invoice", call.id)["lines"]["data"]
    return call.page([{**line, "created": 0} for line in lines]) | {"data": lines[: call.get("limit", 10)]}


def created(store: Store, invoice: Obj) -> Obj:
    emit(store, "invoice.created", invoice)
    return invoice


retrievable("invoice", PATH + "/{invoice}")
