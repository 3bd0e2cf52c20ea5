"""Payments of invoices: which intent pays which invoice."""

from __future__ import annotations

from .calls import PAGING, Call, answers, retrievable
from .rendering import includable, listed
from .store import Obj, Store


@includable("invoice", "payments")
def payments_of(store: Store, invoice: Obj) -> Obj:
    rows = [row for row in store.select("invoice_payment") if row["invoice"] == invoice["id"]]
    return listed(rows, "/v1/invoice_payments")


@includable("invoice", "confirmation_secret")
def confirmation_secret(store: Store, invoice: Obj) -> Obj | None:
    intent = store.get(store.need("invoice", invoice["id"]).get("_intent"))
    return {"type": "payment_intent", "client_secret": intent["client_secret"]} if intent else None


@answers("get", "/v1/invoice_payments", f"{PAGING} invoice status payment[type payment_intent]")
def payments(call: Call) -> Obj:
    rows = call.store.select("invoice_payment")
    for name in ("invoice", "status"):
        rows = [row for row in rows if call.get(name) in (None, row[name])]
    intent = call.get("payment", {}).get("payment_intent")
    return call.page(row for row in rows if intent in (None, row["payment"]["payment_intent"]))


retrievable("invoice_payment", "/v1/invoice_payments/{invoice_payment}")
