"""The page where what is owed is paid: always the subscription's latest invoice, which is what brings it back."""

from __future__ import annotations

from saas.billing.customers import NoSubscription
from saas.billing.gateway import Gateway, idempotency


def address(gateway: Gateway, subscription_id: str | None) -> str | None:
    """The address of the latest invoice's page at Stripe, or None where nothing is owed; no transaction may be open.

    Once Stripe gave up, it leaves the following invoices as drafts: one is made final here, since somebody pays it.
    """
    if subscription_id is None:
        raise NoSubscription
    subscription = gateway.ask(lambda api: api.subscriptions.retrieve, subscription_id)
    latest = subscription["latest_invoice"]
    if latest is None:
        return None
    invoice = gateway.ask(lambda api: api.invoices.retrieve, latest)
    if invoice["status"] == "draft":
        once = idempotency("finalize", {"invoice": latest})
        invoice = gateway.ask(lambda api: api.invoices.finalize_invoice, latest, {}, once)
    return str(invoice["hosted_invoice_url"]) if invoice["status"] == "open" else None
