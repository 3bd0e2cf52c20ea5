"""Lines of invoices: full periods, trials and prorations, and the pending items that the next invoice takes in."""

from __future__ import annotations

from . import prices
from .store import Obj, Store


def full_period(
    store: Store, subscription: Obj, item: Obj, start: int, end: int, *, is_trial: bool = False
) -> Obj:
    """What one item costs for one period; nothing while the trial lasts."""
    price, quantity = store.need("price", item["price"]["id"]), item["quantity"]
    units = prices.amount(price, subscription["currency"])
    name = store.need("product", price["product"])["name"]
    sum_of_money = f"{units / 100:.2f} {subscription['currency'].upper()}"
    text = (
        f"Trial period for {name}"
        if is_trial
        else f"{quantity} × {name} (at {sum_of_money} / {_often(price)})"
    )
    line = line_of(store, price, 0 if is_trial else units * quantity, quantity, (start, end), text)
    line["subscription"] = subscription["id"]
    line["currency"] = subscription["currency"]
    line["metadata"] = subscription["metadata"]
    line["parent"] = {
        "type": "subscription_item_details",
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": subscription["id"],
            "subscription_item": item["id"],
        },
    }
    return line


def line_of(
    store: Store, price: Obj | None, amount: int, quantity: int, period: tuple[int, int], text: str | None
) -> Obj:
    return {
        "id": store.new_id("il"),
        "object": "line_item",
        "amount": amount,
        "description": text,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "livemode": False,
        "metadata": {},
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": pricing(price, amount // quantity),
        "quantity": quantity,
        "subtotal": amount,
        "taxes": [],
    }


def pricing(price: Obj | None, units: int) -> Obj | None:
    if price is None:
        return None
    details = {"price": price["id"], "product": price["product"]}
    return {"type": "price_details", "price_details": details, "unit_amount_decimal": str(units)}


def _often(price: Obj) -> str:
    recurring = price["recurring"]
    count = recurring["interval_count"]
    return recurring["interval"] if count == 1 else f"every {count} {recurring['interval']}s"
