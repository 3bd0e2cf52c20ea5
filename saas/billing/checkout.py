"""Checkout: the way to Stripe's page where a plan is paid. Two tabs lead to one page, so that nobody pays twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

from saas.billing import catalogue, customers, settling
from saas.billing.customers import LIVE, AlreadySubscribed
from saas.billing.gateway import Gateway, Obj, StripeRefused, idempotency
from saas.billing.plans import Price
from saas.merchants.registry import Record


def begin(
    gateway: Gateway,
    merchant: Record,
    price: Price,
    *,
    email: str,
    language: str,
    success_url: str,
    cancel_url: str,
    now: dt.datetime,
) -> str:
    """The address of Stripe's page for a plan; no transaction may be open. Raises AlreadySubscribed.

    At most one page is open for a merchant: an open one for the same price is taken again, all others are closed. A
    first payment that still waits for the bank is led on to, or given up for another price.
    `success_url` may hold {CHECKOUT_SESSION_ID}.
    """
    customer_id = customers.ensure(gateway, merchant, email, now)
    # The pages first: one that is paid after this look can't be closed any more, one before it left a subscription.
    last, found = _open_sessions(gateway, customer_id)
    subscriptions = _subscriptions(gateway, customer_id)
    if any(one["status"] in LIVE for one in subscriptions):
        raise AlreadySubscribed
    for unfinished in (one for one in subscriptions if one["status"] == "incomplete"):
        address = _settle(gateway, unfinished, price)
        if address is not None:
            _close_all(gateway, found)
            return address
    params = _params(gateway, merchant, price, customer_id)
    params |= {"locale": language, "success_url": success_url, "cancel_url": cancel_url}
    for session in found:
        if session["metadata"].get("price") == price.lookup_key and session["success_url"] == success_url:
            return _keep_one(gateway, customer_id, session, found)
    once = idempotency(f"checkout:{merchant.id}:{last}", params)
    made = gateway.ask(lambda api: api.checkout.sessions.create, params, once)
    return _keep_one(gateway, customer_id, made, found)


def _subscriptions(gateway: Gateway, customer_id: str) -> list[Obj]:
    asked = {"customer": customer_id, "status": "all", "limit": 100}
    listed: list[Obj] = gateway.ask(lambda api: api.subscriptions.list, asked)["data"]
    return listed


def _settle(gateway: Gateway, unfinished: Obj, price: Price) -> str | None:
    """Where the first payment of a subscription is finished, if it is for this price; else it can't be paid any more.

    Its invoice is voided, the subscription not cancelled: Stripe refuses to void what was paid in this moment, and an
    incomplete one ends by itself within a day. Raises AlreadySubscribed.
    """
    if unfinished["items"]["data"][0]["price"]["lookup_key"] == price.lookup_key:
        return settling.address(gateway, unfinished["id"])
    invoice = gateway.ask(lambda api: api.invoices.retrieve, unfinished["latest_invoice"])
    if invoice["status"] == "open":
        try:
            gateway.ask(lambda api: api.invoices.void_invoice, invoice["id"])
        except StripeRefused:
            invoice = gateway.ask(lambda api: api.invoices.retrieve, invoice["id"])
    if invoice["status"] == "paid":
        raise AlreadySubscribed
    return None


def _params(gateway: Gateway, merchant: Record, price: Price, customer_id: str) -> dict[str, Any]:
    about = {"merchant_id": str(merchant.id), "price": price.lookup_key}
    return {
        "mode": "subscription",
        "customer": customer_id,
        "client_reference_id": str(merchant.id),
        "line_items": [{"price": catalogue.price_id(gateway, price.lookup_key), "quantity": 1}],
        "metadata": about,
        "subscription_data": {"metadata": about},
        "allow_promotion_codes": True,
        "customer_update": {"name": "auto", "address": "auto"},
        "tax_id_collection": {"enabled": True},
        "automatic_tax": {"enabled": gateway.billing.is_tax_on},
        "billing_address_collection": "required" if gateway.billing.is_tax_on else "auto",
    }


def _open_sessions(gateway: Gateway, customer_id: str) -> tuple[str, list[Obj]]:
    """The last session's id, and the open ones, newest first."""
    listed = gateway.ask(lambda api: api.checkout.sessions.list, {"customer": customer_id, "limit": 20})[
        "data"
    ]
    return (listed[0]["id"] if listed else "first"), [one for one in listed if one["status"] == "open"]


def _keep_one(gateway: Gateway, customer_id: str, wanted: Obj, before: list[Obj]) -> str:
    """Close every other open page. Where two were made in the same moment, both callers keep the same one."""
    old = {session["id"] for session in before}
    _last, found = _open_sessions(gateway, customer_id)
    rivals = [session for session in found if session["id"] not in old]
    kept = (
        max([wanted, *rivals], key=lambda session: str(session["id"])) if wanted["id"] not in old else wanted
    )
    _close_all(gateway, [session for session in found if session["id"] != kept["id"]])
    return str(kept["url"])


def _close_all(gateway: Gateway, sessions: list[Obj]) -> None:
    for session in sessions:
        _close(gateway, session["id"])


def _close(gateway: Gateway, session_id: str) -> None:
    """Close a page; that somebody else closed it is well, that it was just paid is AlreadySubscribed."""
    try:
        gateway.ask(lambda api: api.checkout.sessions.expire, session_id)
    except StripeRefused:
        status = gateway.ask(lambda api: api.checkout.sessions.retrieve, session_id)["status"]
        if status == "complete":
            raise AlreadySubscribed from None
        if status != "expired":
            raise
