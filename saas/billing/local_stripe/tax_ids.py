"""Tax ids of customers: kept and shown on invoices; the verification says what Stripe's magic numbers say."""

from __future__ import annotations

from typing import Any

from .calls import PAGING, Call, answers, retrievable
from .events import emit
from .rendering import includable, listed
from .store import Obj, Store

PATH = "/v1/customers/{customer}/tax_ids"
VERIFICATION = {"111111111": "unverified", "222222222": "pending"}


def build(store: Store, customer_id: str, given: dict[str, Any]) -> Obj:
    value: str = given["value"]
    status = VERIFICATION.get("".join(c for c in value if c.isdigit()), "verified")
    tax_id = store.add(
        {
            "id": store.new_id("txi"),
            "object": "tax_id",
            "country": value[:2].upper() if value[:2].isalpha() else None,
            "created": store.now(),
            "customer": customer_id,
            "livemode": False,
            "owner": {
                "account": None,
                "application": None,
                "customer": customer_id,
                "customer_account": None,
                "type": "customer",
            },
            "type": given["type"],
            "value": value,
            "verification": {"status": status, "verified_address": None, "verified_name": None},
        }
    )
    emit(store, "customer.tax_id.created", tax_id)
    return tax_id


def shown(store: Store, customer_id: str) -> list[Obj]:
    """As invoices carry them."""
    rows = store.select("tax_id", customer=customer_id)
    return [{"type": row["type"], "value": row["value"]} for row in rows if not row.get("deleted")]


@answers("post", PATH, "type value")
def create(call: Call) -> Obj:
    return build(call.store, call.store.live("customer", call.id)["id"], call.params)


@answers("get", PATH, PAGING)
def index(call: Call) -> Obj:
    return call.page(call.store.select("tax_id", customer=call.store.live("customer", call.id)["id"]))


@answers("delete", PATH + "/{id}")
def delete(call: Call) -> Obj:
    tax_id = call.store.live("tax_id", call.ids["id"])
    emit(call.store, "customer.tax_id.deleted", tax_id)
    tax_id["deleted"] = True
    return {"id": tax_id["id"], "object": "tax_id", "deleted": True}


retrievable("tax_id", PATH + "/{id}")


@includable("customer", "tax_ids")
def of_customer(store: Store, customer: Obj) -> Obj:
    rows = [row for row in store.select("tax_id", customer=customer["id"]) if not row.get("deleted")]
    return listed(rows, f"/v1/customers/{customer['id']}/tax_ids")
