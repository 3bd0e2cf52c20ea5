"""The portal's changes: another plan with what it costs today, cancelling, taking that back; and the bank's page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from . import cards, pages, portal_page, prices, schedules, subscription_changes, subscription_end
from .events import changing
from .faults import Fault
from .portal_plan import given_for, is_later, is_now, offers_for, priced, wanted_items
from .portal_visit import Expired, Visit, expired, visit
from .previews import preview
from .store import Obj

bp = Blueprint("portal_change_page", __name__)
bp.register_error_handler(Expired, expired)
AT = "/p/session/<token>/subscriptions/<subscription_id>"


@bp.get(AT + "/switch")
def switch(token: str, subscription_id: str) -> AnyResponse:
    with visit(token) as here:
        subscription = here.subscription(subscription_id)
        current = subscription["items"]["data"][0]["price"]["id"]
        return here.show(
            "portal_switch", subscription=subscription, offers=offers_for(here, subscription), current=current
        )


@bp.get(AT + "/confirm")
def confirm(token: str, subscription_id: str) -> AnyResponse:
    """What the change costs today, or when it comes; nothing happens yet."""
    with visit(token) as here:
        subscription = here.subscription(subscription_id)
        return _confirm_page(here, subscription, wanted_items(here, subscription))


@bp.post(AT + "/confirm", endpoint="confirmed")
def confirmed(token: str, subscription_id: str) -> AnyResponse:
    with visit(token) as here:
        subscription = here.subscription(subscription_id)
        items = wanted_items(here, subscription)
        return _change(here, subscription, items, authenticated=False)


def _change(
    here: Visit, subscription: Obj, items: list[dict[str, Any]], *, authenticated: bool
) -> AnyResponse:
    """Change now and pay, or plan it for the next period; a refused card leaves everything as it was."""
    id_ = subscription["id"]
    try:
        with here.store.savepoint():
            if is_later(here, subscription, items):
                with changing(here.store, subscription, "customer.subscription.updated"):
                    schedules.later(here.store, subscription, priced(subscription, items))
            else:
                given = given_for(here, subscription, items) | {"_authenticated": authenticated}
                given["payment_behavior"] = "error_if_incomplete"
                subscription_end.release_schedule(here.store, subscription)
                subscription_changes.apply(here.store, subscription, given)
    except Fault as fault:
        subscription = here.store.need("subscription", id_)
        here.session = pages.find(here.store, "billing_portal.session", here.token)
        if fault.code in pages.NEEDS_OWNER:
            here.session["_pending"] = {"action": "change", "subscription": id_, "items": items}
            return here.to(".authentication")
        return _confirm_page(here, subscription, items, error=pages.words(fault), status=422)
    return here.done(_("Your plan was changed."))


def _confirm_page(
    here: Visit, subscription: Obj, items: list[dict[str, Any]], *, error: str = "", status: int = 200
) -> AnyResponse:
    later = is_later(here, subscription, items)
    price = here.store.live("price", items[0].get("price") or subscription["items"]["data"][0]["price"]["id"])
    id_ = subscription["id"]
    given = None if later else given_for(here, subscription, items)
    invoice = preview(here.store, id_, given) if given else None
    subscription = here.subscription(id_)
    return here.show(
        "portal_confirm",
        status=status,
        subscription=subscription,
        product=here.store.need("product", price["product"])["name"],
        price=price,
        amount=prices.amount(price, subscription["currency"]),
        is_later=later,
        at=subscription_end.period_of(subscription)[1],
        invoice=invoice,
        is_now=bool(given and is_now(here, subscription, price)),
        error=error,
    )


@bp.get(AT + "/cancel")
def cancel(token: str, subscription_id: str) -> AnyResponse:
    with visit(token) as here:
        feature = here.need("subscription_cancel")
        subscription = here.subscription(subscription_id)
        at = subscription_end.period_of(subscription)[1] if feature["mode"] == "at_period_end" else None
        return here.show(
            "portal_cancel", subscription=subscription, at=at, reasons=feature["cancellation_reason"]
        )


@bp.post(AT + "/cancel", endpoint="cancelled")
def cancelled(token: str, subscription_id: str) -> AnyResponse:
    with visit(token) as here:
        feature, subscription = here.need("subscription_cancel"), here.subscription(subscription_id)
        said = {
            "feedback": request.form.get("feedback") or None,
            "comment": request.form.get("comment") or None,
        }
        if feature["mode"] == "at_period_end":
            given = {"cancel_at_period_end": True, "cancellation_details": said}
            with changing(here.store, subscription, None):
                subscription_end.release_schedule(here.store, subscription)
            subscription_changes.apply(here.store, subscription, given)
        else:
            subscription_end.cancel_now(here.store, subscription, "cancellation_requested", said)
        return here.done(_("Your subscription was cancelled."))


@bp.post(AT + "/renewal")
def renew(token: str, subscription_id: str) -> AnyResponse:
    """Take a cancellation back, or a change that was planned for the end of the period."""
    with visit(token) as here:
        subscription = here.subscription(subscription_id)
        if subscription["schedule"]:
            with changing(here.store, subscription, "customer.subscription.updated"):
                subscription_end.release_schedule(here.store, subscription)
        if subscription["cancel_at"]:
            subscription_changes.apply(
                here.store, subscription, {"cancel_at_period_end": False, "cancel_at": ""}
            )
        return here.done(_("Your subscription goes on."))


@bp.route("/p/session/<token>/authentication", methods=["GET", "POST"])
def authentication(token: str) -> AnyResponse:
    with visit(token) as here:
        pending = here.session.get("_pending")
        if not pending:
            return here.to("portal_page.home")
        if request.method == "GET":
            return here.show("authentication")
        here.session["_pending"] = None
        if request.form.get("outcome") != "complete":
            title = _("The bank could not confirm that the card is yours. Try again or choose another one.")
            return here.show("message", title=_("Nothing was changed"), text=title, status=422)
        try:
            if pending["action"] == "card":
                return portal_page.keep(here, cards.BY_NUMBER[pending["number"]], authenticated=True)
        except Fault as fault:
            return here.show("portal_card", status=422, error=pages.words(fault), chosen="")
        return _change(here, here.subscription(pending["subscription"]), pending["items"], authenticated=True)
