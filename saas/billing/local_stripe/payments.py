"""Payments: one intent an invoice, one charge an attempt."""

from __future__ import annotations

from typing import Literal

from . import disputes
from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import DECLINES, OWN_CODES
from .payment_methods import card_of
from .rendering import includable, listed
from .store import Obj, Store

Outcome = Literal["succeeded", "requires_action", "failed"]


def intent_for(store: Store, invoice: Obj) -> Obj:
    """A payment of an invoice that waits for a card."""
    is_kept = bool(invoice["parent"])
    intent = build_intent(
        store, invoice["amount_due"], invoice["currency"], invoice["customer"], invoice["_clock"]
    )
    intent |= {
        "description": "Subscription update" if is_kept else None,
        "setup_future_usage": "off_session" if is_kept else None,
        "_invoice": invoice["id"],
    }
    emit(store, "payment_intent.created", intent)
    return intent


def build_intent(store: Store, amount: int, currency: str, customer: str | None, clock: str | None) -> Obj:
    id_ = store.new_id("pi")
    return store.add(
        {
            "id": id_,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "automatic_payment_methods": None,
            "capture_method": "automatic",
            "client_secret": f"{id_}_secret_{store.new_id('x', 24)[2:]}",
            "confirmation_method": "automatic",
            "created": store.now(clock),
            "currency": currency,
            "customer": customer,
            "description": None,
            "livemode": False,
            "metadata": {},
            "payment_method_types": ["card"],
            "setup_future_usage": None,
            "status": "requires_payment_method",
            "_clock": clock,
            "_invoice": None,
        }
    )


def attempt(store: Store, intent: Obj, method: Obj, *, authenticated: bool, page: str) -> Outcome:
    """Charge the card once; `page` is where its owner authenticates, if the bank asks for it."""
    card = card_of(method)
    intent["payment_method"] = method["id"]
    asks = card.authentication == "always" or (card.authentication == "once" and not method["_authenticated"])
    if asks and not authenticated:
        intent |= {
            "status": "requires_action",
            "next_action": {
                "type": "redirect_to_url",
                "redirect_to_url": {"return_url": None, "url": page},
                "use_stripe_sdk": None,
            },
        }
        emit(store, "payment_intent.requires_action", intent)
        return "requires_action"
    method["_authenticated"] = method["_authenticated"] or authenticated
    charge = _charge(store, intent, method, card.charge)
    intent |= {"latest_charge": charge["id"], "next_action": None}
    if card.charge:
        refuse(store, intent, card.charge, method)
        return "failed"
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
    emit(store, "charge.succeeded", charge)
    emit(store, "payment_intent.succeeded", intent)
    if card.dispute:
        disputes.begin(store, charge, card.dispute)
    return "succeeded"


def refuse(store: Store, intent: Obj, decline: str, method: Obj) -> None:
    """The payment failed and waits for another card."""
    code = decline if decline in OWN_CODES else "card_declined"
    intent |= {
        "status": "requires_payment_method",
        "next_action": None,
        "payment_method": None,
        "last_payment_error": {
            "type": "card_error",
            "code": code,
            "decline_code": decline,
            "charge": intent.get("latest_charge"),
            "message": DECLINES[decline],
            "payment_method": {name: value for name, value in method.items() if not name.startswith("_")},
        },
    }
    emit(store, "payment_intent.payment_failed", intent)


def cancel(store: Store, intent: Obj, reason: str) -> None:
    if intent["status"] not in ("succeeded", "canceled"):
        intent |= {
            "status": "canceled",
            "canceled_at": store.now(intent["_clock"]),
            "cancellation_reason": reason,
        }
        emit(store, "payment_intent.canceled", intent)


def _charge(store: Store, intent: Obj, method: Obj, decline: str | None) -> Obj:
    id_ = store.new_id("ch")
    charge: Obj = {
        "id": id_,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if decline else intent["amount"],
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "captured": not decline,
        "created": store.now(intent["_clock"]),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": ("card_declined" if decline not in OWN_CODES else decline) if decline else None,
        "failure_message": DECLINES[decline] if decline else None,
        "livemode": False,
        "metadata": {},
        "outcome": _outcome(decline),
        "paid": not decline,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "refunded": False,
        "status": "failed" if decline else "succeeded",
        "_clock": intent["_clock"],
        "_invoice": intent["_invoice"],
        "_last4": method["card"]["last4"],
    }
    store.add(charge)
    if decline:
        emit(store, "charge.failed", charge)
    return charge


def _outcome(decline: str | None) -> Obj:
    return {
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": decline,
        "risk_level": "normal",
        "risk_score": 10,
        "seller_message": DECLINES[decline] if decline else "Payment complete.",
        "type": "issuer_declined" if decline else "authorized",
    }


@includable("charge", "refunds")
def refunds_of(store: Store, charge: Obj) -> Obj:
    rows = [row for row in store.select("refund") if row["charge"] == charge["id"]]
    return listed(rows, f"/v1/charges/{charge['id']}/refunds")


@answers("get", "/v1/charges", f"{PAGING} customer payment_intent")
def charges(call: Call) -> Obj:
    rows = call.store.select("charge", customer=call.get("customer"))
    wanted = call.get("payment_intent")
    return call.page(row for row in rows if wanted in (None, row["payment_intent"]))


@answers("post", "/v1/charges/{charge}", "metadata description receipt_email")
def update_charge(call: Call) -> Obj:
    charge = call.store.live("charge", call.id)
    with changing(call.store, charge, "charge.updated"):
        for name in ("description", "receipt_email"):
            charge[name] = call.get(name, charge.get(name))
        metadata(charge, call.get("metadata"))
    return charge


retrievable("charge", "/v1/charges/{charge}")
