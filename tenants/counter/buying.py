"""Entering a purchase: amount or lines, what it would earn, what is used on it, and buying it once."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from flask import Response, abort, g, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from saas.db import db
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Conflict, Refusal
from saas.web.render import done, is_fragment, new_request_key
from tenants.counter import sales, shift, told
from tenants.counter.desk import bp, location_id, page
from tenants.counter.drafts import Draft, TooLong
from tenants.coupons.rules import normal
from tenants.members.models import Member
from tenants.products import catalogue
from tenants.products import queries as products
from tenants.purchases import committing
from tenants.purchases.committing import commit

SHOWN = 8


class NoProduct(Refusal):
    """What was typed or scanned is no product's."""


@bp.get("/counter/<slug:merchant>/purchases/new")
@requires("counter.use")
def new_purchase() -> Response:
    """An empty purchase, of a member or of nobody."""
    return _entry_page(_draft(request.args))


@bp.post("/counter/<slug:merchant>/purchases/quotes")
@requires("counter.use")
def quote_purchase() -> Response:
    """What the purchase would cost and earn, or the next step of entering it; changes nothing."""
    draft = _draft(request.form)
    text = request.form.get("add") or request.form.get("product", "")
    if remove := request.form.get("remove"):
        return _entry_page(draft.without(remove))
    if request.form.get("edit"):
        return _entry_page(draft)
    if draft.by == "lines" and text.strip():
        return _added(draft, text.strip()[:100])
    return _quote_page(draft)


@bp.post("/counter/<slug:merchant>/purchases")
@requires("counter.use")
def buy() -> Response:
    """Commit the purchase as it was quoted; sent again under the same key it answers the same."""
    draft, now = _draft(request.form), utcnow()
    due = request.form.get("due", "")
    if not request.form.get("request_key") or not (due.isascii() and due.isdigit()):
        abort(400)
    try:
        with db.session.begin_nested():
            committed = commit(
                draft.wish(g.merchant.currency, location_id()),
                merchant=g.merchant,
                actor=shift.actor(),
                request_key=draft.request_key,
                now=now,
                expected_due_minor=int(due),
            )
    except Conflict:
        raise
    except Refusal as refusal:
        return _quote_page(draft, refusal)
    if not is_fragment():
        return done("counter.purchase", purchase_id=committed.purchase_id)
    return sale_page(committed.purchase_id, counts=True)


@bp.get("/counter/<slug:merchant>/purchases/<uuid:purchase_id>")
@requires("counter.use")
def purchase(purchase_id: uuid.UUID) -> Response:
    """A purchase with what it earned, and what was returned of it."""
    return sale_page(purchase_id)


def sale_page(purchase_id: uuid.UUID, *, status: int = 200, counts: bool = False, **context: Any) -> Response:
    sale = sales.get(purchase_id) or abort(404)
    return page(
        "tenants/counter/purchase.html",
        status=status,
        counts=counts,
        sale=sale,
        told=told.result(sale.result) if sale.result else None,
        opened=sales.opened(sale.result) if sale.result else [],
        **context,
    )


def _draft(sent: MultiDict[str, str]) -> Draft:
    """The draft that was sent; one of an unknown member is 404."""
    draft = Draft.of(sent, new_request_key())
    _member(draft)
    return draft


def _member(draft: Draft) -> Member | None:
    return (db.session.get(Member, draft.member_id) or abort(404)) if draft.member_id else None


def _added(draft: Draft, text: str) -> Response:
    """Add the product with this SKU or name; several that are called so are shown to choose from."""
    known = catalogue.by_sku([text])
    matching = [] if known else products.page(products.Wish(text)).items[:SHOWN]
    if len(matching) == 1:
        known = catalogue.by_sku([matching[0].sku])
    if known:
        (product,) = known.values()
        try:
            return _entry_page(draft.adding(product, g.merchant.currency))
        except TooLong as refusal:
            return _entry_page(draft, refusal, text=text)
    if matching:
        return _entry_page(draft, matching=matching, text=text)
    return _entry_page(draft, NoProduct(_("No product has this name or SKU.")), text=text)


def _entry_page(draft: Draft, refusal: Refusal | None = None, **context: Any) -> Response:
    context = {"matching": [], "text": "", **context}
    return page(
        "tenants/counter/purchase_entry.html",
        status=refusal.status if refusal else 200,
        draft=draft,
        member=_member(draft),
        refusal=refusal,
        **context,
    )


def _quote_page(draft: Draft, refusal: Refusal | None = None) -> Response:
    now = utcnow()
    try:
        result = committing.quote(
            draft.wish(g.merchant.currency, location_id()), merchant=g.merchant, now=now
        )
    except Refusal as problem:
        return _entry_page(draft, refusal or problem)
    offers = told.offers(draft, g.merchant, now)
    offered = {normal(offer.value) for offer in offers if offer.field == "code"}
    return page(
        "tenants/counter/purchase_quote.html",
        status=refusal.status if refusal else 200,
        draft=replace(draft, codes=tuple(normal(code) for code in draft.codes)),
        member=_member(draft),
        result=result,
        told=told.result(result),
        offers=offers,
        typed_codes=[code for code in draft.codes if normal(code) not in offered],
        normal=normal,
        refusal=refusal,
    )
