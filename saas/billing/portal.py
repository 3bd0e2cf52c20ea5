"""Stripe's customer portal: switching, cancelling, the card and invoices; and what a switch would cost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from saas.billing import arranged, catalogue
from saas.billing.customers import NoSubscription
from saas.billing.gateway import Gateway, Obj, idempotency
from saas.billing.plans import PLANS, PRICES, Price

FLOWS = ("payment_method_update", "subscription_cancel", "subscription_update", "subscription_update_confirm")
_configurations: dict[tuple[str, str | None, str], str] = {}


@dataclass(frozen=True)
class Preview:
    """What a switch costs. `due_minor` is charged at once; where `is_later`, nothing is, and it counts from `at`."""

    currency: str
    due_minor: int
    lines: tuple[tuple[str, int], ...]
    is_later: bool
    at: dt.datetime


def visit(
    gateway: Gateway,
    customer_id: str,
    *,
    return_url: str,
    language: str,
    flow: str | None = None,
    subscription_id: str | None = None,
    price: Price | None = None,
) -> str:
    """The address of the portal, or of one of its FLOWS, which leads back to `return_url` when it is done.

    No transaction may be open. Raises NoSubscription where a flow needs a subscription.
    """
    subscription = (
        gateway.ask(lambda api: api.subscriptions.retrieve, subscription_id) if subscription_id else None
    )
    currency = subscription["currency"] if subscription else "eur"
    params: dict[str, Any] = {
        "customer": customer_id,
        "configuration": _configuration(gateway, return_url, currency),
        "return_url": return_url,
        "locale": language,
    }
    if flow is not None:
        done = {"type": "redirect", "redirect": {"return_url": return_url}}
        params["flow_data"] = {"type": flow, "after_completion": done}
        if flow.startswith("subscription_"):
            params["flow_data"][flow] = _of_subscription(gateway, subscription, price)
    return str(gateway.ask(lambda api: api.billing_portal.sessions.create, params)["url"])


def preview(gateway: Gateway, subscription_id: str, price: Price) -> Preview:
    """What a switch to the price costs now, tax and credit included; the portal asks for the same."""
    subscription = gateway.ask(lambda api: api.subscriptions.retrieve, subscription_id)
    item = subscription["items"]["data"][0]
    at = dt.datetime.fromtimestamp(item["current_period_end"], dt.UTC)
    if is_step_down(item["price"], price):
        return Preview(price.currency, 0, (), True, at)
    params = {
        "customer": subscription["customer"],
        "subscription": subscription_id,
        "subscription_details": {
            "items": [{"id": item["id"], "price": catalogue.price_id(gateway, price.lookup_key)}],
            "proration_behavior": "always_invoice",
        },
    }
    invoice = gateway.ask(lambda api: api.invoices.create_preview, params)
    lines = tuple((line["description"] or "", line["amount"]) for line in invoice["lines"]["data"])
    created = dt.datetime.fromtimestamp(invoice["created"], dt.UTC)
    return Preview(invoice["currency"].upper(), invoice["amount_due"], lines, False, created)


def is_step_down(before: Obj, price: Price) -> bool:
    """Whether a switch waits for the end of the period: to something cheaper, or from years to months."""
    intervals = (before["recurring"]["interval"], price.interval)
    if intervals[0] != intervals[1]:
        return intervals == ("year", "month")
    return bool(
        price.amount_minor < (before["unit_amount"] or 0)
    )  # a price in tiers has no amount of its own


def resume(gateway: Gateway, subscription_id: str) -> None:
    """Take a cancellation back, at the period's end or on a day, or a switch that waits; twice is harmless.

    The schedule of a switch goes first: Stripe changes no end of what a schedule rules."""
    found = gateway.ask(lambda api: api.subscriptions.retrieve, subscription_id)
    arranged.take_back(gateway, found)
    on_a_day = found["cancel_at"] and not found["cancel_at_period_end"]
    params: dict[str, Any] = {"cancel_at": ""} if on_a_day else {"cancel_at_period_end": False}
    gateway.ask(lambda api: api.subscriptions.update, subscription_id, params)


def _of_subscription(gateway: Gateway, subscription: Obj | None, price: Price | None) -> dict[str, Any]:
    if subscription is None:
        raise NoSubscription
    if price is None:
        return {"subscription": subscription["id"]}
    item: dict[str, Any] = {"id": subscription["items"]["data"][0]["id"], "quantity": 1}
    item["price"] = catalogue.price_id(gateway, price.lookup_key)
    return {"subscription": subscription["id"], "items": [item]}


def _configuration(gateway: Gateway, home: str, currency: str) -> str:
    """Our settings of the portal, made where they are missing and changed where they are old.

    One for each currency: it offers a product once a month and once a year, as Stripe wants it.
    """
    features = _features(catalogue.price_ids(gateway), currency)
    mark = idempotency("portal", features)["idempotency_key"]
    key = (gateway.billing.key, gateway.billing.api_url, mark)
    if key not in _configurations:
        _configurations[key] = _ensure_configuration(gateway, features, mark, (home, currency))
    return _configurations[key]


def _ensure_configuration(gateway: Gateway, features: Obj, mark: str, about: tuple[str, str]) -> str:
    home, currency = about
    listed = gateway.every(lambda api: api.billing_portal.configurations.list, {"active": True})
    found = next((one for one in listed if one["metadata"].get("app") == f"regulars {currency}"), None)
    params: Obj = {"features": features, "metadata": {"app": f"regulars {currency}", "mark": mark}}
    if found is None:
        params["default_return_url"] = home
        made = gateway.ask(
            lambda api: api.billing_portal.configurations.create, params, {"idempotency_key": mark}
        )
        return str(made["id"])
    if found["metadata"].get("mark") != mark:
        gateway.ask(lambda api: api.billing_portal.configurations.update, found["id"], params)
    return str(found["id"])


def _features(price_ids: dict[str, str], currency: str) -> Obj:
    products = []
    for plan in PLANS.values():
        keys = [price.lookup_key for price in PRICES.values() if price.plan == plan.code]
        prices = [price_ids[key] for key in keys if key.endswith(f"_{currency}")]
        if prices:
            products.append({"product": catalogue.product_id(plan), "prices": prices})
    later = [{"type": "decreasing_item_amount"}, {"type": "shortening_interval"}]
    return {
        "customer_update": {"enabled": True, "allowed_updates": ["name", "email", "address", "tax_id"]},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
        "subscription_update": {
            "enabled": True,
            "default_allowed_updates": ["price", "promotion_code"],
            "proration_behavior": "always_invoice",
            "products": products,
            "schedule_at_period_end": {"conditions": later},
        },
    }


def forget() -> None:
    """Look again at the next need."""
    _configurations.clear()
