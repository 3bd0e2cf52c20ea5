"""The only module that imports the Stripe library: one client, its errors as refusals, answers as plain dicts."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from flask import current_app
from flask_babel import gettext as _

from saas.config import Billing
from saas.db import Unbound, bound
from saas.web.refusals import Refusal

Obj = dict[str, Any]
CONNECT_SECONDS, READ_SECONDS = 3.05, 12
MISSING = "resource_missing"
log = logging.getLogger(__name__)


class BillingOff(Refusal):
    """This service takes no money: whoever runs it configured no Stripe key."""

    status = 404


class StripeSilent(Refusal):
    """Stripe is down, slow, or too busy."""

    status = 503


class CardDeclined(Refusal):
    """The bank said no."""


class StripeRefused(Refusal):
    """Stripe did not take the request: a setting is wrong, or this program is. The log has Stripe's words."""

    status = 502


class NotAtStripe(StripeRefused):
    """The object is not there, or not there any more."""

    status = 404


@dataclass(frozen=True)
class Snapshot:
    """Everything that Stripe has of a customer and that a copy is made of, fetched just now."""

    customer: Obj
    subscriptions: list[Obj] = field(default_factory=list)
    invoices: list[Obj] = field(default_factory=list)
    charges: list[Obj] = field(default_factory=list)
    intents: list[Obj] = field(default_factory=list)
    disputes: list[Obj] = field(default_factory=list)


class Gateway:
    """Stripe, or the stand-in, as the settings say. Never to be asked inside a transaction: it may take seconds."""

    def __init__(self, billing: Billing) -> None:
        self.billing = billing

    @cached_property
    def _stripe(self) -> Any:
        import stripe  # 8 MB and half a second: only where somebody asks for it

        stripe.enable_telemetry = False
        return stripe

    @cached_property
    def _client(self) -> Any:
        addresses = {"api": self.billing.api_url} if self.billing.api_url else {}
        return self._stripe.StripeClient(
            self.billing.key,
            base_addresses=addresses,
            max_network_retries=1,
            http_client=self._stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
        )

    def ask(self, pick: Callable[[Any], Any], *arguments: Any) -> Obj:
        """Carry out the call of the API that `pick` takes from it, and answer plain values.

        Raises StripeSilent, CardDeclined, NotAtStripe or StripeRefused, in words for who sees the page.
        """
        _refuse_inside_transaction()
        try:
            return cast("Obj", pick(self._client.v1)(*arguments).to_dict())
        except self._stripe.StripeError as error:
            raise self._refusal(error) from error

    def every(self, pick: Callable[[Any], Any], params: Obj, most: int = 1000) -> Iterator[Obj]:
        """The objects of a list, page after page, up to `most`."""
        params = {"limit": 100, **params}
        while most > 0:
            page = self.ask(pick, params)
            yield from page["data"][:most]
            most -= len(page["data"])
            if not page["has_more"] or not page["data"]:
                return
            params = {**params, "starting_after": page["data"][-1]["id"]}

    def snapshot(self, customer_id: str) -> Snapshot:
        """What Stripe has of a customer now; a deleted customer has nothing. Raises NotAtStripe."""
        customer = self.ask(lambda api: api.customers.retrieve, customer_id)
        if customer.get("deleted"):
            return Snapshot(customer)
        of: Obj = {"customer": customer_id}
        subscriptions = self.every(lambda api: api.subscriptions.list, {**of, "status": "all"}, 100)
        invoices = list(
            self.every(
                lambda api: api.invoices.list,
                {**of, "limit": 50, "expand": ["data.payments"]},
                50,
            )
        )
        charges = list(self.every(lambda api: api.charges.list, of, 100))
        is_open = any(invoice["status"] == "open" for invoice in invoices)
        intents = self.every(lambda api: api.payment_intents.list, of, 100) if is_open else ()
        disputes = [
            dispute
            for charge in charges
            if charge["disputed"]
            for dispute in self.ask(lambda api: api.disputes.list, {"charge": charge["id"]})["data"]
        ]
        return Snapshot(customer, list(subscriptions), invoices, charges, list(intents), disputes)

    def _refusal(self, error: Any) -> Refusal:
        stripe, status = self._stripe, error.http_status or 0
        if isinstance(error, stripe.CardError):
            return CardDeclined(_("The card was declined. Nothing was charged; please try another card."))
        silent = (stripe.APIConnectionError, stripe.RateLimitError)
        if isinstance(error, silent) or status == 409 or (status >= 500 and status != 501):
            log.warning("Stripe does not answer: %s", error)
            return StripeSilent(
                _(
                    "Stripe does not answer. Nothing was charged and nothing was changed. Please try again soon."
                )
            )
        if error.code == MISSING:
            log.info("not at Stripe: %s", error)
            return NotAtStripe(_("Stripe does not know this any more."))
        log.error("Stripe refused a request: %s", error)
        return StripeRefused(
            _("Stripe did not accept this, so nothing was charged. Whoever runs this service can see why.")
        )


def gateway() -> Gateway:
    """The app's gateway; raises BillingOff where no Stripe is configured."""
    billing: Billing = current_app.extensions["regulars"].settings.billing
    if not billing.is_on:
        raise BillingOff(_("Plans are not sold here: everything is included."))
    found: Gateway = current_app.extensions.setdefault("billing_gateway", Gateway(billing))
    return found


def idempotency(intent: str, params: Obj) -> Obj:
    """The options of a call that is to happen once: the same intent with the same words is the same request."""
    said = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:24]
    return {"idempotency_key": f"regulars:{intent}:{said}"}


def _refuse_inside_transaction() -> None:
    try:
        bound()
    except Unbound:
        return
    raise RuntimeError("Stripe was asked inside a transaction")
