"""What time does to a subscription: trials end, periods renew, cancellations come true."""

from __future__ import annotations

from . import invoice_lines, invoices, schedules, subscription_end
from .events import changing, emit
from .happenings import happens
from .periods import add
from .store import Obj, Store
from .subscription_end import next_due, period_of

DRAFT = 3600  # what a renewal's invoice stays a draft for


@happens("subscription")
def due(store: Store, subscription: Obj) -> None:
    """One step; where more is due at the same moment, it comes again."""
    now = store.now()
    pause = subscription["pause_collection"] or {}
    if subscription["status"] == "incomplete":
        subscription_end.expire(store, subscription)
    elif (pause.get("resumes_at") or now + 1) <= now:
        with changing(store, subscription, "customer.subscription.updated"):
            subscription["pause_collection"] = None
    elif (subscription["cancel_at"] or now + 1) <= now:
        subscription_end.cancel_now(store, subscription, "cancellation_requested")
    elif subscription["status"] == "trialing" and subscription["trial_end"] > now:
        subscription["_warned"] = True
        emit(store, "customer.subscription.trial_will_end", subscription)
    elif subscription["status"] == "trialing":
        _end_trial(store, subscription, now)
    else:
        _renew(store, subscription)
    subscription["_due"] = next_due(subscription)


def _end_trial(store: Store, subscription: Obj, now: int) -> None:
    customer = store.need("customer", subscription["customer"])
    has_card = (
        subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    )
    wanted = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    costs = any(item["price"]["unit_amount"] for item in subscription["items"]["data"])
    if costs and not has_card and wanted == "cancel":
        subscription_end.cancel_now(store, subscription, "payment_failed")
    elif costs and not has_card and wanted == "pause":
        with changing(store, subscription, "customer.subscription.updated"):
            subscription["status"] = "paused"
        emit(store, "customer.subscription.paused", subscription)
    else:
        _renew(store, subscription, status="active")


def _renew(store: Store, subscription: Obj, status: str | None = None) -> None:
    """The next period, and a draft for it that is finalized an hour later."""
    customer = store.need("customer", subscription["customer"])
    with changing(store, subscription, "customer.subscription.updated"):
        start, end = next_period(subscription)
        schedules.turn(store, subscription, start)
        start, end = next_period(subscription)
        for item in subscription["items"]["data"]:
            item |= {"current_period_start": start, "current_period_end": end}
        subscription["status"] = status or subscription["status"]
        invoice = invoices.build(
            store,
            customer,
            subscription,
            "subscription_cycle",
            lines(store, subscription, start, end),
            (start, start),
        )
    hold = (
        subscription["status"] == "unpaid"
        or (subscription["pause_collection"] or {}).get("behavior") == "keep_as_draft"
    )
    if hold:
        invoice["auto_advance"] = False
    else:
        invoice |= {"automatically_finalizes_at": start + DRAFT, "_due": start + DRAFT}
    invoices.created(store, invoice)


def next_period(subscription: Obj) -> tuple[int, int]:
    start = period_of(subscription)[1]
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    return start, add(
        start, recurring["interval"], recurring["interval_count"], subscription["billing_cycle_anchor"]
    )


def lines(store: Store, subscription: Obj, start: int, end: int) -> list[Obj]:
    return [
        invoice_lines.full_period(store, subscription, item, start, end)
        for item in subscription["items"]["data"]
    ]
