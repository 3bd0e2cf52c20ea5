"""Pending items: what the next invoice takes in, prorations among them."""

from __future__ import annotations

from . import prices
from .calls import PAGING, Call, answers, metadata, retrievable
from .events import emit
from .faults import Fault
from .invoice_lines import line_of, pricing
from .periods import day
from .store import Obj, Store

PATH = "/v1/invoiceitems"


def pending(
    store: Store,
    customer: Obj,
    amount: int,
    currency: str,
    text: str | None,
    *,
    subscription: str | None = None,
    price: Obj | None = None,
    quantity: int = 1,
    period: tuple[int, int] | None = None,
    proration: bool = False,
) -> Obj:
    """Something that the customer's next invoice will charge, or give back."""
    now = store.now(customer["_clock"])
    start, end = period or (now, now)
    item = store.add(
        {
            "id": store.new_id("ii"),
            "object": "invoiceitem",
            "amount": amount,
            "currency": currency,
            "customer": customer["id"],
            "date": now,
            "description": text,
            "discountable": True,
            "discounts": [],
            "livemode": False,
            "metadata": {},
            "net_amount": amount,
            "parent": _of_subscription(subscription),
            "period": {"start": start, "end": end},
            "pricing": pricing(price, amount // quantity),
            "proration": proration,
            "proration_details": {"credited_items": None, "discount_amounts": []} if proration else None,
            "quantity": quantity,
            "quantity_decimal": str(quantity),
            "_clock": customer["_clock"],
        }
    )
    emit(store, "invoiceitem.created", item)
    return item


def take_pending(store: Store, customer: Obj, subscription: Obj | None, currency: str) -> list[Obj]:
    """The items that wait for an invoice of this subscription, as its lines; they belong to it from now on."""
    mine = {None, subscription["id"] if subscription else None}
    waiting = [
        item
        for item in store.select("invoiceitem", customer=customer["id"])
        if item.get("invoice") is None
        and not item.get("deleted")
        and item["currency"] == currency
        and _subscription_of(item) in mine
    ]
    return [_from_item(store, item) for item in reversed(waiting)]


def _from_item(store: Store, item: Obj) -> Obj:
    line = line_of(
        store,
        None,
        item["amount"],
        item["quantity"],
        (item["period"]["start"], item["period"]["end"]),
        item["description"],
    )
    line |= {
        "currency": item["currency"],
        "discountable": item["discountable"],
        "pricing": item["pricing"],
        "subscription": _subscription_of(item),
        "parent": {
            "type": "invoice_item_details",
            "subscription_item_details": None,
            "invoice_item_details": {
                "invoice_item": item["id"],
                "proration": item["proration"],
                "proration_details": {"credited_items": None},
                "subscription": _subscription_of(item),
            },
        },
    }
    return line


def _of_subscription(id_: str | None) -> Obj | None:
    if id_ is None:
        return None
    return {
        "type": "subscription_details",
        "subscription_details": {"subscription": id_, "subscription_item": None},
    }


def _subscription_of(item: Obj) -> str | None:
    return item["parent"]["subscription_details"]["subscription"] if item["parent"] else None


@answers("post", PATH, "customer amount currency description discountable metadata subscription")
def create(call: Call) -> Obj:
    given, store = call.params, call.store
    if "customer" not in given or "amount" not in given:
        raise Fault(
            "Missing required param: customer and amount.", code="parameter_missing", param="customer"
        )
    customer = store.live("customer", given["customer"], "customer")
    currency = given.get("currency") or customer["currency"] or "usd"
    item = pending(
        store,
        customer,
        given["amount"],
        currency,
        given.get("description"),
        subscription=given.get("subscription"),
    )
    item["discountable"] = given.get("discountable", True)
    metadata(item, given.get("metadata"))
    return item


@answers("get", PATH, f"{PAGING} customer pending invoice")
def index(call: Call) -> Obj:
    rows = call.store.select("invoiceitem", customer=call.get("customer"))
    if "pending" in call.params:
        rows = [row for row in rows if (row.get("invoice") is None) is call.params["pending"]]
    if "invoice" in call.params:
        rows = [row for row in rows if row.get("invoice") == call.params["invoice"]]
    return call.page(rows)


@answers("delete", PATH + "/{invoiceitem}")
def delete(call: Call) -> Obj:
    item = call.store.live("invoiceitem", call.id)
    if item.get("invoice"):
        raise Fault("This invoice item is already attached to an invoice.")
    emit(call.store, "invoiceitem.deleted", item)
    item["deleted"] = True
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


retrievable("invoiceitem", PATH + "/{invoiceitem}")


def prorate(store: Store, customer: Obj, subscription: Obj, item: Obj, at: int, *, credit: bool) -> None:
    """Give back the unused rest of an item's period, or charge the rest of it; rounded to the minor unit."""
    price, quantity = store.need("price", item["price"]["id"]), item["quantity"]
    start, end = item["current_period_start"], item["current_period_end"]
    full = prices.amount(price, subscription["currency"]) * quantity
    part = round(full * (end - at) / (end - start))
    name = store.need("product", price["product"])["name"]
    count = f"{quantity} × " if quantity > 1 else ""
    text = f"{'Unused time on' if credit else 'Remaining time on'} {count}{name} after {day(at)}"
    pending(
        store,
        customer,
        -part if credit else part,
        subscription["currency"],
        text,
        subscription=subscription["id"],
        price=price,
        quantity=quantity,
        period=(at, end),
        proration=True,
    )
