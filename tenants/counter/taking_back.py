"""Returning a purchase, or lines of it: choose, see what goes back, confirm."""

from __future__ import annotations

import uuid
from decimal import Decimal

from flask import Response, abort, g, request

from saas.db import db
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Conflict, Refusal
from saas.web.render import done, is_fragment
from tenants.counter import sales, shift, told
from tenants.counter.buying import sale_page
from tenants.counter.desk import bp, location_id, page
from tenants.counter.drafts import quantity_of
from tenants.counter.forms import KeyForm, strip
from tenants.purchases import refunding


@bp.get("/counter/<slug:merchant>/purchases/<uuid:purchase_id>/refunds/new")
@requires("counter.use")
def new_refund(purchase_id: uuid.UUID) -> Response:
    """Choose what is returned."""
    return _choice_page(purchase_id)


@bp.post("/counter/<slug:merchant>/purchases/<uuid:purchase_id>/refunds/quotes")
@requires("counter.use")
def quote_refund(purchase_id: uuid.UUID) -> Response:
    """What would go back; changes nothing."""
    try:
        lines = _lines()
        found = refunding.quote(purchase_id, lines, now=utcnow())
    except Refusal as refusal:
        return _choice_page(purchase_id, refusal)
    sale = sales.get(purchase_id) or abort(404)
    return page(
        "tenants/counter/refund_quote.html",
        sale=sale,
        refund=found,
        lines=lines,
        reason=_reason(),
        said=told.refund(found, sale.result) if sale.result else [],
    )


@bp.post("/counter/<slug:merchant>/purchases/<uuid:purchase_id>/refunds")
@requires("counter.use")
def refund(purchase_id: uuid.UUID) -> Response:
    """Return what was chosen; sent again under the same key it answers the same."""
    form = KeyForm()
    if not form.validate():
        abort(400)
    try:
        with db.session.begin_nested():
            refunding.refund(
                purchase_id,
                _lines(),
                merchant=g.merchant,
                actor=shift.actor(),
                request_key=form.request_key.data,
                now=utcnow(),
                reason=_reason(),
                location_id=location_id(),
            )
    except Conflict:
        raise
    except Refusal as refusal:
        return _choice_page(purchase_id, refusal)
    if not is_fragment():
        return done("counter.purchase", purchase_id=purchase_id)
    return sale_page(purchase_id, counts=True)


def _lines() -> dict[str, Decimal] | None:
    """The quantities that were typed, by line; None is everything. Raises Unreadable."""
    if request.form.get("everything"):
        return None
    pairs = zip(request.form.getlist("key"), request.form.getlist("quantity"), strict=False)
    return {key: quantity_of(text) for key, text in pairs if strip(text) not in ("", "0")}


def _reason() -> str:
    return strip(request.form.get("reason"))[:300]


def _choice_page(purchase_id: uuid.UUID, refusal: Refusal | None = None) -> Response:
    sale = sales.get(purchase_id) or abort(404)
    if not sale.is_refundable:
        return sale_page(purchase_id, status=refusal.status if refusal else 200, refusal=refusal)
    status = refusal.status if refusal else 200
    return page("tenants/counter/refund_entry.html", status=status, sale=sale, refusal=refusal)
