"""The hosted Checkout page: an order, a card, and the way back to the shop."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from . import cards, checkout_sums, pages, purchase
from .faults import Fault
from .store import Obj, Store

bp = Blueprint("checkout_page", __name__)
FORM = ("email", "name", "line1", "postal_code", "city", "country", "tax_type", "tax_value")


@bp.get("/c/pay/<session_id>")
def show(session_id: str) -> AnyResponse:
    with pages.desk() as store:
        session = _find(store, session_id)
        return _closed(session) or _page(store, session)


@bp.post("/c/pay/<session_id>")
def pay(session_id: str) -> AnyResponse:
    """Three buttons: use a promotion code, take it off, buy."""
    with pages.desk() as store:
        session = _find(store, session_id)
        closed = _closed(session)
        if closed:
            return closed
        action = request.form.get("action", "pay")
        if action in ("apply", "remove") and session["allow_promotion_codes"]:
            try:
                with store.savepoint():
                    purchase.promote(
                        store, session, request.form.get("code", "") if action == "apply" else ""
                    )
            except Fault as fault:
                return _page(store, _find(store, session_id), fault=fault, status=422)
            return _page(store, session)
        return _buy(store, session)


def _buy(store: Store, session: Obj) -> AnyResponse:
    typed = {name: request.form.get(name, "").strip() for name in FORM}
    if not session["customer"] and not (typed["email"] or session["customer_email"]):
        return _page(store, session, error=_("Type your e-mail address."), status=422)
    card = None
    try:
        card = pages.chosen_card() if purchase.needs_card(session) else None
        return _bought(purchase.complete(store, session, _buyer(typed), card))
    except Fault as fault:
        session = _find(store, session["id"])
        if fault.code in pages.NEEDS_OWNER and card:
            session["_pending"] = {"number": card.number, "typed": typed}
            return redirect(url_for(".authenticate", session_id=session["id"]), 303)
        return _page(store, session, fault=fault, status=422)


@bp.get("/c/pay/<session_id>/authentication")
def authentication(session_id: str) -> AnyResponse:
    with pages.desk() as store:
        session = _find(store, session_id)
        return _closed(session) or _bank(session)


@bp.post("/c/pay/<session_id>/authentication", endpoint="authenticate")
def authenticate(session_id: str) -> AnyResponse:
    """The bank's answer: the card's owner confirmed, or did not."""
    with pages.desk() as store:
        session = _find(store, session_id)
        closed = _closed(session)
        if closed:
            return closed
        pending = session.get("_pending")
        session["_pending"] = None
        if not pending or request.form.get("outcome") != "complete":
            error = _("The bank could not confirm that the card is yours. Try again or choose another one.")
            return _page(store, session, error=error, status=422)
        try:
            card = cards.BY_NUMBER[pending["number"]]
            return _bought(
                purchase.complete(store, session, _buyer(pending["typed"]), card, authenticated=True)
            )
        except Fault as fault:
            return _page(store, _find(store, session_id), fault=fault, status=422)


def _find(store: Store, session_id: str) -> Obj:
    found = store.get(session_id)
    if found is None or found["object"] != "checkout.session":
        abort(404)
    pages.speak(found["locale"])
    return found


def _closed(session: Obj) -> AnyResponse | None:
    """A session is used once: whoever comes back to it is told how it ended."""
    if session["status"] == "complete":
        return pages.show(
            "message",
            title=_("This order is complete"),
            text=_("There is nothing left to pay here."),
            back=_success(session),
        )
    if session["status"] == "expired":
        text = _("Go back to Regulars and start again. Nothing was charged.")
        return pages.show(
            "message", title=_("This page has expired"), text=text, back=session["cancel_url"], status=410
        )
    return None


def _page(
    store: Store, session: Obj, *, fault: Fault | None = None, error: str = "", status: int = 200
) -> Response:
    customer = store.get(session["customer"])
    typed: dict[str, Any] = {name: request.form.get(name, "") for name in FORM}
    for part in ("line1", "postal_code", "city", "country"):
        typed[part] = typed[part] or ((customer or {}).get("address") or {}).get(part) or ""
    typed["name"] = typed["name"] or (customer or {}).get("name") or ""
    rows = checkout_sums.items(store, session)
    return pages.show(
        "checkout",
        status=status,
        leads_to=(session["success_url"],),
        session=session,
        rows=rows,
        later=sum(row["_full"] for row in rows),
        trial_end=checkout_sums.trial_end(store, session),
        email=customer["email"] if customer else session["customer_email"],
        typed=typed,
        chosen=request.form.get("card", "4242424242424242"),
        wants_card=purchase.needs_card(session),
        wants_address=session["billing_address_collection"] == "required"
        or session["automatic_tax"]["enabled"],
        code=request.form.get("code", ""),
        error=pages.words(fault) if fault else error,
    )


def _bank(session: Obj) -> Response:
    return pages.show(
        "authentication", leads_to=(session["success_url"],), back=url_for(".show", session_id=session["id"])
    )


def _buyer(typed: dict[str, str]) -> purchase.Buyer:
    address = {part: typed[part] for part in ("line1", "postal_code", "city", "country") if typed[part]}
    tax_id = {"type": typed["tax_type"], "value": typed["tax_value"]} if typed["tax_value"] else {}
    return purchase.Buyer(email=typed["email"], name=typed["name"], address=address, tax_id=tax_id)


def _success(session: Obj) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _bought(session: Obj) -> AnyResponse:
    return redirect(_success(session), 303)
