"""What was fetched of a customer, read: its invoices, what pays them, and which of them wait for money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from saas.billing.plans import PLANS

Obj = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What was fetched; gateway.Snapshot has these."""

    customer: Obj
    subscriptions: list[Obj]
    invoices: list[Obj]
    charges: list[Obj]
    intents: list[Obj]
    disputes: list[Obj]


def moment(seconds: int | None) -> dt.datetime | None:
    return dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds else None


def waiting(subscription_id: str | None, found: Found) -> Iterator[Obj]:
    """The subscription's open invoices whose payment was tried."""
    for invoice in found.invoices:
        is_open = invoice["status"] in ("open", "uncollectible") and invoice["attempt_count"] > 0
        if is_open and subscription_of(invoice) == subscription_id:
            yield invoice


def subscription_of(invoice: Obj) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")


def intents_of(invoice: Obj) -> set[str]:
    payments = (invoice.get("payments") or {}).get("data", [])
    return {payment["payment"].get("payment_intent") or "" for payment in payments}


def invoice_row(invoice: Obj, found: Found) -> Obj:
    """The invoice's row, with the id of its subscription beside for the reader here."""
    charges = [charge for charge in found.charges if charge["payment_intent"] in intents_of(invoice)]
    ids = {charge["id"] for charge in charges}
    lost = sum(one["amount"] for one in found.disputes if one["charge"] in ids and one["status"] == "lost")
    lines = invoice["lines"]["data"]
    periods = [line["period"] for line in lines]
    return {
        "id": invoice["id"],
        "subscription": subscription_of(invoice),
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
