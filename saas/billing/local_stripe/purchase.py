"""A Checkout session completed: customer, card and subscription come to be, all of them or none."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import checkout_sums, coupons, customers, payment_methods, tax_ids
from .cards import Card
from .events import changing, emit
from .faults import Fault
from .store import Obj, Store
from .subscription_start import Terms, start


@dataclass
class Buyer:
    """What was typed into the page."""

    email: str = ""
    name: str = ""
    address: dict[str, str] = field(default_factory=dict)
    tax_id: dict[str, str] = field(default_factory=dict)


def needs_card(session: Obj) -> bool:
    return bool(session["payment_method_collection"] == "always" or session["amount_total"])


def complete(
    store: Store, session: Obj, buyer: Buyer, card: Card | None, *, authenticated: bool = False
) -> Obj:
    """Buy; raises 402 and leaves nothing behind where the card is declined or its owner must authenticate first."""
    if session["status"] != "open":
        raise Fault("This Checkout Session is no longer open.")
    with store.savepoint():
        session = store.need("checkout.session", session["id"])
        customer = _customer(store, session, buyer)
        method = None
        if card:
            method = payment_methods.build(store, card, billing=_billing(buyer))
            payment_methods.attach(store, method, customer)
            _ask_owner(card, method, session, authenticated=authenticated)
        details = session["_details"]
        subscription = start(
            store,
            customer,
            Terms(
                items=session["_items"],
                currency=session["currency"],
                trial_end=checkout_sums.trial_end(store, session),
                on_missing_card=details["on_missing_card"],
                method=method["id"] if method else None,
                metadata=details["metadata"],
                discounts=[{k: v for k, v in one.items() if v} for one in session["discounts"]],
                description=details["description"],
                automatic_tax=session["automatic_tax"]["enabled"],
                behavior="error_if_incomplete",
                authenticated=authenticated,
            ),
        )
        _finish(store, session, customer, subscription)
    return store.need("checkout.session", session["id"])


def _ask_owner(card: Card, method: Obj, session: Obj, *, authenticated: bool) -> None:
    """Without a payment today the card is set up, and the bank may want to know its owner for that."""
    if not session["amount_total"] and card.authentication != "never":
        if not authenticated:
            raise Fault(
                "This card requires authentication.",
                status=402,
                kind="card_error",
                code="setup_requires_action",
            )
        method["_authenticated"] = True


def _customer(store: Store, session: Obj, buyer: Buyer) -> Obj:
    given: Obj = {"email": buyer.email or session["customer_email"], "name": buyer.name}
    if buyer.address:
        given["address"] = buyer.address
    if session["customer"] is None:
        customer = customers.build(store, given)
    else:
        customer = store.live("customer", session["customer"], "customer")
        allowed = session["_customer_update"]
        with changing(store, customer, "customer.updated"):
            if allowed.get("name") == "auto" and buyer.name:
                customer["name"] = buyer.name
            if allowed.get("address") == "auto" and buyer.address:
                customer["address"] = {part: buyer.address.get(part) for part in customers.ADDRESS}
    if buyer.tax_id:
        tax_ids.build(store, customer["id"], buyer.tax_id)
    return customer


def _billing(buyer: Buyer) -> Obj:
    address = {part: buyer.address.get(part) for part in customers.ADDRESS} if buyer.address else None
    return {"address": address, "email": buyer.email or None, "name": buyer.name or None}


def _finish(store: Store, session: Obj, customer: Obj, subscription: Obj) -> None:
    session |= {
        "status": "complete",
        "payment_status": "paid" if session["amount_total"] else "no_payment_required",
        "customer": customer["id"],
        "subscription": subscription["id"],
        "invoice": subscription["latest_invoice"],
        "customer_details": {
            "address": customer["address"],
            "business_name": None,
            "email": customer["email"],
            "individual_name": None,
            "name": customer["name"],
            "phone": customer.get("phone"),
            "tax_exempt": customer["tax_exempt"],
            "tax_ids": tax_ids.shown(store, customer["id"]),
        },
        "url": None,
        "_due": None,
    }
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"] = {**session["automatic_tax"], "status": "complete"}
    emit(store, "checkout.session.completed", session)


def promote(store: Store, session: Obj, code: str) -> None:
    """Use a typed promotion code; an empty one takes it off again. Raises 400 for one that doesn't count."""
    if not code:
        session["discounts"] = []
    else:
        promotion = coupons.find_code(store, code)
        if promotion is None:
            raise Fault("This promotion code is invalid.", code="promotion_code_invalid")
        session["discounts"] = [{"coupon": None, "promotion_code": promotion["id"]}]
    checkout_sums.sum_up(store, session)
