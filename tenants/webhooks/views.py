"""Webhooks in the settings: the endpoints, one with its secret and log, and a delivery with its attempts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render
from saas.web.throttle import throttle
from tenants.webhooks import delivery_views, operations, queries, signing, words
from tenants.webhooks.blueprint import bp
from tenants.webhooks.catalogue import TYPES
from tenants.webhooks.forms import EndpointForm
from tenants.webhooks.models import Endpoint

__all__ = ["bp", "delivery_views"]  # importing the deliveries' pages is what puts them on the blueprint

EDIT = "tenants/webhooks/edit.html"
TESTS_AN_HOUR = 60


@bp.get("")
@requires("settings.manage")
def index() -> Response:
    """The endpoints, and how their deliveries go."""
    counts = queries.counts()
    return render(
        "tenants/webhooks/index.html", endpoints=queries.every(), counts=counts, words=words, types=TYPES
    )


@bp.get("/new")
@requires("settings.manage")
def new() -> Response:
    """An empty form."""
    return render(EDIT, block="form", endpoint=None, form=EndpointForm())


@bp.post("/new")
@requires("settings.manage")
def create() -> Response:
    """Add an endpoint, and show its secret, this once."""
    form = EndpointForm()
    if not form.validate():
        return render(EDIT, block="form", status=422, endpoint=None, form=form)
    try:
        endpoint = operations.add(g.merchant, **_values(form), created_by=current_user.name, now=utcnow())
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return render(EDIT, block="form", status=422, endpoint=None, form=form)
    return _secret(endpoint)


@bp.get("/<uuid:endpoint_id>")
@requires("settings.manage")
def show(endpoint_id: UUID) -> Response:
    """An endpoint with its state, its secret's end and its log, filtered where asked for."""
    endpoint = queries.get(endpoint_id)
    state, text = request.args.get("state", ""), request.args.get("q", "").strip()[:100]
    state = state if state in queries.STATES else ""
    before = _uuid(request.args.get("before"))
    log = queries.log(endpoint_id, state, text, before)
    asked: dict[str, Any] = {"endpoint_id": endpoint_id, "state": state or None, "q": text or None}
    return render(
        "tenants/webhooks/show.html",
        block="log",
        endpoint=endpoint,
        ending=_key(endpoint).rstrip("=")[-4:],
        now=utcnow(),
        counts=queries.counts(endpoint_id).get(endpoint_id, dict.fromkeys(queries.STATES, 0)),
        lines=log.items,
        state=state,
        text=text,
        words=words,
        newest_url=url_for("webhooks.show", **asked) if before else None,
        older_url=url_for("webhooks.show", **asked, before=log.older) if log.older else None,
    )


@bp.get("/<uuid:endpoint_id>/edit")
@requires("settings.manage")
def edit(endpoint_id: UUID) -> Response:
    """Where messages go and which, to change."""
    endpoint = queries.get(endpoint_id)
    return render(EDIT, block="form", endpoint=endpoint, form=EndpointForm(obj=endpoint))


@bp.post("/<uuid:endpoint_id>/edit")
@requires("settings.manage")
def update(endpoint_id: UUID) -> Response:
    """Keep it."""
    endpoint, form = queries.get(endpoint_id), EndpointForm()
    if not form.validate():
        return render(EDIT, block="form", status=422, endpoint=endpoint, form=form)
    operations.change(endpoint_id, **_values(form))
    return done("webhooks.show", _("Saved."), endpoint_id=endpoint_id)


@bp.post("/<uuid:endpoint_id>/secrets")
@requires("settings.manage")
def rotate(endpoint_id: UUID) -> Response:
    """A new secret, shown this once; the old one signs as well for a day."""
    return _secret(operations.rotate(endpoint_id, utcnow()))


@bp.post("/<uuid:endpoint_id>/enabling")
@requires("settings.manage")
def enable(endpoint_id: UUID) -> Response:
    """Switch it on; what waited goes on."""
    operations.switch_on(g.merchant, endpoint_id, utcnow())
    return done("webhooks.show", _("The endpoint is switched on."), endpoint_id=endpoint_id)


@bp.post("/<uuid:endpoint_id>/disabling")
@requires("settings.manage")
def disable(endpoint_id: UUID) -> Response:
    """Switch it off."""
    operations.switch_off(endpoint_id, utcnow())
    return done("webhooks.show", _("The endpoint is switched off."), endpoint_id=endpoint_id)


@bp.post("/<uuid:endpoint_id>/removal")
@requires("settings.manage")
def remove(endpoint_id: UUID) -> Response:
    """Take it away with its log."""
    operations.remove(endpoint_id)
    return done("webhooks.index", _("The endpoint is removed."))


@bp.post("/<uuid:endpoint_id>/tests")
@requires("settings.manage")
def test(endpoint_id: UUID) -> Response:
    """Send a test, and show what becomes of it."""
    queries.get(endpoint_id)
    throttle("webhook-test", str(g.merchant.id), TESTS_AN_HOUR, 3600)
    delivery = operations.test(g.merchant, endpoint_id, utcnow())
    words_ = _("A test is on its way. Reload this page in a moment to see what came back.")
    return done("webhooks.delivery", words_, endpoint_id=endpoint_id, delivery_id=delivery.id)


def _values(form: EndpointForm) -> dict[str, Any]:
    return {
        "url": form.url.data,
        "description": form.description.data,
        "event_types": [name for name in TYPES if name in form.event_types.data],
    }


def _key(endpoint: Endpoint) -> str:
    service_key = current_app.extensions["regulars"].settings.secret_key
    return signing.secret_of(service_key, endpoint.id, endpoint.secret_salt)


def _secret(endpoint: Endpoint) -> Response:
    return render("tenants/webhooks/secret.html", endpoint=endpoint, secret=_key(endpoint))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
