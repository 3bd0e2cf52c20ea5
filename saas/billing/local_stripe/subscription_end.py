"""How subscriptions end, and when something happens to them next."""

from __future__ import annotations

from .events import changing, emit
from .faults import Fault
from .periods import DAY
from .store import Obj, Store

OVER = ("canceled", "incomplete_expired")
FIRST_PAYMENT = 23 * 3600  # what an incomplete subscription has for it
WARNED = 3 * DAY


def period_of(subscription: Obj) -> tuple[int, int]:
    item = subscription["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def next_due(subscription: Obj) -> int | None:
    """The next moment at which something happens by itself."""
    status = subscription["status"]
    if status in OVER:
        return None
    if status == "incomplete":
        return int(subscription["created"]) + FIRST_PAYMENT
    moments = [subscription["cancel_at"], (subscription["pause_collection"] or {}).get("resumes_at")]
    if status == "trialing":
        moments.append(subscription["trial_end"])
        if not subscription["_warned"]:
            moments.append(max(subscription["trial_end"] - WARNED, subscription["created"]))
    elif status != "paused":
        moments.append(period_of(subscription)[1])
    return min((moment for moment in moments if moment is not None), default=None)


def cancel_now(store: Store, subscription: Obj, reason: str, details: Obj | None = None) -> Obj:
    """The end, at once. Open invoices stay open, but nobody collects them any more."""
    if subscription["status"] in OVER:
        raise Fault(
            f"No such subscription: '{subscription['id']}'", status=404, code="resource_missing", param="id"
        )
    now = store.now(subscription["_clock"])
    subscription |= {
        "status": "canceled",
        "canceled_at": subscription["canceled_at"] or now,
        "ended_at": now,
        "cancellation_details": {**subscription["cancellation_details"], "reason": reason, **(details or {})},
        "_due": None,
    }
    stop_collecting(store, subscription)
    release_schedule(store, subscription)
    emit(store, "customer.subscription.deleted", subscription)
    return subscription


def expire(store: Store, subscription: Obj) -> None:
    """The first payment never came."""
    from .collection import void

    with changing(store, subscription, "customer.subscription.updated"):
        subscription |= {
            "status": "incomplete_expired",
            "ended_at": store.now(subscription["_clock"]),
            "_due": None,
        }
    invoice = store.get(subscription["latest_invoice"])
    if invoice and invoice["status"] == "open":
        void(store, invoice)


def stop_collecting(store: Store, subscription: Obj) -> None:
    for invoice in store.select("invoice", subscription=subscription["id"]):
        if invoice["status"] in ("draft", "open"):
            invoice |= {"auto_advance": False, "next_payment_attempt": None, "_due": None}


def release_schedule(store: Store, subscription: Obj) -> None:
    schedule = store.get(subscription["schedule"])
    if schedule and schedule["status"] in ("active", "not_started"):
        schedule |= {
            "status": "released",
            "released_at": store.now(subscription["_clock"]),
            "subscription": None,
        }
        schedule["released_subscription"] = subscription["id"]
        subscription["schedule"] = None
        emit(store, "subscription_schedule.released", schedule)
