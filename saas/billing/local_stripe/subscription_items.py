"""Items of subscriptions: prices chosen, checked, and put into a period."""

from __future__ import annotations

from typing import Any

from . import prices
from .calls import PAGING, Call, answers
from .faults import Fault, NotModelled
from .periods import add
from .rendering import listed
from .store import Obj, Store


def chosen(store: Store, given: dict[str, Any], place: int) -> tuple[Obj, int, dict[str, str]]:
    param = f"items[{place}][price]"
    if not given.get("price"):
        raise Fault(f"Missing required param: {param}.", code="parameter_missing", param=param)
    price = store.live("price", given["price"], param)
    if not price["active"]:
        raise Fault("The price specified is inactive. This field only accepts active prices.", param=param)
    if price["recurring"] is None:
        raise Fault(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            param=param,
        )
    return price, given.get("quantity", 1), given.get("metadata", {})


def currency_of(customer: Obj, chosen: list[tuple[Obj, int, dict[str, str]]], wanted: str | None) -> str:
    first = chosen[0][0]
    own = customer["currency"] if customer["currency"] in first["_options"] else None
    currency: str = (wanted or own or first["currency"]).lower()
    for n, (price, _, _) in enumerate(chosen):
        prices.amount(price, currency, f"items[{n}][price]")
        if price["recurring"]["interval"] != first["recurring"]["interval"]:
            raise NotModelled("prices of different intervals in one subscription")
    if customer["currency"] and customer["currency"] != currency:
        raise Fault(
            "You cannot combine currencies on a single customer. This customer has an active subscription,"
            f" subscription schedule, discount, quote, or invoice item with currency {customer['currency']}",
            param="currency",
        )
    return currency


def add_items(
    store: Store,
    subscription: Obj,
    chosen: list[tuple[Obj, int, dict[str, str]]],
    now: int,
    trial_end: int | None,
) -> None:
    recurring = chosen[0][0]["recurring"]
    end = trial_end or add(now, recurring["interval"], recurring["interval_count"], now)
    items = [build_item(store, subscription, price, count, meta, (now, end)) for price, count, meta in chosen]
    subscription["items"] = listed(items, f"/v1/subscription_items?subscription={subscription['id']}")


def build_item(
    store: Store,
    subscription: Obj,
    price: Obj,
    quantity: int,
    metadata: dict[str, str],
    period: tuple[int, int],
) -> Obj:
    return {
        "id": store.new_id("si", 14),
        "object": "subscription_item",
        "created": store.now(subscription["_clock"]),
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": [],
        "metadata": metadata,
        "plan": prices.plan(price, subscription["currency"]),
        "price": price,
        "quantity": quantity,
        "subscription": subscription["id"],
        "tax_rates": [],
    }


@answers("get", "/v1/subscription_items", f"{PAGING} subscription")
def items(call: Call) -> Obj:
    return call.page(
        call.store.live("subscription", call.params["subscription"], "subscription")["items"]["data"]
    )
