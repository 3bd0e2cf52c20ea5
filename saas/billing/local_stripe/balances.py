"""Balances of customers: credit that the next invoices use up, with every movement on record."""

from __future__ import annotations

from .calls import PAGING, Call, answers
from .events import changing
from .store import Obj, Store


@answers("get", "/v1/customers/{customer}/balance_transactions", PAGING)
def balance_transactions(call: Call) -> Obj:
    customer = call.store.live("customer", call.id)
    return call.page(call.store.select("customer_balance_transaction", customer=customer["id"]))


def change(
    store: Store, customer: Obj, amount: int, currency: str, kind: str, invoice: str | None = None
) -> None:
    """Move the customer's credit: a negative amount is money we owe them."""
    with changing(store, customer, "customer.updated"):
        customer["balance"] += amount
        customer["currency"] = customer["currency"] or currency
    store.add(
        {
            "id": store.new_id("cbtxn"),
            "object": "customer_balance_transaction",
            "amount": amount,
            "created": store.now(customer["_clock"]),
            "currency": currency,
            "customer": customer["id"],
            "ending_balance": customer["balance"],
            "invoice": invoice,
            "livemode": False,
            "metadata": {},
            "type": kind,
            "_clock": customer["_clock"],
        }
    )
