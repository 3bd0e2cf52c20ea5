"""Products: what is sold; their prices stand beside them."""

from __future__ import annotations

from typing import Any

from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import Fault
from .store import Obj, Store

PATH = "/v1/products"
PLAIN = ("description", "statement_descriptor", "tax_code", "unit_label", "url")


def build(store: Store, given: dict[str, Any]) -> Obj:
    if given.get("id") and store.get(given["id"]):
        raise Fault(f"Product already exists: {given['id']}", code="resource_already_exists", param="id")
    now = store.now()
    product: Obj = {
        "id": given.get("id") or store.new_id("prod", 14),
        "object": "product",
        "active": given.get("active", True),
        "created": now,
        "default_price": None,
        "images": given.get("images") or [],
        "livemode": False,
        "marketing_features": given.get("marketing_features") or [],
        "metadata": {},
        "name": given["name"],
        "type": "service",
        "updated": now,
        **{name: given.get(name) or None for name in PLAIN},
    }
    metadata(product, given.get("metadata"))
    store.add(product)
    emit(store, "product.created", product)
    return product


@answers(
    "post",
    PATH,
    "id name active description metadata images marketing_features statement_descriptor tax_code"
    " unit_label url",
)
def create(call: Call) -> Obj:
    return build(call.store, call.params)


@answers(
    "post",
    PATH + "/{id}",
    "name active description metadata images marketing_features default_price"
    " statement_descriptor tax_code unit_label url",
)
def update(call: Call) -> Obj:
    product = call.store.live("product", call.id)
    if call.get("default_price"):
        call.store.live("price", call.params["default_price"], "default_price")
    with changing(call.store, product, "product.updated"):
        for name in ("name", "active", "images", "marketing_features", "default_price", *PLAIN):
            if name in call.params:
                product[name] = call.params[name] or (False if name == "active" else None)
        product["images"] = product["images"] or []
        product["marketing_features"] = product["marketing_features"] or []
        metadata(product, call.get("metadata"))
        product["updated"] = call.store.now()
    return product


@answers("get", PATH, f"{PAGING} active ids")
def index(call: Call) -> Obj:
    rows = call.store.select("product")
    if "active" in call.params:
        rows = [row for row in rows if row["active"] is call.params["active"]]
    if "ids" in call.params:
        rows = [row for row in rows if row["id"] in call.params["ids"]]
    return call.page(rows)


@answers("delete", PATH + "/{id}")
def delete(call: Call) -> Obj:
    """Only without prices, as with Stripe."""
    product = call.store.live("product", call.id)
    if any(price["product"] == product["id"] for price in call.store.select("price")):
        raise Fault("This product cannot be deleted because it has one or more user-created prices.")
    emit(call.store, "product.deleted", product)
    product["deleted"] = True
    return {"id": product["id"], "object": "product", "deleted": True}


retrievable("product", PATH + "/{id}")
