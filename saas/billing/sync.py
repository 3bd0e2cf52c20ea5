"""From what Stripe has of a customer to what is kept here: pure, so that the order of events can't matter.

Everything is read from the snapshot; of what was known before only that is used which Stripe doesn't say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from saas.billing.plans import PLANS, price_of
from saas.billing.standing import GRACE, Standing, standing

Obj = dict[str, Any]
OVER = ("canceled", "incomplete_expired")
UNPAID = ("past_due", "unpaid")
OPEN_DISPUTES = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
OLD_NEWS = dt.timedelta(days=7)  # of an end that is longer ago nobody is told by mail


@dataclass(frozen=True)
class Copy:
    """The columns of a subscription's row that come from Stripe, and those that its standing depends on."""

    plan: str = "free"
    trial_ends_at: dt.datetime | None = None
    paid_plan: str | None = None
    interval: str | None = None
    currency: str | None = None
    amount_minor: int | None = None
    stripe_subscription_id: str | None = None
    stripe_status: str | None = None
    stripe_price_id: str | None = None
    period_ends_at: dt.datetime | None = None
    cancel_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    past_due_since: dt.datetime | None = None
    grace_ends_at: dt.datetime | None = None
    paused_at: dt.datetime | None = None
    is_disputed: bool = False
    is_refunded: bool = False
    notice: str | None = None


@dataclass(frozen=True)
class Notice:
    """A mail that is due; `key` is what it is about, so that it is sent once. `link` leads to where it is settled."""

    kind: str
    key: str
    link: str | None = None
    at: dt.datetime | None = None
    amount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True)
