"""Prices: what a product costs, how often, and in which currencies."""

from __future__ import annotations

from typing import Any

from . import products
from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import Fault, NotModelled
from .rendering import includable
from .store import Obj, Store

PATH = "/v1/prices"


@answers(
    "post",
    PATH,
    "currency unit_amount active nickname metadata lookup_key transfer_lookup_key tax_behavior"
    " billing_scheme product product_data[id name active metadata statement_descriptor tax_code"
    " unit_label] recurring[interval interval_count usage_type]"
    " currency_options[unit_amount tax_behavior]",
)
def create(call: Call) -> Obj:
    given, store = call.params, call.store
    if ("product" in given) == ("product_data" in given):
        raise Fault(
            "You must specify either `product` or `product_data` when creating a price.", param="product"
        )
    if "unit_amount" not in given:
        raise Fault("You must specify `unit_amount`.", code="parameter_missing", param="unit_amount")
    if given.get("billing_scheme", "per_unit") != "per_unit":
        raise NotModelled("tiered prices")
    product = (
        store.live("product", given["product"], "product")
        if "product" in given
        else products.build(store, given["product_data"])
    )
    price: Obj = {
        "id": store.new_id("price"),
        "object": "price",
        "active": given.get("active", True),
        "billing_scheme": "per_unit",
        "created": store.now(),
        "currency": _currency(given["currency"]),
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": given.get("nickname"),
        "product": product["id"],
        "recurring": _recurring(given.get("recurring")),
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "type": "recurring" if given.get("recurring") else "one_time",
        "unit_amount": given["unit_amount"],
        "unit_amount_decimal": str(given["unit_amount"]),
        "_options": _options(given),
    }
    metadata(price, given.get("metadata"))
    _look_up(store, price, given)
    store.add(price)
    emit(store, "price.created", price)
    return price


@answers("post", PATH + "/{price}", "active nickname metadata lookup_key transfer_lookup_key tax_behavior")
def update(call: Call) -> Obj:
    price = call.store.live("price", call.id)
    with changing(call.store, price, "price.updated"):
        for name in ("active", "nickname", "tax_behavior"):
            if name in call.params:
                price[name] = call.params[name]
        _look_up(call.store, price, call.params)
        metadata(price, call.get("metadata"))
    return price


@answers("get", PATH, f"{PAGING} active currency product type lookup_keys recurring[interval usage_type]")
def index(call: Call) -> Obj:
    rows = call.store.select("price")
    for name in ("active", "currency", "product", "type"):
        if name in call.params:
            rows = [row for row in rows if row[name] == call.params[name]]
    if "lookup_keys" in call.params:
        rows = [row for row in rows if row["lookup_key"] in call.params["lookup_keys"]]
    for name, value in call.get("recurring", {}).items():
        rows = [row for row in rows if row["recurring"] and row["recurring"][name] == value]
    return call.page(rows)


retrievable("price", PATH + "/{price}")


@includable("price", "currency_options")
def currency_options(store: Store, price: Obj) -> Obj:
    return {
        currency: {
            "custom_unit_amount": None,
            "tax_behavior": option["tax_behavior"],
            "unit_amount": option["unit_amount"],
            "unit_amount_decimal": str(option["unit_amount"]),
        }
        for currency, option in store.need("price", price["id"])["_options"].items()
    }


def amount(price: Obj, currency: str, param: str = "items[0][price]") -> int:
    """What one unit costs in a currency; raises 400 where the price isn't offered in it."""
    option = price["_options"].get(currency)
    if option is None:
        raise Fault(
            f"The price specified only supports `{price['currency']}`. This doesn't match the expected currency:"
            f" `{currency}`.",
            param=param,
        )
    found: int = option["unit_amount"]
    return found


def plan(price: Obj, currency: str) -> Obj:
    """The older shape of a price, which subscription items still carry."""
    units = amount(price, currency)
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": units,
        "amount_decimal": str(units),
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": currency,
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "nickname": price["nickname"],
        "product": price["product"],
        "usage_type": recurring["usage_type"],
    }


def _currency(code: str) -> str:
    if len(code) != 3 or not code.isalpha():
        raise Fault(f"Invalid currency: {code}.", param="currency")
    return code.lower()


def _recurring(given: dict[str, Any] | None) -> Obj | None:
    if given is None:
        return None
    if given.get("usage_type", "licensed") != "licensed":
        raise NotModelled("metered prices")
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def _options(given: dict[str, Any]) -> Obj:
    own = {"unit_amount": given["unit_amount"], "tax_behavior": given.get("tax_behavior", "unspecified")}
    options = {
        _currency(code): {"tax_behavior": "unspecified", "unit_amount": 0, **option}
        for code, option in given.get("currency_options", {}).items()
    }
    return {_currency(given["currency"]): own, **options}


def _look_up(store: Store, price: Obj, given: dict[str, Any]) -> None:
    """A lookup key stands for one price; it moves only when that is asked for."""
    if "lookup_key" not in given:
        return
    key = given["lookup_key"] or None
    for other in store.select("price") if key else []:
        if other["lookup_key"] == key and other["id"] != price["id"]:
            if not given.get("transfer_lookup_key"):
                raise Fault(
                    f"A price (`{other['id']}`) already uses that lookup key. If you want to transfer the lookup key to"
                    " this price, use `transfer_lookup_key=true`.",
                    param="lookup_key",
                )
            other["lookup_key"] = None
    price["lookup_key"] = key
