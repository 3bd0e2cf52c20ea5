"""What a Checkout session will cost: today, and after the trial."""

from __future__ import annotations

from typing import Any

from . import prices
from .faults import Fault
from .periods import DAY
from .store import Obj, Store


def currency(store: Store, session: Obj) -> str:
    """The session's currency: as asked, else as the customer paid before, else the price's own."""
    price = store.live("price", session["_items"][0].get("price", ""), "line_items[0][price]")
    customer = store.get(session["customer"])
    own = customer["currency"] if customer and customer["currency"] in price["_options"] else None
    found: str = session["_currency"] or own or price["currency"]
    return found.lower()


def trial_end(store: Store, session: Obj) -> int | None:
    details = session["_details"]
    customer = store.get(session["customer"])
    if details["trial_days"]:
        return store.now(customer["_clock"] if customer else None) + int(details["trial_days"]) * DAY
    end: int | None = details["trial_end"]
    return end


def items(store: Store, session: Obj) -> list[Obj]:
    """The session's line items, each with what it costs in a full period, or nothing while the trial lasts."""
    code = currency(store, session)
    is_trial = trial_end(store, session) is not None
    rows = []
    for n, item in enumerate(session["_items"]):
        param = f"line_items[{n}][price]"
        price = store.live("price", item.get("price", ""), param)
        if price["recurring"] is None or not price["active"]:
            raise Fault(
                "You must provide at least one active recurring price in `subscription` mode.", param=param
            )
        quantity = item.get("quantity", 1)
        full = prices.amount(price, code, param) * quantity
        today = 0 if is_trial else full
        product = store.need("product", price["product"])
        rows.append(
            {
                "id": f"li_{session['id'][8:20]}{n}",
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": today,
                "amount_tax": 0,
                "amount_total": today,
                "currency": code,
                "description": product["name"],
                "price": price,
                "quantity": quantity,
                "_full": full,
            }
        )
    return rows


def sum_up(store: Store, session: Obj) -> None:
    """Write the sums into the session."""
    rows = items(store, session)
    subtotal = sum(row["amount_subtotal"] for row in rows)
    off = min(subtotal, sum(_off(store, one, rows) for one in session["discounts"]))
    session |= {
        "amount_subtotal": subtotal,
        "amount_total": subtotal - off,
        "currency": rows[0]["currency"],
        "total_details": {"amount_discount": off, "amount_shipping": 0, "amount_tax": 0},
    }


def _off(store: Store, given: dict[str, Any], rows: list[Obj]) -> int:
    promotion = store.get(given["promotion_code"]) if given.get("promotion_code") else None
    coupon_id = promotion["promotion"]["coupon"] if promotion else given["coupon"]
    coupon = store.live("coupon", coupon_id or "", "discounts[0][coupon]")
    only = (coupon["applies_to"] or {}).get("products")
    base = sum(row["amount_subtotal"] for row in rows if not only or row["price"]["product"] in only)
    if coupon["percent_off"] is not None:
        return round(base * coupon["percent_off"] / 100)
    return min(base, coupon["amount_off"]) if coupon["currency"] == rows[0]["currency"] else 0
