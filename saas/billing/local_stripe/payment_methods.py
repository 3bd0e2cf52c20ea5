"""Payment methods: cards, kept for a customer and charged later."""

from __future__ import annotations

from typing import Any

from . import cards
from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import Fault, NotModelled, declined
from .store import Obj, Store

PATH = "/v1/payment_methods"


def build(
    store: Store, card: cards.Card, *, exp: tuple[int, int] = (12, 2040), billing: Obj | None = None
) -> Obj:
    details: Obj = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None} | (
        billing or {}
    )
    return store.add(
        {
            "id": store.new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": details,
            "card": _card(card, exp),
            "created": store.now(),
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            "_number": card.number,
            "_authenticated": False,
        }
    )


def _card(card: cards.Card, exp: tuple[int, int]) -> Obj:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": exp[0],
        "exp_year": exp[1],
        "fingerprint": f"fingerprint{card.last4}",
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def card_of(method: Obj) -> cards.Card:
    return cards.BY_NUMBER[method["_number"]]


def find(store: Store, id_: str, param: str | None = None) -> Obj:
    """The method; one of Stripe's ready-made ids (pm_card_visa) makes a new one."""
    if id_ in cards.BY_ID:
        return build(store, cards.BY_ID[id_])
    return store.live("payment_method", id_, param)


def attach(store: Store, method: Obj, customer: Obj) -> Obj:
    """Keep the card for a customer; raises 402 where the bank refuses it at once."""
    if method["customer"] not in (None, customer["id"]):
        raise Fault(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    refusal = card_of(method).attach
    if refusal:
        raise declined(refusal, param="")
    if method["customer"] is None:
        method["customer"] = customer["id"]
        method["_clock"] = customer.get("_clock")
        emit(store, "payment_method.attached", method)
    return method


def detach(store: Store, method: Obj) -> Obj:
    """Forget the card wherever it was to be charged."""
    customer = store.get(method["customer"])
    if customer is None:
        raise Fault(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    emit_with = dict(method)
    method["customer"] = None
    settings = customer["invoice_settings"]
    if settings["default_payment_method"] == method["id"]:
        with changing(store, customer, "customer.updated"):
            customer["invoice_settings"] = {**settings, "default_payment_method": None}
    for subscription in store.select("subscription", customer=customer["id"]):
        if subscription["default_payment_method"] == method["id"]:
            with changing(store, subscription, "customer.subscription.updated"):
                subscription["default_payment_method"] = None
    emit(store, "payment_method.detached", method, {"customer": emit_with["customer"]})
    return method


def prefer(store: Store, customer: Obj, method: Obj) -> None:
    """From now on this card pays, for the customer and for each subscription that named another one."""
    with changing(store, customer, "customer.updated"):
        customer["invoice_settings"] = {
            **customer["invoice_settings"],
            "default_payment_method": method["id"],
        }
    for subscription in store.select("subscription", customer=customer["id"]):
        is_over = subscription["status"] in ("canceled", "incomplete_expired")
        if subscription["default_payment_method"] not in (None, method["id"]) and not is_over:
            with changing(store, subscription, "customer.subscription.updated"):
                subscription["default_payment_method"] = method["id"]


def from_number(
    store: Store, number: str, exp: tuple[int, int] = (12, 2040), billing: Obj | None = None
) -> Obj:
    card = cards.BY_NUMBER.get(number.replace(" ", ""))
    if card is None:
        raise Fault("Your card number is incorrect.", status=402, kind="card_error", code="incorrect_number")
    return build(store, card, exp=exp, billing=billing)


@answers(
    "post", PATH, "type card[number exp_month exp_year cvc token] billing_details metadata allow_redisplay"
)
def create(call: Call) -> Obj:
    if call.get("type", "card") != "card" or "card" not in call.params:
        raise NotModelled("payment methods other than cards")
    given: dict[str, Any] = call.params["card"]
    token = cards.BY_TOKEN.get(given.get("token", ""))
    number = token.number if token else given.get("number", "")
    exp = (given.get("exp_month", 12), given.get("exp_year", 2040))
    method = from_number(call.store, number, exp, call.get("billing_details"))
    metadata(method, call.get("metadata"))
    return method


@answers(
    "post", PATH + "/{payment_method}", "billing_details metadata allow_redisplay card[exp_month exp_year]"
)
def update(call: Call) -> Obj:
    method = call.store.live("payment_method", call.id)
    with changing(call.store, method, "payment_method.updated"):
        for name in ("billing_details", "card"):
            method[name] = {**method[name], **call.get(name, {})}
        method["allow_redisplay"] = call.get("allow_redisplay", method["allow_redisplay"])
        metadata(method, call.get("metadata"))
    return method


@answers("post", PATH + "/{payment_method}/attach", "customer")
def attach_to(call: Call) -> Obj:
    if not call.get("customer"):
        raise Fault("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = call.store.live("customer", call.params["customer"], "customer")
    return attach(call.store, find(call.store, call.id), customer)


@answers("post", PATH + "/{payment_method}/detach")
def detach_from(call: Call) -> Obj:
    return detach(call.store, call.store.live("payment_method", call.id))


@answers("get", PATH, f"{PAGING} customer type")
def index(call: Call) -> Obj:
    return _page(call, call.get("customer"))


@answers("get", "/v1/customers/{customer}/payment_methods", f"{PAGING} type")
def of_customer(call: Call) -> Obj:
    return _page(call, call.store.live("customer", call.id)["id"])


def _page(call: Call, customer: str | None) -> Obj:
    rows = call.store.select("payment_method", customer=customer)
    return call.page([row for row in rows if row["customer"] and call.get("type", "card") == row["type"]])


@answers("get", PATH + "/{payment_method}")
def retrieve(call: Call) -> Obj:
    return find(call.store, call.id)


retrievable("payment_method", "/v1/customers/{customer}/payment_methods/{payment_method}")
