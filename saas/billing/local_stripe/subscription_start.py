"""How subscriptions begin: by the API or by Checkout, with a trial or with a first payment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import collection, discounts, invoice_lines, invoices, subscription_end, subscription_items
from .events import changing, emit
from .faults import Fault, declined
from .payment_methods import card_of
from .store import Obj, Store


@dataclass
class Terms:
    """What was agreed on; `authenticated` says that the card's owner just proved to be it."""

    items: list[dict[str, Any]]
    currency: str | None = None
    trial_end: int | None = None
    on_missing_card: str = "create_invoice"
    method: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    discounts: list[dict[str, Any]] = field(default_factory=list)
    description: str | None = None
    automatic_tax: bool = False
    behavior: str = "allow_incomplete"
    save_card: str | None = None
    authenticated: bool = False
    collect: bool = True


def start(store: Store, customer: Obj, terms: Terms) -> Obj:
    """A new subscription with its first invoice; raises 402 where only a full start is wanted and it fails."""
    now = store.now(customer["_clock"])
    chosen = [subscription_items.chosen(store, item, n) for n, item in enumerate(terms.items)]
    if not chosen:
        raise Fault("Missing required param: items.", code="parameter_missing", param="items")
    currency = subscription_items.currency_of(customer, chosen, terms.currency)
    trial_end = terms.trial_end if terms.trial_end and terms.trial_end > now else None
    subscription = _build(store, customer, terms, currency, trial_end)
    subscription_items.add_items(store, subscription, chosen, now, trial_end)
    for given in terms.discounts:
        discount = discounts.redeem(store, given, customer["id"], subscription)
        subscription["discounts"] = [*subscription["discounts"], discount["id"]]
    customer["currency"] = customer["currency"] or currency
    store.add(subscription)
    emit(store, "customer.subscription.created", subscription)
    invoice = _first_invoice(store, customer, subscription, is_trial=bool(trial_end))
    if terms.collect:
        _collect_first(store, subscription, invoice, terms)
    subscription["_due"] = subscription_end.next_due(subscription)
    return subscription


def _collect_first(store: Store, subscription: Obj, invoice: Obj, terms: Terms) -> None:
    invoices.created(store, invoice)
    collection.finalize(store, invoice)
    if invoice["status"] == "paid":
        return
    method = collection.default_method(store, invoice)
    if terms.behavior == "default_incomplete" and not terms.authenticated:
        return
    if method is None:
        raise Fault(
            "This customer has no attached payment source or default payment method. Please consider adding a default"
            " payment method. For more information, visit"
            " https://stripe.com/docs/billing/subscriptions/payment-methods-setting",
            code="resource_missing",
        )
    outcome = collection.collect(store, invoice, method, authenticated=terms.authenticated)
    if outcome != "succeeded" and terms.behavior == "error_if_incomplete":
        refuse(outcome, method)
    if outcome == "succeeded" and terms.save_card == "on_subscription":
        subscription["default_payment_method"] = method["id"]


def refuse(outcome: str, method: Obj) -> None:
    """The 402 for a change that was to happen only if it is paid."""
    if outcome == "requires_action":
        raise Fault(
            "Payment for this subscription requires additional user action before it can be completed successfully.",
            status=402,
            kind="card_error",
            code="subscription_payment_intent_requires_action",
        )
    raise declined(card_of(method).charge or "generic_decline")


def _build(store: Store, customer: Obj, terms: Terms, currency: str, trial_end: int | None) -> Obj:
    now = store.now(customer["_clock"])
    liability = invoices.ISSUER if terms.automatic_tax else None
    ending = {"billing_cycle_anchor": None, "missing_payment_method": terms.on_missing_card}
    return {
        "id": store.new_id("sub"),
        "object": "subscription",
        "automatic_tax": {"disabled_reason": None, "enabled": terms.automatic_tax, "liability": liability},
        "billing_cycle_anchor": trial_end or now,
        "billing_mode": {
            "type": "flexible",
            "flexible": {"proration_discounts": "included"},
            "updated_at": now,
        },
        "billing_schedules": [],
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "feedback_option": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "customer": customer["id"],
        "default_payment_method": terms.method,
        "default_tax_rates": [],
        "description": terms.description,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": invoices.ISSUER,
        },
        "latest_invoice": None,
        "livemode": False,
        "metadata": {key: value for key, value in terms.metadata.items() if value != ""},
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": terms.save_card or "off",
        },
        "schedule": None,
        "start_date": now,
        "status": "trialing" if trial_end else "incomplete",
        "test_clock": customer["_clock"],
        "trial_end": trial_end,
        "trial_settings": {"end_behavior": ending},
        "trial_start": now if trial_end else None,
        "_clock": customer["_clock"],
        "_warned": False,
    }


def _first_invoice(store: Store, customer: Obj, subscription: Obj, *, is_trial: bool) -> Obj:
    now, end = subscription_end.period_of(subscription)
    lines = [
        invoice_lines.full_period(store, subscription, item, now, end, is_trial=is_trial)
        for item in subscription["items"]["data"]
    ]
    with changing(store, subscription, None):
        return invoices.build(store, customer, subscription, "subscription_create", lines, (now, now))
