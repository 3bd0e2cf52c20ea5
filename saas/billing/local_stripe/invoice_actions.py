"""What the API does to an invoice by hand: finalize, pay, void, give up."""

from __future__ import annotations

from .calls import Call, answers
from .collection import collect, default_method, finalize, give_up, mark_paid, void
from .faults import Fault, declined
from .invoices import PATH
from .payment_methods import card_of, find
from .store import Obj


@answers("post", PATH + "/{invoice}/finalize", "auto_advance")
def finalize_now(call: Call) -> Obj:
    return finalize(call.store, call.store.live("invoice", call.id))


@answers("post", PATH + "/{invoice}/void")
def void_now(call: Call) -> Obj:
    return void(call.store, call.store.live("invoice", call.id))


@answers("post", PATH + "/{invoice}/mark_uncollectible")
def give_up_now(call: Call) -> Obj:
    return give_up(call.store, call.store.live("invoice", call.id))


@answers("post", PATH + "/{invoice}/pay", "payment_method paid_out_of_band off_session")
def pay(call: Call) -> Obj:
    """Collect now; a declined card is a 402, and stays on record."""
    store, invoice = call.store, call.store.live("invoice", call.id)
    if invoice["status"] == "draft":
        finalize(store, invoice)
    if invoice["status"] == "paid":
        raise Fault("Invoice is already paid", code="invoice_already_paid")
    if call.get("paid_out_of_band"):
        mark_paid(store, invoice, out_of_band=True)
        return invoice
    given = call.get("payment_method")
    method = find(store, given, "payment_method") if given else None
    outcome = collect(store, invoice, method)
    if outcome == "requires_action":
        raise Fault(
            "This payment requires additional user action before it can be completed successfully.",
            status=402,
            kind="card_error",
            code="invoice_payment_intent_requires_action",
            keep=True,
        )
    if outcome == "no_card":
        raise Fault(
            "Cannot charge a customer that has no active card",
            status=402,
            kind="card_error",
            code="missing",
            keep=True,
        )
    used = method or default_method(store, invoice)
    if outcome == "failed" and used:
        raise declined(card_of(used).charge or "generic_decline", keep=True)
    return invoice
