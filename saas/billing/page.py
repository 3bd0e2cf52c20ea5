"""The billing page, also with what Stripe refused on top of it."""

from __future__ import annotations

import datetime as dt

from flask import Response, g, request

from saas.billing import entitlements, plans, pricing, queries
from saas.merchants import registry
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import render


def show(refusal: Refusal | None = None) -> Response:
    now = utcnow()
    overview = fresh(now, request.args.get("before"))
    interval, currency = _shown(overview)
    return render(
        "saas/billing/show.html",
        status=refusal.status if refusal else 200,
        problem=str(refusal) if refusal else None,
        overview=overview,
        names=entitlements.NAMES,
        is_on=entitlements.is_limited(),
        plan=plans.plan(overview.merchant.plan),
        interval=interval,
        currency=currency,
        currencies=plans.CURRENCIES,
        offers=pricing.offers(interval, currency),
        now=now,
        stops_at=entitlements.stops_at(overview.merchant),
    )


def fresh(now: dt.datetime, before: str | None = None) -> queries.Overview:
    """The overview, and the page around it by the same row: somebody who just paid isn't told of a trial that ends."""
    overview = queries.overview(g.merchant.id, now, before)
    if overview.merchant != g.merchant:
        registry.forget(g.merchant.slug)
        g.merchant = overview.merchant
    return overview


def _shown(overview: queries.Overview) -> tuple[str, str]:
    """The interval and the currency that prices are shown in: what is asked for, else what is paid, else the
    merchant's own money. Who pays in one currency stays with it."""
    paid = overview.subscription if overview.stands.is_subscribed else None
    interval = request.args.get("interval") or (paid.interval if paid else None) or "month"
    currency = (paid.currency if paid else None) or request.args.get("currency", "").upper()
    if currency not in plans.CURRENCIES:
        currency = plans.currency_for(overview.merchant.currency)
    return interval if interval in plans.INTERVALS else "month", currency
