"""What the API does to an invoice by hand: finalize, pay, void, give up."""

from __future__ import annotations

from .calls import Call, answers, metadata
from .collection import collect, default_method, finalize, give_up, mark_paid, void
from .events import emit
from .faults import Fault, NotModelled, declined
from .invoices import PATH, build, created
from .payment_methods import card_of, find
from .store import Obj


@answers(
    "post",
    PATH,
    "customer auto_advance description metadata pending_invoice_items_behavior collection_method",
)
def create(call: Call) -> Obj:
    """A draft of what waits for the customer's next invoice; it isn't collected by itself."""
    store = call.store
    if not call.get("customer"):
        raise Fault("Missing required param: customer.", code="parameter_missing", param="customer")
    if call.get("collection_method", "charge_automatically") != "charge_automatically" or call.get(
        "auto_advance"
    ):
        raise NotModelled("invoices by hand that are sent or collected by themselves")
    if call.get("pending_invoice_items_behavior", "include") != "include":
        raise NotModelled("invoices without the pending items")
    customer = store.live("customer", call.params["customer"], "customer")
    now = store.now(customer["_clock"])
    invoice = build(store, customer, None, "manual", [], (now, now))
    invoice |= {"auto_advance": False, "description": call.get("description")}
    metadata(invoice, call.get("metadata"))
    return created(store, invoice)


@answers("delete", PATH + "/{invoice}")
def delete(call: Call) -> Obj:
    """Only a draft, and the items that it took in wait again."""
    invoice = call.store.live("invoice", call.id)
    if invoice["status"] != "draft" or invoice["parent"]:
        raise Fault(
            "You can only delete draft invoices that no subscription made.", code="invoice_not_editable"
        )
    for item in call.store.select("invoiceitem", customer=invoice["customer"]):
        if item.get("invoice") == invoice["id"]:
            item["invoice"] = None
    emit(call.store, "invoice.deleted", invoice)
    invoice["deleted"] = True
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


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
