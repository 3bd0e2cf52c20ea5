"""The hosted invoice: read it, pay it, keep it as a file."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from . import cards, pages, payment_methods
from .collection import collect, default_method
from .faults import Fault, declined
from .payment_methods import card_of
from .store import Obj, Store

bp = Blueprint("invoice_page", __name__)


@bp.get("/invoice/<token>")
def show(token: str) -> Response:
    with pages.desk() as store:
        return _page(store, _find(store, token))


@bp.get("/invoice/<token>/download")
def download(token: str) -> Response:
    """The invoice as a file that any browser opens and prints."""
    with pages.desk() as store:
        invoice = _find(store, token)
        response = _page(store, invoice, is_file=True)
    name = f"invoice-{invoice['number'] or invoice['id']}.html"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.post("/invoice/<token>")
def pay(token: str) -> AnyResponse:
    """Pay with the card on file or with another one, which is kept when it works."""
    with pages.desk() as store:
        invoice = _find(store, token)
        if invoice["status"] != "open":
            return redirect(url_for(".show", token=token), 303)
        try:
            method = _method(store, invoice)
        except Fault as fault:
            return _page(store, _find(store, token), error=pages.words(fault), status=422)
        return _collect(store, invoice, method, authenticated=False)


@bp.route("/invoice/<token>/authentication", methods=["GET", "POST"])
def authentication(token: str) -> AnyResponse:
    """The bank's page for a payment that needs its card's owner."""
    with pages.desk() as store:
        invoice = _find(store, token)
        intent = store.get(invoice.get("_intent"))
        if invoice["status"] != "open" or intent is None or intent["status"] != "requires_action":
            return redirect(url_for(".show", token=token), 303)
        if request.method == "GET":
            return pages.show("authentication", back=url_for(".show", token=token))
        if request.form.get("outcome") != "complete":
            error = _("The bank could not confirm that the card is yours. Try again or choose another one.")
            return _page(store, invoice, error=error, status=422)
        method = store.need("payment_method", intent["payment_method"])
        return _collect(store, invoice, method, authenticated=True)


def _method(store: Store, invoice: Obj) -> Obj:
    saved = default_method(store, invoice)
    if request.form.get("card") == "saved" and not request.form.get("number") and saved:
        return saved
    card: cards.Card = pages.chosen_card()
    customer = store.need("customer", invoice["customer"])
    with store.savepoint():
        return payment_methods.attach(store, payment_methods.build(store, card), customer)


def _collect(store: Store, invoice: Obj, method: Obj, *, authenticated: bool) -> AnyResponse:
    outcome = collect(store, invoice, method, authenticated=authenticated)
    if outcome == "requires_action":
        return redirect(url_for(".authentication", token=invoice["_token"]), 303)
    if outcome != "succeeded":
        fault = declined(card_of(method).charge or "generic_decline")
        return _page(store, invoice, error=pages.words(fault), status=422)
    _keep(store, invoice, method)
    return redirect(url_for(".show", token=invoice["_token"]), 303)


def _keep(store: Store, invoice: Obj, method: Obj) -> None:
    """A card that just paid becomes the one that pays from now on."""
    customer = store.need("customer", invoice["customer"])
    payment_methods.prefer(store, customer, method)


def _find(store: Store, token: str) -> Obj:
    return pages.find(store, "invoice", token)


def _page(
    store: Store, invoice: Obj, *, error: str = "", status: int = 200, is_file: bool = False
) -> Response:
    intent = store.get(invoice.get("_intent"))
    charge = store.get(intent.get("latest_charge")) if intent else None
    return pages.show(
        "invoice",
        status=status,
        invoice=invoice,
        lines=invoice["lines"]["data"],
        saved=default_method(store, invoice),
        waits_for_owner=bool(intent and intent["status"] == "requires_action"),
        refunded=charge["amount_refunded"] if charge else 0,
        error=error,
        chosen=request.form.get("card", "saved"),
        is_file=is_file,
    )
