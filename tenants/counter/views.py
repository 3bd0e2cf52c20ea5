"""The counter's screen: the changing code, where it stands, today's list, and undo."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from saas.db import db
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, is_fragment, new_request_key, render
from tenants.counter import (
    buying,
    codes,
    enrolling,
    giving,
    queries,
    redemptions,
    shift,
    shifts,
    taking_back,
    today,
)
from tenants.counter.desk import LINES_BESIDE, bp, clock, code_context, location_id, page, units_of
from tenants.counter.forms import CodeForm, KeyForm, LocationForm
from tenants.counter.models import OneTimeCode
from tenants.locations import queries as locations
from tenants.programs import ledger

__all__ = ["bp", "buying", "enrolling", "giving", "redemptions", "shifts", "taking_back"]
CHANGE_AFTER = dt.timedelta(seconds=20)


class TooLate(Refusal):
    """An entry of another day is not undone at the counter."""


@bp.get("/counter/<slug:merchant>")
@requires("counter.use")
def show() -> Response:
    """The screen that stays open all day."""
    return page("tenants/counter/show.html")


@bp.post("/counter/<slug:merchant>/codes")
@requires("counter.use")
def issue() -> Response:
    """Another code for the screen; 204 while the one it shows is still good."""
    form = CodeForm()
    if not form.validate() or not g.merchant.is_counter_code_on:
        abort(400)
    seen = db.session.get(OneTimeCode, uuid.UUID(form.seen.data)) if form.seen.data else None
    if seen is not None and is_fragment() and not form.fresh.data and _is_still_good(seen, form):
        return Response(status=204)
    was_used = seen is not None and seen.used_at is not None
    units = 1 if was_used else form.units.data
    program_id, serving, now = uuid.UUID(form.program_id.data), shift.cashier(), utcnow()
    code = codes.issue_stamp(units, program_id, location_id(), serving.id, serving.name, now)
    if not is_fragment():
        return done("counter.show", code=code.id, card=program_id)
    used = queries.used_by(seen.id) if seen is not None and was_used else None
    response = render(
        "tenants/counter/code.html",
        block="code",
        code=code,
        used=used,
        units=units,
        **code_context(),
    )
    if used:
        response.headers["HX-Trigger"] = "counted"
    return response


def _is_still_good(seen: OneTimeCode, form: CodeForm) -> bool:
    asked = (form.units.data, uuid.UUID(form.program_id.data))
    young = utcnow() - seen.created_at < CHANGE_AFTER
    return young and seen.used_at is None and (seen.units, seen.program_id) == asked


@bp.get("/counter/<slug:merchant>/entries")
@requires("counter.use")
def entries() -> Response:
    """All of today, page by page; beside the till the newest few."""
    beside = request.args.get("beside") == "1"
    number = max(request.args.get("page", 1, int), 1)
    size = LINES_BESIDE if beside else 25
    lines = today.page_of(utcnow(), g.merchant.time_zone, number, size)
    lines = replace(
        lines,
        prev_url=url_for("counter.entries", page=number - 1) if number > 1 else None,
        next_url=url_for("counter.entries", page=number + 1) if number < lines.pages else None,
    )
    return render(
        "tenants/counter/entries.html",
        block="lines",
        today=lines,
        beside=beside,
        name_of=shift.name_of,
        new_key=new_request_key,
        clock=clock,
        units_of=units_of,
    )


@bp.get("/counter/<slug:merchant>/entries/<uuid:entry_id>")
@requires("counter.use")
def entry(entry_id: uuid.UUID) -> Response:
    """What stamps became, with the way to undo them."""
    receipt = queries.receipt(entry_id, utcnow(), g.merchant.time_zone) or abort(404)
    return page("tenants/counter/stamped.html", receipt=receipt)


@bp.post("/counter/<slug:merchant>/entries/<uuid:entry_id>/reversal")
@requires("counter.use")
def reverse(entry_id: uuid.UUID) -> Response:
    """Take stamps of today back by a counter-entry."""
    now, zone = utcnow(), g.merchant.time_zone
    receipt = queries.receipt(entry_id, now, zone) or abort(404)
    form = KeyForm()
    if not form.validate():
        abort(400)
    try:
        if (
            receipt.entry.occurred_at < queries.day_start(now, zone)
            or receipt.entry.cause not in queries.UNDOABLE
        ):
            raise TooLate(_("Only stamps that the counter gave today can be undone here."))
        with db.session.begin_nested():
            ledger.undo(entry_id, actor=shift.actor(), request_key=form.request_key.data, now=now)
    except Refusal as refusal:
        return page("tenants/counter/stamped.html", status=refusal.status, receipt=receipt, refusal=refusal)
    if not is_fragment():
        return done("counter.entry", entry_id=entry_id)
    return page("tenants/counter/stamped.html", counts=True, receipt=queries.receipt(entry_id, now, zone))


@bp.post("/counter/<slug:merchant>/location")
@requires("counter.use")
def locate() -> Response:
    """Remember where this device stands."""
    form = LocationForm()
    places = {str(place.id): place.name for place in locations.all_active()}
    if not form.validate() or form.location_id.data not in places:
        abort(404)
    response = done(
        "counter.show", _("This counter now stands at: %(place)s", place=places[form.location_id.data])
    )
    return shift.keep(response, shift.LOCATION_COOKIE, form.location_id.data, shift.YEAR)
