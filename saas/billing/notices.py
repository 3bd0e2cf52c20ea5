"""Which mails the state of things calls for; each has a key, so that it is written once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from saas.billing.fetched import Found, Obj, intents_of, moment, waiting
from saas.billing.standing import Standing
from saas.billing.stripe_copy import OVER, Copy

OLD_NEWS = dt.timedelta(days=7)  # of an end that is longer ago nobody is told by mail


@dataclass(frozen=True)
class Notice:
    """A mail that is due; `key` is what it is about, so that it is sent once. `link` leads to where it is settled."""

    kind: str
    key: str
    link: str | None = None
    at: dt.datetime | None = None
    amount_minor: int = 0
    currency: str = ""


def notices(
    copy: Copy, stands: Standing, found: Found, sent: Collection[str], now: dt.datetime
) -> Iterator[Notice]:
    """Every mail that the state of things calls for, sent before or not."""
    own = copy.stripe_subscription_id
    if own is None:
        return
    if copy.stripe_status not in OVER:
        statuses = {intent["id"]: intent["status"] for intent in found.intents}
        for invoice in () if stands.state == "restricted" else waiting(own, found):
            asks = any(statuses.get(intent) == "requires_action" for intent in intents_of(invoice))
            yield _of_invoice(
                "action_required" if asks else "payment_failed",
                f"action:{invoice['id']}" if asks else f"failed:{invoice['id']}:{invoice['attempt_count']}",
                invoice,
                copy.grace_ends_at,
            )
    if stands.state == "restricted":
        yield restricted(own, copy.past_due_since)
    for invoice in () if stands.state in ("past_due", "restricted") else found.invoices:
        told = (
            f"failed:{invoice['id']}:",
            f"action:{invoice['id']}",
            restricted(own, moment(invoice["created"])).key,
        )
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
