"""From what Stripe has of a customer to what is kept here: pure, so that the order of events can't matter.

Everything is read from the snapshot; of what was known before only that is used which Stripe doesn't say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from saas.billing.fetched import Found, Obj, invoice_row, moment, waiting
from saas.billing.notices import Notice, notices
from saas.billing.plans import PLANS, price_of
from saas.billing.standing import GRACE, Standing, standing
from saas.billing.stripe_copy import OVER, Copy

UNPAID = ("past_due", "unpaid")
OPEN_DISPUTES = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


@dataclass(frozen=True)
class Outcome:
    """What to write: the row, what it amounts to, the invoices' rows, and the mails that were not sent yet."""

    copy: Copy
    standing: Standing
    invoices: tuple[Obj, ...]
    notices: tuple[Notice, ...]


def outcome(before: Copy, found: Any, sent: Collection[str], now: dt.datetime) -> Outcome:
    """What a snapshot (a Found) means for the row; `sent` are the keys of the mails that were written already."""
    rows = tuple(invoice_row(invoice, found) for invoice in found.invoices if invoice["status"] != "draft")
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


def _past_due_since(subscription: Obj, found: Found, now: dt.datetime) -> dt.datetime | None:
    """When the oldest invoice that waits for money was made."""
    if subscription["status"] not in UNPAID:
        return None
    times = [invoice["created"] for invoice in waiting(subscription["id"], found)]
    return (
        moment(min(times))
        if times
        else moment(subscription["items"]["data"][0]["current_period_start"]) or now
    )


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
