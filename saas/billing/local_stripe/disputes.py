"""Disputes: a payment that its payer's bank takes back, until somebody wins."""

from __future__ import annotations

from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import Fault
from .periods import DAY
from .store import Obj, Store

PATH = "/v1/disputes"
WON, LOST = "winning_evidence", "losing_evidence"


def begin(store: Store, charge: Obj, reason: str) -> Obj:
    """The bank takes the money back and asks for evidence."""
    if charge["disputed"] or not charge["paid"]:
        raise Fault(f"Charge {charge['id']} can't be disputed.")
    now = store.now(charge["_clock"])
    dispute = store.add(
        {
            "id": store.new_id("du"),
            "object": "dispute",
            "amount": charge["amount"],
            "balance_transactions": [],
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {"enhanced_evidence": {}},
            "evidence_details": {
                "due_by": now + 9 * DAY,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "needs_response",
            "_clock": charge["_clock"],
        }
    )
    charge["disputed"] = True
    emit(store, "charge.dispute.created", dispute)
    emit(store, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide(store: Store, dispute: Obj, *, won: bool) -> Obj:
    with changing(store, dispute, None):
        dispute["status"] = "won" if won else "lost"
    emit(store, "charge.dispute.closed", dispute)
    if won:
        emit(store, "charge.dispute.funds_reinstated", dispute)
    return dispute


@answers("post", PATH + "/{dispute}", "evidence[uncategorized_text] submit metadata")
def update(call: Call) -> Obj:
    """Evidence; the two magic texts of Stripe's test mode decide the dispute at once."""
    store, dispute = call.store, call.store.live("dispute", call.id)
    if dispute["status"] in ("won", "lost"):
        raise Fault("This dispute is already closed")
    text = call.get("evidence", {}).get("uncategorized_text")
    with changing(store, dispute, "charge.dispute.updated"):
        if text is not None:
            dispute["evidence"] = {**dispute["evidence"], "uncategorized_text": text}
        details = dispute["evidence_details"]
        if text is not None and call.get("submit", True):
            submitted = {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
            dispute["evidence_details"] = {**details, "has_evidence": True, **submitted}
            dispute["status"] = "under_review"
        metadata(dispute, call.get("metadata"))
    if dispute["status"] == "under_review" and text in (WON, LOST):
        decide(store, dispute, won=text == WON)
    return dispute


@answers("post", PATH + "/{dispute}/close")
def close(call: Call) -> Obj:
    """Accept the loss."""
    return decide(call.store, call.store.live("dispute", call.id), won=False)


@answers("get", PATH, f"{PAGING} charge payment_intent")
def index(call: Call) -> Obj:
    rows = call.store.select("dispute")
    for name in ("charge", "payment_intent"):
        rows = [row for row in rows if call.get(name) in (None, row[name])]
    return call.page(rows)


retrievable("dispute", PATH + "/{dispute}")
