"""The customer portal: subscriptions, card, billing details and invoices on one page."""

from __future__ import annotations

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from . import cards, customers, pages, payment_methods, tax_ids
from .events import changing
from .faults import Fault
from .portal_visit import Expired, Visit, expired, visit
from .store import Obj

bp = Blueprint("portal_page", __name__)
bp.register_error_handler(Expired, expired)
FLOW_PAGES = {
    "subscription_cancel": "portal_change_page.cancel",
    "subscription_update": "portal_change_page.switch",
    "subscription_update_confirm": "portal_change_page.confirm",
}


@bp.get("/p/session/<token>")
def home(token: str) -> AnyResponse:
    """The first page; a session with a flow leads straight to its page."""
    with visit(token) as here:
        flow = here.flow
        if flow and flow["type"] == "payment_method_update":
            return here.to(".card")
        if flow:
            return here.to(FLOW_PAGES[flow["type"]], subscription_id=flow[flow["type"]]["subscription"])
        said, here.session["_said"] = here.session.get("_said"), None
        invoices = here.store.select("invoice", customer=here.customer["id"])
        return here.show(
            "portal",
            said=said,
            subscriptions=[_shown(here, row) for row in here.subscriptions()],
            method=here.store.get(here.customer["invoice_settings"]["default_payment_method"])
            or _any_card(here),
            invoices=[row for row in invoices if row["status"] != "draft"]
            if _allows(here, "invoice_history")
            else [],
            tax_ids=tax_ids.shown(here.store, here.customer["id"]),
            return_url=here.session["return_url"],
        )


def _allows(here: Visit, feature: str) -> bool:
    return bool(here.features[feature]["enabled"])


def _any_card(here: Visit) -> Obj | None:
    """The card of a subscription, where the customer has none of their own."""
    found = (here.store.get(row["default_payment_method"]) for row in here.subscriptions())
    return next((method for method in found if method), None)


def _shown(here: Visit, subscription: Obj) -> Obj:
    """The subscription with the names of what it is for, now and from the next period on."""
    item = subscription["items"]["data"][0]
    schedule = here.store.get(subscription["schedule"])
    later = schedule["phases"][-1] if schedule else None
    next_price = here.store.get(later["items"][0]["price"]) if later else None
    return {
        "id": subscription["id"],
        "status": subscription["status"],
        "name": here.store.need("product", item["price"]["product"])["name"],
        "amount": item["plan"]["amount"] * item["quantity"],
        "currency": subscription["currency"],
        "interval": item["price"]["recurring"]["interval"],
        "period_end": item["current_period_end"],
        "cancel_at": subscription["cancel_at"],
        "trial_end": subscription["trial_end"],
        "next_name": here.store.need("product", next_price["product"])["name"] if next_price else None,
        "next_at": later["start_date"] if later else None,
    }


@bp.get("/p/session/<token>/confirmation")
def confirmation(token: str) -> AnyResponse:
    with visit(token) as here:
        message = ((here.session["flow"] or {}).get("after_completion") or {}).get(
            "hosted_confirmation"
        ) or {}
        title = here.session.get("_said") or _("Done")
        return here.show("message", title=title, text=message.get("custom_message") or "")


@bp.get("/p/session/<token>/card")
def card(token: str) -> AnyResponse:
    with visit(token) as here:
        here.need("payment_method_update")
        return here.show("portal_card", error="", chosen="4242424242424242")


@bp.post("/p/session/<token>/card", endpoint="save_card")
def save_card(token: str) -> AnyResponse:
    with visit(token) as here:
        here.need("payment_method_update")
        try:
            chosen = pages.chosen_card()
            if chosen.authentication != "never":
                here.session["_pending"] = {"action": "card", "number": chosen.number}
                return here.to("portal_change_page.authentication")
            return keep(here, chosen)
        except Fault as fault:
            error = pages.words(fault)
            return here.show("portal_card", status=422, error=error, chosen=request.form.get("card", ""))


def keep(here: Visit, chosen: cards.Card, *, authenticated: bool = False) -> AnyResponse:
    """Save the card and let it pay from now on; raises 402 where the bank refuses it."""
    with here.store.savepoint():
        method = payment_methods.build(here.store, chosen)
        payment_methods.attach(here.store, method, here.customer)
        method["_authenticated"] = authenticated
        payment_methods.prefer(here.store, here.customer, method)
    return here.done(_("Your card was saved."))


@bp.get("/p/session/<token>/details")
def details(token: str) -> AnyResponse:
    with visit(token) as here:
        here.need("customer_update")
        return here.show("portal_details", tax_ids=tax_ids.shown(here.store, here.customer["id"]))


@bp.post("/p/session/<token>/details", endpoint="save_details")
def save_details(token: str) -> AnyResponse:
    with visit(token) as here:
        allowed = here.need("customer_update")["allowed_updates"]
        form = request.form
        with changing(here.store, here.customer, "customer.updated"):
            for name in ("name", "email", "phone"):
                if name in allowed:
                    here.customer[name] = form.get(name, "").strip() or None
            if "address" in allowed:
                here.customer["address"] = {
                    part: form.get(part, "").strip() or None for part in customers.ADDRESS
                }
        if "tax_id" in allowed and form.get("tax_value", "").strip():
            given = {"type": form.get("tax_type", "eu_vat"), "value": form["tax_value"].strip()}
            tax_ids.build(here.store, here.customer["id"], given)
        return here.done(_("Your details were saved."))
