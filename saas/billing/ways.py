"""The ways out to Stripe's pages and home again. None of them opens a transaction around a question to Stripe.

They are links, not forms: a browser applies form-action to where a form's answer leads. An operator who looks in takes
none of them (`shows_secrets`): each may change something at Stripe or in the copy.
"""

from __future__ import annotations

from typing import cast

from flask import Response, abort, current_app, g, redirect, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from saas.billing import arranged, checkout, copies, customers, page, plans, portal, queries, settling
from saas.billing.blueprint import bp
from saas.billing.entitlements import NAMES
from saas.billing.gateway import BillingOff, NotAtStripe, gateway
from saas.billing.plans import Price
from saas.db import PLATFORM, transaction
from saas.merchants import registry
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render
from saas.web.template_filters import date

FLOWS = {"card": "payment_method_update", "cancel": "subscription_cancel", "details": None}
ASK_AFTER = 3  # looks at our own copy before Stripe itself is asked what became of a payment
GIVE_UP_AFTER = 40


@bp.get("/checkout")
@requires("billing.manage", on="nothing", shows_secrets=True)
def subscribe() -> Response:
    """Out to the page where a plan is paid; whoever has one already is shown what a switch costs."""
    price = _price()
    try:
        address = checkout.begin(
            gateway(),
            g.merchant,
            price,
            email=current_user.email,
            language=_language(),
            success_url=_absolute("billing.arrival"),
            cancel_url=_absolute("billing.show"),
            now=utcnow(),
        )
    except customers.AlreadySubscribed:
        return cast(Response, redirect(url_for("billing.switch", price=price.lookup_key), 303))
    except Refusal as refusal:
        return page.show(refusal)
    return cast(Response, redirect(address, 303))


@bp.get("/switch")
@requires("billing.manage", on="nothing", shows_secrets=True)
def switch() -> Response:
    """What another plan costs now and later, before anything is changed."""
    price = _price()
    try:
        _customer, subscription_id = customers.known(g.merchant.id)
        if subscription_id is None:
            raise customers.NoSubscription
        waiting = arranged.find(gateway(), subscription_id)
        if waiting:
            return render("saas/billing/arranged.html", waiting=waiting, after=plans.plan(price.plan))
        preview = portal.preview(gateway(), subscription_id, price)
    except Refusal as refusal:
        return page.show(refusal)
    overview = page.fresh(utcnow())
    return render(
        "saas/billing/switch.html",
        price=price,
        preview=preview,
        overview=overview,
        before=plans.plan(overview.merchant.plan),
        after=plans.plan(price.plan),
        losing=_losing(overview, price.plan),
        names=NAMES,
    )


def _losing(overview: queries.Overview, code: str) -> list[tuple[str, int, int]]:
    """What there is more of than the other plan holds: name, how much there is, how much it holds."""
    found = []
    for use in overview.uses:
        limit = plans.limit(code, use.what)
        if limit is not None and use.used > limit:
            found.append((use.what, use.used, limit))
    return found


@bp.get("/payment")
@requires("billing.manage", on="nothing", shows_secrets=True)
def pay() -> Response:
    """Out to the invoice that is owed; home again where nothing is."""
    try:
        _customer, subscription_id = customers.known(g.merchant.id)
        address = settling.address(gateway(), subscription_id)
    except Refusal as refusal:
        return page.show(refusal)
    return redirect(address or url_for("billing.back"), 303)  # type: ignore[return-value]


@bp.get("/portal")
@requires("billing.manage", on="nothing", shows_secrets=True)
def leave() -> Response:
    """Out to Stripe's portal: the card, cancelling, address and tax id, or the switch that was looked at."""
    to = request.args.get("to", "details")
    try:
        customer_id, subscription_id = customers.known(g.merchant.id)
        price = _price() if to == "switch" else None
        flow = "subscription_update_confirm" if price else FLOWS[to] if to in FLOWS else abort(404)
        address = portal.visit(
            gateway(),
            customer_id,
            return_url=_absolute("billing.back"),
            language=_language(),
            flow=flow,
            subscription_id=subscription_id,
            price=price,
        )
    except Refusal as refusal:
        return page.show(refusal)
    return redirect(address, 303)  # type: ignore[return-value]


@bp.get("/back")
@requires("billing.manage", on="nothing", shows_secrets=True)
def back() -> Response:
    """Home from the portal: look at once what was changed there, then show it; what is only arranged is said."""
    try:
        _refresh()
        waiting = arranged.find(gateway(), customers.known(g.merchant.id)[1])
    except (customers.NoSubscription, BillingOff):
        waiting = None
    except Refusal as refusal:
        return page.show(refusal)
    if waiting is None:
        return done("billing.show")
    day = date(waiting.at, "long")
    return done("billing.show", _("From %(day)s on the plan is %(plan)s.", day=day, plan=waiting.plan.name))


@bp.get("/arrival")
@requires("billing.manage", on="nothing", shows_secrets=True)
def arrival() -> Response:
    """Home from Checkout: wait until the payment is known here, and say what became of it."""
    tries = request.args.get("tries", 0, type=int)
    if tries == ASK_AFTER or (tries and not tries % 10):
        try:
            _refresh()
        except Refusal:
            current_app.logger.warning("what became of a payment is not known yet")
    with transaction(PLATFORM):
        stands = queries.state_now(g.merchant.id, utcnow())
    is_known = stands.is_subscribed or stands.state == "incomplete"
    if is_known:
        registry.forget(g.merchant.slug)
    response = render(
        "saas/billing/arrival.html",
        block="outcome",
        stands=stands,
        plan=plans.plan(stands.plan),
        is_known=is_known,
        tries=tries + 1,
        is_late=tries >= GIVE_UP_AFTER,
    )
    if request.headers.get("HX-Request") and (is_known or tries >= GIVE_UP_AFTER):
        response.status_code = 286
    return response


@bp.post("/resumption")
@requires("billing.manage", on="nothing")
def resume() -> Response:
    """Take a cancellation back, or a switch that is arranged."""
    try:
        _customer, subscription_id = customers.known(g.merchant.id)
        if subscription_id is None:
            raise customers.NoSubscription
        portal.resume(gateway(), subscription_id)
        _refresh()
    except Refusal as refusal:
        return page.show(refusal)
    return done("billing.show", _("Your plan goes on."))


def _refresh() -> None:
    """Fetch the merchant's subscription now. Raises what the gateway raises."""
    try:
        customer_id, _subscription = customers.known(g.merchant.id)
        copies.sync(g.merchant.id, customer_id, gateway().snapshot, utcnow())
    except (customers.NoSubscription, NotAtStripe, BillingOff):
        current_app.logger.info("nothing to fetch for merchant %s", g.merchant.id)
    registry.forget(g.merchant.slug)


def _price() -> Price:
    """The price that the address names; 404 where it is none of ours."""
    return plans.price_of(request.args.get("price")) or abort(404)


def _language() -> str:
    return str(get_locale() or "en")


def _absolute(endpoint: str) -> str:
    return str(current_app.extensions["regulars"].settings.base_url) + url_for(endpoint)