class Outcome:
    """What to write: the row, what it amounts to, the invoices' rows, and the mails that were not sent yet."""

    copy: Copy
    standing: Standing
    invoices: tuple[Obj, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class Found:
    """What was fetched; gateway.Snapshot has these."""

    customer: Obj
    subscriptions: list[Obj]
    invoices: list[Obj]
    charges: list[Obj]
    intents: list[Obj]
    disputes: list[Obj]


def outcome(before: Copy, found: Any, sent: Collection[str], now: dt.datetime) -> Outcome:
    """What a snapshot (a Found) means for the row; `sent` are the keys of the mails that were written already."""
    rows = tuple(_invoice(invoice, found) for invoice in found.invoices if invoice["status"] != "draft")
    copy = _copy(before, found, rows, now)
    stands = standing(copy, now)
    copy = replace(copy, plan=stands.plan)
    due = tuple(notice for notice in notices(copy, stands, found, sent, now) if notice.key not in sent)
    return Outcome(copy, stands, rows, due)


def _copy(before: Copy, found: Found, rows: tuple[Obj, ...], now: dt.datetime) -> Copy:
    bare = Copy(plan=before.plan, trial_ends_at=before.trial_ends_at)
    if found.customer.get("deleted"):
        if before.stripe_subscription_id is None:
            return bare
        gone = replace(before, stripe_status="canceled", ended_at=before.ended_at or now, cancel_at=None)
        return replace(
            gone, past_due_since=None, grace_ends_at=None, paused_at=None, notice="deleted at Stripe"
        )
    chosen = choose(found.subscriptions)
    if chosen is None:
        return bare
    own = [row for row in rows if row["subscription"] == chosen["id"]]
    item = chosen["items"]["data"][0]
    price = item["price"]
    plan = plan_of(price)
    ends = moment(item["current_period_end"])
    since = _past_due_since(chosen, found, now)
    paused = chosen["status"] == "paused" or bool(chosen["pause_collection"])
    return replace(
        bare,
        paid_plan=plan,
        interval=price["recurring"]["interval"],
        currency=price["currency"].upper(),
        amount_minor=(price["unit_amount"] or 0) * (item["quantity"] or 1),
        stripe_subscription_id=chosen["id"],
        stripe_status=chosen["status"],
        stripe_price_id=price["id"],
        period_ends_at=ends,
        cancel_at=moment(chosen["cancel_at"]) or (ends if chosen["cancel_at_period_end"] else None),
        ended_at=moment(chosen["ended_at"]),
        started_at=moment(chosen["start_date"]),
        past_due_since=since,
        grace_ends_at=since + GRACE if since else None,
        paused_at=(before.paused_at or now) if paused else None,
        is_disputed=any(dispute["status"] in OPEN_DISPUTES for dispute in found.disputes),
        is_refunded=_is_refunded(own),
        notice=_for_operator(found.subscriptions, price, plan),
    )


def choose(subscriptions: list[Obj]) -> Obj | None:
    """The one that counts: running before unfinished before over, then the youngest."""

    def rank(one: Obj) -> tuple[int, int, str]:
        order = 0 if one["status"] in OVER else 1 if one["status"] == "incomplete" else 2
        return order, one["created"], one["id"]

    return max(subscriptions, key=rank, default=None)


def plan_of(price: Obj) -> str | None:
    """Our plan of a price: by the price's own word (an older price has lost its lookup key), else by the key."""
    said = price["metadata"].get("plan")
    known = price_of(price["lookup_key"])
    return said if said in PLANS else known.plan if known else None


def moment(seconds: int | None) -> dt.datetime | None:
    return dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds else None


def _past_due_since(subscription: Obj, found: Found, now: dt.datetime) -> dt.datetime | None:
    """When the oldest invoice that waits for money was made."""
    if subscription["status"] not in UNPAID:
        return None
    times = [invoice["created"] for invoice in _waiting(subscription["id"], found)]
    return (
        moment(min(times))
        if times
        else moment(subscription["items"]["data"][0]["current_period_start"]) or now
    )


def _waiting(subscription_id: str | None, found: Found) -> Iterator[Obj]:
    """The subscription's open invoices whose payment was tried."""
    for invoice in found.invoices:
        is_open = invoice["status"] in ("open", "uncollectible") and invoice["attempt_count"] > 0
        if is_open and _subscription_of(invoice) == subscription_id:
            yield invoice


def _is_refunded(rows: list[Obj]) -> bool:
    """Whether the last payment was given back, all of it."""
    paid = [row for row in rows if row["paid_minor"] > 0]
    last = max(paid, key=lambda row: (row["created_at"], row["id"]), default=None)
    return last is not None and last["refunded_minor"] >= last["paid_minor"]


def _for_operator(subscriptions: list[Obj], price: Obj, plan: str | None) -> str | None:
    running = [one["id"] for one in subscriptions if one["status"] not in (*OVER, "incomplete")]
    if len(running) > 1:
        return f"{len(running)} subscriptions run at once: {', '.join(sorted(running))}"
    return None if plan else f"unknown price {price['id']}: the plan stays as it was"


def _subscription_of(invoice: Obj) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")


def _intents_of(invoice: Obj) -> set[str]:
    payments = (invoice.get("payments") or {}).get("data", [])
    return {payment["payment"].get("payment_intent") or "" for payment in payments}


def _invoice(invoice: Obj, found: Found) -> Obj:
    """The invoice's row, with the id of its subscription beside for the reader here."""
    charges = [charge for charge in found.charges if charge["payment_intent"] in _intents_of(invoice)]
    ids = {charge["id"] for charge in charges}
    lost = sum(one["amount"] for one in found.disputes if one["charge"] in ids and one["status"] == "lost")
    lines = invoice["lines"]["data"]
    periods = [line["period"] for line in lines]
    return {
        "id": invoice["id"],
        "subscription": _subscription_of(invoice),
        "number": invoice["number"],
        "status": invoice["status"],
        "currency": invoice["currency"].upper(),
        "total_minor": invoice["total"],
        "paid_minor": invoice["amount_paid"],
        "refunded_minor": min(sum(one["amount_refunded"] for one in charges) + lost, invoice["amount_paid"]),
        "tax_minor": sum(tax["amount"] for tax in invoice["total_taxes"] or ()),
        "plan": _plan_of_lines(lines),
        "hosted_url": invoice.get("hosted_invoice_url"),
        "pdf_url": invoice.get("invoice_pdf"),
        "period_starts_at": moment(min((period["start"] for period in periods), default=None)),
        "period_ends_at": moment(max((period["end"] for period in periods), default=None)),
        "created_at": moment(invoice["created"]),
        "paid_at": moment(invoice["status_transitions"]["paid_at"]),
    }


def _plan_of_lines(lines: list[Obj]) -> str | None:
    """The plan of the dearest line; our products are named after their plans."""
    products = [
        ((line["pricing"] or {}).get("price_details") or {}).get("product", "")
        for line in sorted(lines, key=lambda line: -int(line["amount"]))
    ]
    codes = [str(product).removeprefix("regulars_") for product in products]
    return next((code for code in codes if code in PLANS), None)


def notices(
    copy: Copy, stands: Standing, found: Found, sent: Collection[str], now: dt.datetime
) -> Iterator[Notice]:
    """Every mail that the state of things calls for, sent before or not."""
    own = copy.stripe_subscription_id
    if own is None:
        return
    if copy.stripe_status not in OVER:
        statuses = {intent["id"]: intent["status"] for intent in found.intents}
        for invoice in _waiting(own, found):
            asks = any(statuses.get(intent) == "requires_action" for intent in _intents_of(invoice))
            yield _of_invoice(
                "action_required" if asks else "payment_failed",
                f"action:{invoice['id']}" if asks else f"failed:{invoice['id']}:{invoice['attempt_count']}",
                invoice,
                copy.grace_ends_at,
            )
    if stands.state == "restricted":
        yield restricted(own, copy.past_due_since)
    for invoice in found.invoices:
        told = (f"failed:{invoice['id']}:", f"action:{invoice['id']}")
        if invoice["status"] == "paid" and any(key.startswith(told) for key in sent):
            yield _of_invoice("restored", f"restored:{invoice['id']}", invoice, copy.period_ends_at)
    if stands.state == "cancelling" and copy.cancel_at is not None:
        yield Notice("cancelling", f"cancelling:{own}:{copy.cancel_at:%Y-%m-%d}", at=copy.cancel_at)
    if copy.stripe_status == "canceled" and copy.ended_at is not None and now - copy.ended_at < OLD_NEWS:
        yield Notice("cancelled", f"cancelled:{own}", at=copy.ended_at)


def restricted(subscription_id: str, since: dt.datetime | None) -> Notice:
    """The mail that the grace period is over; the same whoever notices first, the clock or Stripe."""
    day = f"{since:%Y-%m-%d}" if since else "unknown"
    return Notice("restricted", f"restricted:{subscription_id}:{day}")


def _of_invoice(kind: str, key: str, invoice: Obj, at: dt.datetime | None) -> Notice:
    return Notice(
        kind,
        key,
        invoice.get("hosted_invoice_url"),
        at,
        invoice["amount_paid"] if kind == "restored" else invoice["amount_remaining"],
        invoice["currency"].upper(),
    )
