"""Collecting invoices: finalized, charged, tried again, forgiven or void."""

from __future__ import annotations

from typing import Literal

from . import balances, payments, standing
from .events import emit
from .faults import Fault
from .happenings import happens
from .invoices import expect, subscription_of
from .periods import DAY
from .store import Obj, Store

RETRY_DAYS = (3, 5, 7)
Outcome = Literal["succeeded", "requires_action", "failed", "no_card"]


def finalize(store: Store, invoice: Obj) -> Obj:
    """A draft becomes a claim: it gets its number, the customer's credit is used, and a payment waits for a card."""
    if invoice["status"] != "draft":
        raise Fault(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )
    customer = store.need("customer", invoice["customer"])
    now = store.now(invoice["_clock"])
    expect(invoice, customer["balance"])
    site = store.setting("url", "")
    invoice |= {
        "status": "open",
        "number": f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}",
        "effective_at": now,
        "automatically_finalizes_at": None,
        "hosted_invoice_url": f"{site}/invoice/{invoice['_token']}",
        "invoice_pdf": f"{site}/invoice/{invoice['_token']}/download",
        "status_transitions": {**invoice["status_transitions"], "finalized_at": now},
        "_due": None,
    }
    customer["next_invoice_sequence"] += 1
    _use_balance(store, invoice, customer)
    if invoice["amount_due"]:
        _ask(store, invoice)
    emit(store, "invoice.finalized", invoice)
    if not invoice["amount_due"]:
        mark_paid(store, invoice)
    return invoice


def _use_balance(store: Store, invoice: Obj, customer: Obj) -> None:
    used = invoice["total"] - invoice["amount_due"]
    if used:
        balances.change(store, customer, used, invoice["currency"], "applied_to_invoice", invoice["id"])
    invoice["ending_balance"] = customer["balance"]


def _ask(store: Store, invoice: Obj) -> None:
    intent = payments.intent_for(store, invoice)
    invoice["_intent"] = intent["id"]
    store.add(
        {
            "id": store.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": invoice["amount_due"],
            "created": intent["created"],
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {
                "type": "payment_intent",
                "payment_intent": intent["id"],
                "charge": None,
                "payment_record": None,
            },
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
            "_clock": invoice["_clock"],
        }
    )


def default_method(store: Store, invoice: Obj) -> Obj | None:
    """The subscription's card, else the customer's."""
    subscription = subscription_of(store, invoice)
    customer = store.need("customer", invoice["customer"])
    own = subscription["default_payment_method"] if subscription else None
    return store.get(own or customer["invoice_settings"]["default_payment_method"])


def collect(store: Store, invoice: Obj, method: Obj | None = None, *, authenticated: bool = False) -> Outcome:
    """One attempt at an open invoice, with everything that follows from how it ends."""
    method = method or default_method(store, invoice)
    intent = store.need("payment_intent", invoice["_intent"])
    invoice |= {
        "attempted": True,
        "attempt_count": invoice["attempt_count"] + 1,
        "next_payment_attempt": None,
    }
    invoice["_due"] = None
    outcome: Outcome = "no_card"
    if method:
        page = f"{store.setting('url', '')}/invoice/{invoice['_token']}/authentication"
        outcome = payments.attempt(store, intent, method, authenticated=authenticated, page=page)
    if outcome == "succeeded":
        mark_paid(store, invoice)
    else:
        _unpaid(store, invoice, outcome)
    return outcome


def mark_paid(store: Store, invoice: Obj, *, out_of_band: bool = False) -> None:
    now = store.now(invoice["_clock"])
    invoice |= {
        "status": "paid",
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempted": True,
        "auto_advance": False,
        "next_payment_attempt": None,
        "status_transitions": {**invoice["status_transitions"], "paid_at": now},
        "_due": None,
    }
    for payment in store.select("invoice_payment"):
        if payment["invoice"] == invoice["id"] and payment["status"] == "open":
            paid = None if out_of_band else invoice["amount_due"]
            payment |= {"status": "canceled" if out_of_band else "paid", "amount_paid": paid}
            payment["status_transitions"] = {"canceled_at": None, "paid_at": now}
            if not out_of_band:
                emit(store, "invoice_payment.paid", payment)
    emit(store, "invoice.paid", invoice)
    emit(store, "invoice.payment_succeeded", invoice)
    standing.paid(store, invoice)


def _unpaid(store: Store, invoice: Obj, outcome: Outcome) -> None:
    now, tries = store.now(invoice["_clock"]), invoice["attempt_count"]
    is_first = invoice["billing_reason"] == "subscription_create"
    if not is_first and invoice["auto_advance"] and tries <= len(RETRY_DAYS):
        invoice["next_payment_attempt"] = invoice["_due"] = now + RETRY_DAYS[tries - 1] * DAY
    if outcome == "requires_action":
        emit(store, "invoice.payment_action_required", invoice)
    emit(store, "invoice.payment_failed", invoice)
    standing.unpaid(store, invoice, is_last=not is_first and invoice["next_payment_attempt"] is None)


@happens("invoice")
def due(store: Store, invoice: Obj) -> None:
    """A draft's hour is over, or another attempt is due."""
    invoice["_due"] = None
    if invoice["status"] == "draft":
        finalize(store, invoice)
    if invoice["status"] != "open":
        return
    subscription = subscription_of(store, invoice)
    pause = subscription["pause_collection"] if subscription else None
    if pause and pause["behavior"] == "void":
        void(store, invoice)
    elif pause and pause["behavior"] == "mark_uncollectible":
        give_up(store, invoice)
    else:
        collect(store, invoice)


def void(store: Store, invoice: Obj) -> Obj:
    _close(store, invoice, "void", "voided_at", "void_invoice")
    emit(store, "invoice.voided", invoice)
    return invoice


def give_up(store: Store, invoice: Obj) -> Obj:
    _close(store, invoice, "uncollectible", "marked_uncollectible_at", None)
    emit(store, "invoice.marked_uncollectible", invoice)
    return invoice


def _close(store: Store, invoice: Obj, status: str, at: str, cancel: str | None) -> None:
    if invoice["status"] not in ("open", "uncollectible"):
        raise Fault(
            f"You can only pass in open invoices. This invoice isn't open: it is {invoice['status']}."
        )
    transitions = {**invoice["status_transitions"], at: store.now(invoice["_clock"])}
    invoice |= {"status": status, "next_payment_attempt": None, "_due": None, "auto_advance": False}
    invoice["status_transitions"] = transitions
    if cancel and invoice.get("_intent"):
        payments.cancel(store, store.need("payment_intent", invoice["_intent"]), cancel)
