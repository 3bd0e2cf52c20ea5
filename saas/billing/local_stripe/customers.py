"""Customers: who pays, with their address, balance and default card."""

from __future__ import annotations

import random
from typing import Any

from . import payment_methods, tax_ids
from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import Fault
from .rendering import includable, listed
from .store import Obj, Store

PATH = "/v1/customers"
PLAIN = ("business_name", "description", "email", "individual_name", "name", "phone", "tax_exempt")
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
FIELDS = (
    "address balance business_name description email individual_name name phone preferred_locales shipping tax_exempt"
    " invoice_settings[default_payment_method footer] metadata invoice_prefix next_invoice_sequence"
    " tax[ip_address validate_location]"
)


def build(store: Store, given: dict[str, Any], clock: str | None = None) -> Obj:
    """A new customer, who lives on the test clock if one is given."""
    customer: Obj = {
        "id": store.new_id("cus", 14),
        "object": "customer",
        **dict.fromkeys(PLAIN),
        "address": None,
        "balance": 0,
        "created": store.now(clock),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_prefix": given.get("invoice_prefix") or f"{random.randrange(16**8):08X}",  # noqa: S311 - a label
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": clock,
        "_clock": clock,
    }
    _take(store, customer, given)
    store.add(customer)
    emit(store, "customer.created", customer)
    return customer


@answers("post", PATH, f"{FIELDS} payment_method test_clock tax_id_data")
def create(call: Call) -> Obj:
    store, given = call.store, call.params
    clock = given.get("test_clock")
    if clock:
        store.live("test_helpers.test_clock", clock, "test_clock")
    later = {name: value for name, value in given.items() if name != "invoice_settings"}
    customer = build(store, later, clock)
    if "payment_method" in given:
        method = payment_methods.find(store, given["payment_method"], "payment_method")
        payment_methods.attach(store, method, customer)
        chosen = given.get("invoice_settings", {})
        if chosen.get("default_payment_method") == given["payment_method"]:  # also by a ready-made id
            chosen["default_payment_method"] = method["id"]
    if "invoice_settings" in given:
        _invoice_settings(store, customer, given["invoice_settings"])
    for tax_id in given.get("tax_id_data", []):
        tax_ids.build(store, customer["id"], tax_id)
    return customer


@answers("post", PATH + "/{customer}", FIELDS)
def update(call: Call) -> Obj:
    customer = call.store.live("customer", call.id)
    with changing(call.store, customer, "customer.updated"):
        _take(call.store, customer, call.params)
    return customer


@answers("get", PATH, f"{PAGING} email test_clock")
def index(call: Call) -> Obj:
    rows = call.store.select("customer")
    if "email" in call.params:
        rows = [row for row in rows if row["email"] == call.params["email"]]
    return call.page(row for row in rows if row["test_clock"] == call.get("test_clock"))


@answers("delete", PATH + "/{customer}")
def delete(call: Call) -> Obj:
    """Subscriptions end at once with the customer, and the cards are forgotten."""
    from .subscription_end import cancel_now

    store, customer = call.store, call.store.live("customer", call.id)
    for subscription in store.select("subscription", customer=customer["id"]):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            cancel_now(store, subscription, "cancellation_requested")
    emit(store, "customer.deleted", customer)
    for method in store.select("payment_method", customer=customer["id"]):
        method["customer"] = None
    customer["deleted"] = True
    return {"id": customer["id"], "object": "customer", "deleted": True}


retrievable("customer", PATH + "/{customer}")


def _take(store: Store, customer: Obj, given: dict[str, Any]) -> None:
    for name in PLAIN:
        if name in given:
            customer[name] = given[name] or ("none" if name == "tax_exempt" else None)
    for name in ("balance", "next_invoice_sequence", "preferred_locales", "invoice_prefix"):
        if name in given:
            customer[name] = given[name]
    for name in ("address", "shipping"):
        if name in given:
            customer[name] = _place(given[name], name) if given[name] else None
    if "invoice_settings" in given:
        _invoice_settings(store, customer, given["invoice_settings"])
    metadata(customer, given.get("metadata"))


def _place(given: Obj, name: str) -> Obj:
    if name == "address":
        return {part: given.get(part) or None for part in ADDRESS}
    return {
        "name": given["name"],
        "phone": given.get("phone"),
        "address": _place(given["address"], "address"),
    }


def _invoice_settings(store: Store, customer: Obj, given: Obj) -> None:
    settings = {**customer["invoice_settings"]}
    if "default_payment_method" in given:
        id_ = given["default_payment_method"] or None
        method = store.get(id_)
        if id_ and (method is None or method.get("customer") != customer["id"]):
            raise Fault(
                f"No such PaymentMethod: '{id_}'; it must be attached to the customer first.",
                code="resource_missing",
                param="invoice_settings[default_payment_method]",
            )
        settings["default_payment_method"] = id_
    if "footer" in given:
        settings["footer"] = given["footer"] or None
    customer["invoice_settings"] = settings


@includable("customer", "subscriptions")
def subscriptions_of(store: Store, customer: Obj) -> Obj:
    rows = store.select("subscription", customer=customer["id"])
    running = [row for row in rows if row["status"] not in ("canceled", "incomplete_expired")]
    return listed(running, f"{PATH}/{customer['id']}/subscriptions")


@includable("customer", "sources")
def sources_of(store: Store, customer: Obj) -> Obj:
    return listed([], f"{PATH}/{customer['id']}/sources")


@includable("customer", "tax")
def tax_of(store: Store, customer: Obj) -> Obj:
    """Where the customer is for tax; without an address nobody knows."""
    address = customer["address"] or {}
    country = address.get("country")
    location = (
        {"country": country, "source": "billing_address", "state": address.get("state")} if country else None
    )
    status = "supported" if country else "unrecognized_location"
    return {"automatic_tax": status, "ip_address": None, "location": location, "provider": "stripe"}
