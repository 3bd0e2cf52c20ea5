"""Refunds: money of a charge given back, in parts or all of it."""

from __future__ import annotations

from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import Fault
from .store import Obj, Store

PATH = "/v1/refunds"


def refund(store: Store, charge: Obj, amount: int | None, reason: str | None = None) -> Obj:
    """Give back `amount` minor units, or all that is left; raises 400 for more than that."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    wanted = left if amount is None else amount
    if left == 0:
        raise Fault(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < wanted <= left:
        raise Fault(
            f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})", param="amount"
        )
    made = store.add(
        {
            "id": store.new_id("re"),
            "object": "refund",
            "amount": wanted,
            "charge": charge["id"],
            "created": store.now(charge["_clock"]),
            "currency": charge["currency"],
            "destination_details": None,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "succeeded",
            "_clock": charge["_clock"],
        }
    )
    emit(store, "refund.created", made)
    with changing(store, charge, "charge.refunded"):
        charge["amount_refunded"] += wanted
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    return made


@answers("post", PATH, "charge payment_intent amount reason metadata")
def create(call: Call) -> Obj:
    store, charge_id = call.store, call.get("charge")
    if call.get("payment_intent"):
        charge_id = store.live("payment_intent", call.params["payment_intent"], "payment_intent").get(
            "latest_charge"
        )
    if not charge_id:
        raise Fault(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    made = refund(store, store.live("charge", charge_id, "charge"), call.get("amount"), call.get("reason"))
    metadata(made, call.get("metadata"))
    return made


@answers("get", PATH, f"{PAGING} charge payment_intent")
def index(call: Call) -> Obj:
    rows = call.store.select("refund")
    for name in ("charge", "payment_intent"):
        rows = [row for row in rows if call.get(name) in (None, row[name])]
    return call.page(rows)


retrievable("refund", PATH + "/{refund}")
