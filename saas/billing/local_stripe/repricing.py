"""Other items on a running subscription: the rest of the period prorated, a new cycle where the interval changes."""

from __future__ import annotations

from typing import Any

from . import invoice_items, invoice_lines, invoices, prices, subscription_end
from .calls import metadata
from .faults import Fault
from .periods import add
from .store import Obj, Store
from .subscription_items import build_item


def reprice(store: Store, customer: Obj, subscription: Obj, given: dict[str, Any]) -> Obj | None:
    """Other items or another end of the trial. An interval that changes begins a new period and is paid at once."""
    now = store.now(subscription["_clock"])
    at = min(max(given.get("proration_date", now), subscription_end.period_of(subscription)[0]), now)
    behavior = given.get("proration_behavior", "create_prorations")
    before = subscription["items"]["data"]
    after = _new_items(store, subscription, given.get("items") or [])
    ends_trial = "trial_end" in given and subscription["status"] == "trialing"
    was_trial = subscription["status"] == "trialing"
    new_cycle = _interval(before) != _interval(after) and not was_trial
    if behavior != "none" and not was_trial and subscription["status"] not in ("incomplete", "paused"):
        _prorate(store, customer, subscription, before, after, at, charge=not new_cycle)
    subscription["items"] = {**subscription["items"], "data": after}
    if "trial_end" in given:
        _move_trial(subscription, given["trial_end"], now)
    is_over = ends_trial and subscription["trial_end"] <= now
    if new_cycle or is_over:
        lines = restart(store, subscription, now)
        return invoices.build(store, customer, subscription, _reason(is_over), lines, (now, now))
    if behavior == "always_invoice" and not was_trial and _changed(before, after):
        start = subscription_end.period_of(subscription)[0]
        invoice = invoices.build(store, customer, subscription, "subscription_update", [], (start, now))
        return invoice if invoice["lines"]["data"] else None
    return None


def _reason(is_trial_over: bool) -> str:
    return "subscription_cycle" if is_trial_over else "subscription_update"


def restart(store: Store, subscription: Obj, now: int) -> list[Obj]:
    """A new period from now on; answers the lines that it costs."""
    items = subscription["items"]["data"]
    recurring = items[0]["price"]["recurring"]
    end = add(now, recurring["interval"], recurring["interval_count"], now)
    for item in items:
        item |= {"current_period_start": now, "current_period_end": end}
    subscription["billing_cycle_anchor"] = now
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    return [invoice_lines.full_period(store, subscription, item, now, end) for item in items]


def _move_trial(subscription: Obj, wanted: int | str, now: int) -> None:
    end = now if wanted == "now" else int(wanted)
    if end > now:
        subscription |= {
            "status": "trialing",
            "trial_start": subscription["trial_start"] or now,
            "_warned": False,
        }
        for item in subscription["items"]["data"]:
            item["current_period_end"] = end
        subscription["billing_cycle_anchor"] = end
    subscription["trial_end"] = min(end, now) if wanted == "now" else end


def _new_items(store: Store, subscription: Obj, given: list[dict[str, Any]]) -> list[Obj]:
    items = {item["id"]: dict(item) for item in subscription["items"]["data"]}
    period = subscription_end.period_of(subscription)
    for n, change in enumerate(given):
        param = f"items[{n}]"
        id_ = change.get("id")
        if id_ and id_ not in items:
            raise Fault(f"No such subscription item: '{id_}'", code="resource_missing", param=f"{param}[id]")
        if id_ and change.get("deleted"):
            del items[id_]
            continue
        price = store.live("price", change["price"], f"{param}[price]") if "price" in change else None
        if price and not price["active"]:
            raise Fault(
                "The price specified is inactive. This field only accepts active prices.",
                param=f"{param}[price]",
            )
        if id_:
            _take(items[id_], subscription, price, change)
        elif price:
            item = build_item(
                store, subscription, price, change.get("quantity", 1), change.get("metadata", {}), period
            )
            items[item["id"]] = item
    if not items:
        raise Fault("A subscription must have at least one active plan.", param="items")
    return list(items.values())


def _take(item: Obj, subscription: Obj, price: Obj | None, change: dict[str, Any]) -> None:
    if price:
        item |= {"price": price, "plan": prices.plan(price, subscription["currency"])}
    item["quantity"] = change.get("quantity", item["quantity"])
    metadata(item, change.get("metadata"))


def _prorate(
    store: Store,
    customer: Obj,
    subscription: Obj,
    before: list[Obj],
    after: list[Obj],
    at: int,
    *,
    charge: bool,
) -> None:
    kept = {item["id"]: item for item in after}
    known = {item["id"]: item for item in before}
    for item in before:
        if not charge or item["id"] not in kept or _cost(item) != _cost(kept[item["id"]]):
            invoice_items.prorate(store, customer, subscription, item, at, credit=True)
    for item in after if charge else []:
        if item["id"] not in known or _cost(item) != _cost(known[item["id"]]):
            invoice_items.prorate(store, customer, subscription, item, at, credit=False)


def _cost(item: Obj) -> tuple[str, int]:
    return item["price"]["id"], item["quantity"]


def _changed(before: list[Obj], after: list[Obj]) -> bool:
    return {item["id"]: _cost(item) for item in before} != {item["id"]: _cost(item) for item in after}


def _interval(items: list[Obj]) -> tuple[str, int]:
    recurring = items[0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]
