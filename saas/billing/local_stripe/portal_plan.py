"""What the portal offers of other plans: which prices, when a change counts, and what is asked of Stripe for it."""

from __future__ import annotations

from typing import Any

from flask import abort, request

from . import discounts, prices
from .portal_visit import Visit
from .store import Obj


def is_now(here: Visit, subscription: Obj, price: Obj) -> bool:
    """Whether the preview is an invoice of today, not the next one."""
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    same = recurring["interval"] == price["recurring"]["interval"]
    behavior = here.features["subscription_update"]["proration_behavior"]
    return not same or behavior == "always_invoice" or subscription["status"] == "trialing"


def offers_for(here: Visit, subscription: Obj) -> list[Obj]:
    """The prices that the configuration offers in the subscription's currency."""
    changes = here.need("subscription_update")
    offers = []
    for product in changes["products"] or []:
        name = here.store.need("product", product["product"])["name"]
        for id_ in product["prices"]:
            price = here.store.live("price", id_)
            if price["active"] and subscription["currency"] in price["_options"]:
                amount = prices.amount(price, subscription["currency"])
                interval = price["recurring"]["interval"]
                offers.append({"id": id_, "name": name, "amount": amount, "interval": interval})
    return offers


def wanted_items(here: Visit, subscription: Obj) -> list[dict[str, Any]]:
    """The items of the flow, or the one that was chosen on the page; only what is offered."""
    flow = here.flow
    offered = {offer["id"] for offer in offers_for(here, subscription)}
    item = subscription["items"]["data"][0]
    if flow and flow["type"] == "subscription_update_confirm":
        items = [{k: v for k, v in one.items() if v is not None} for one in flow[flow["type"]]["items"]]
    else:
        items = [{"id": item["id"], "price": request.values.get("price", "")}]
    if any(one.get("price", item["price"]["id"]) not in offered for one in items):
        abort(404)
    return items


def given_for(here: Visit, subscription: Obj, items: list[dict[str, Any]]) -> dict[str, Any]:
    changes = here.features["subscription_update"]
    given: dict[str, Any] = {"items": items, "proration_behavior": changes["proration_behavior"]}
    if subscription["status"] == "trialing" and changes["trial_update_behavior"] == "end_trial":
        given["trial_end"] = "now"
    flow = here.flow
    offered = (
        (flow[flow["type"]] or {}).get("discounts") if flow and flow["type"].endswith("confirm") else None
    )
    if offered:
        given["discounts"] = [{k: v for k, v in one.items() if v} for one in offered]
        for one in given["discounts"]:
            if one.get("coupon"):
                discounts.check_coupon(here.store.live("coupon", one["coupon"]), here.store.now())
    return given


def is_later(here: Visit, subscription: Obj, items: list[dict[str, Any]]) -> bool:
    """Whether the configuration lets this change wait for the end of the period."""
    conditions = {
        one["type"] for one in here.features["subscription_update"]["schedule_at_period_end"]["conditions"]
    }
    item = subscription["items"]["data"][0]
    price = here.store.live("price", items[0].get("price") or item["price"]["id"])
    days = {"day": 1, "week": 7, "month": 30, "year": 365}
    now, then = days[item["price"]["recurring"]["interval"]], days[price["recurring"]["interval"]]
    shorter = then < now
    cheaper = prices.amount(price, subscription["currency"]) / then < item["plan"]["amount"] / now
    if subscription["status"] == "trialing":
        return False
    return ("decreasing_item_amount" in conditions and cheaper) or (
        "shortening_interval" in conditions and shorter
    )


def priced(subscription: Obj, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    item = subscription["items"]["data"][0]
    return [
        {"price": one.get("price", item["price"]["id"]), "quantity": one.get("quantity", item["quantity"])}
        for one in items
    ]
