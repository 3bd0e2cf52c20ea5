"""Locations in the settings: the list, adding, changing, closing and opening again."""

from __future__ import annotations

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g
from flask_babel import format_datetime, format_time
from flask_babel import gettext as _

from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render
from tenants.locations import operations, queries, rules
from tenants.locations.models import Location
from tenants.settings.blueprint import bp
from tenants.settings.forms import LocationForm

PAGE = "tenants/settings/location.html"


@bp.get("/locations", endpoint="locations")
@requires("settings.manage")
def index() -> Response:
    """Where the shop receives members, and whether it does so now."""
    now = utcnow().astimezone(ZoneInfo(g.merchant.time_zone))
    every = queries.every()
    return render(
        "tenants/settings/locations.html",
        locations=every,
        openings={place.id: _opening(place, now) for place in every},
        can_close=queries.count_active() > 1,
    )


@bp.get("/locations/new", endpoint="new_location")
@requires("settings.manage")
def new() -> Response:
    """An empty form."""
    return render(PAGE, block="form", location=None, form=LocationForm())


@bp.post("/locations/new", endpoint="create_location")
@requires("settings.manage")
def create() -> Response:
    """Add a location."""
    form = LocationForm()
    if not form.validate():
        return render(PAGE, block="form", status=422, location=None, form=form)
    try:
        operations.add(
            form.name.data or "", form.address.data or "", form.hours(), utcnow(), merchant=g.merchant
        )
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return render(PAGE, block="form", status=refusal.status, location=None, form=form)
    return done("settings.locations", _("%(name)s is added.", name=form.name.data))


@bp.get("/locations/<uuid:location_id>", endpoint="location")
@requires("settings.manage")
def show(location_id: UUID) -> Response:
    """A location's name, address and opening hours, to change."""
    return render(PAGE, block="form", location=(found := queries.get(location_id)), form=_form(found))


@bp.post("/locations/<uuid:location_id>", endpoint="update_location")
@requires("settings.manage")
def update(location_id: UUID) -> Response:
    """Keep them."""
    location, form = queries.get(location_id), LocationForm()
    if not form.validate():
        return render(PAGE, block="form", status=422, location=location, form=form)
    operations.change(location, form.name.data or "", form.address.data or "", form.hours())
    return done("settings.locations", _("Saved."))


@bp.post("/locations/<uuid:location_id>/closing", endpoint="close_location")
@requires("settings.manage")
def close(location_id: UUID) -> Response:
    """Close a location for good, or until it is opened again; the last one stays."""
    operations.close(queries.get(location_id).id, g.merchant)
    return done("settings.locations", _("The location is closed. What happened there stays on record."))


@bp.post("/locations/<uuid:location_id>/reopening", endpoint="reopen_location")
@requires("settings.manage")
def reopen(location_id: UUID) -> Response:
    """Open a closed location again."""
    operations.reopen(queries.get(location_id), g.merchant)
    return done("settings.locations", _("The location is open again."))


def _opening(location: Location, now: dt.datetime) -> str | None:
    """In words, when a location opens next; None while it is open."""
    opening = rules.next_opening(location.opening_hours, now)
    if opening is None or opening == now:
        return None
    day, time = format_datetime(opening, "EEEE"), format_time(opening, "short")
    return str(_("No stamps until %(day)s, %(time)s", day=day, time=time))


def _form(location: Location) -> LocationForm:
    data = {"name": location.name, "address": location.address}
    return LocationForm(hours=location.opening_hours, data=data)
