"""Payment intents over the API: single payments, and those of invoices looked at or confirmed."""

from __future__ import annotations

from . import collection, payments
from .calls import PAGING, Call, answers, metadata, retrievable
from .events import emit
from .faults import Fault, declined
from .payment_methods import attach, card_of, find
from .store import Obj, Store

PATH = "/v1/payment_intents"


@answers(
    "post",
    PATH,
    "amount currency customer description payment_method confirm metadata off_session return_url",
)
def create(call: Call) -> Obj:
    """One payment; with `confirm` it is made at once, and a declined card is a 402 that stays on record."""
    given, store = call.params, call.store
    if given["amount"] < 1:
        raise Fault(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    customer = store.live("customer", given["customer"], "customer") if "customer" in given else None
    clock = customer["_clock"] if customer else None
    intent = payments.build_intent(
        store, given["amount"], given["currency"].lower(), customer["id"] if customer else None, clock
    )
    intent["description"] = given.get("description")
    metadata(intent, given.get("metadata"))
    emit(store, "payment_intent.created", intent)
    method = find(store, given["payment_method"], "payment_method") if "payment_method" in given else None
    if method:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    return _confirm(store, intent, method) if given.get("confirm") else intent


@answers("post", PATH + "/{intent}/confirm", "payment_method off_session return_url")
def confirm(call: Call) -> Obj:
    store, intent = call.store, call.store.live("payment_intent", call.id)
    if intent["status"] in ("succeeded", "canceled"):
        raise Fault(
            f"This PaymentIntent's payment_method could not be updated because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    given = call.get("payment_method") or intent.get("payment_method")
    return _confirm(store, intent, find(store, given, "payment_method") if given else None)


def _confirm(store: Store, intent: Obj, method: Obj | None) -> Obj:
    if method is None:
        raise Fault(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    if intent["_invoice"]:
        invoice = store.need("invoice", intent["_invoice"])
        if method["customer"] is None:
            attach(store, method, store.need("customer", invoice["customer"]))
        outcome = collection.collect(store, invoice, method)
    else:
        page = f"{store.setting('url', '')}/"
        outcome = payments.attempt(store, intent, method, authenticated=False, page=page)
    if outcome == "failed":
        raise declined(card_of(method).charge or "generic_decline", keep=True)
    return intent


@answers("post", PATH + "/{intent}/cancel", "cancellation_reason")
def cancel(call: Call) -> Obj:
    intent = call.store.live("payment_intent", call.id)
    if intent["status"] in ("succeeded", "canceled") or intent["_invoice"]:
        raise Fault("You cannot cancel this PaymentIntent.", code="payment_intent_unexpected_state")
    payments.cancel(call.store, intent, call.get("cancellation_reason") or "requested_by_customer")
    return intent


@answers("post", PATH + "/{intent}", "metadata description")
def update(call: Call) -> Obj:
    intent = call.store.live("payment_intent", call.id)
    intent["description"] = call.get("description", intent["description"])
    metadata(intent, call.get("metadata"))
    return intent


@answers("get", PATH, f"{PAGING} customer")
def index(call: Call) -> Obj:
    return call.page(call.store.select("payment_intent", customer=call.get("customer")))


retrievable("payment_intent", PATH + "/{intent}")
