"""The counter as a screen: its blueprint, and what stands on every page of it."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from typing import Any

from flask import Blueprint, Response, current_app, g, request
from flask_babel import format_time

from saas.db import db
from saas.web.clock import utcnow
from saas.web.qr import qr_svg
from saas.web.render import is_fragment, new_request_key, render
from tenants.counter import queries, shift, today
from tenants.counter.models import OneTimeCode
from tenants.locations import queries as locations
from tenants.locations.models import Location
from tenants.programs import queries as programs
from tenants.programs.reasons import Speech

bp = Blueprint("counter", __name__)
bp.before_request(shift.load_staff)
LINES_BESIDE = 6


def page(template: str, *, status: int = 200, counts: bool = False, **context: Any) -> Response:
    """A page of the counter, or only its `work` where a part is asked for. `counts`: the list changes."""
    context = {"new_key": new_request_key, "q": "", "refusal": None, **context}
    if is_fragment():
        response = render(template, block="work", status=status, **context)
        if counts:
            response.headers["HX-Trigger"] = "counted"
        return response
    return render(template, status=status, **frame(), **context)


def frame() -> dict[str, Any]:
    """What stands around the work: the code's choices, who serves, where, and today."""
    running, code = programs.running(), shown_code(request.args.get("code", ""))
    by_purchase = not running and queries.earns_by_purchase()
    return {
        "programs": running,
        "earns_by_purchase": by_purchase,
        "takes_coupons": not running and not by_purchase and queries.takes_coupons(),
        "code": code,
        "code_seconds": math.ceil((code.expires_at - utcnow()).total_seconds()) if code else 0,
        "choice": request.args.get("card") or (str(running[0][0].id) if running else ""),
        "cashier": shift.cashier(),
        "locations": locations.all_active(),
        "location": location(),
        "today": today.page_of(utcnow(), g.merchant.time_zone, size=LINES_BESIDE),
        "name_of": shift.name_of,
        "clock": clock,
        "units_of": units_of,
        **code_context(),
    }


def code_context() -> dict[str, Any]:
    """What the changing code needs beside itself; outside opening hours it gives no stamps, and says so."""
    place = location()
    is_open = place is None or locations.is_open_now(place, utcnow(), g.merchant.time_zone)
    return {"site_url": base_url(), "qr": qr_svg, "is_open": is_open}


def base_url() -> str:
    """Where members reach the site; what a QR code's address begins with."""
    return str(current_app.extensions["regulars"].settings.base_url)


def clock(at: dt.datetime) -> str:
    """The time of day in the shop."""
    return str(format_time(at, "short"))


def units_of(line: today.Line, units: int) -> str:
    """Units of a line's program in words: points, money, or the merchant's own."""
    return Speech(g.merchant.currency, line.program_kind or "", line.unit or "").units(units)


def shown_code(text: str) -> OneTimeCode | None:
    """The counter code of an address, while it works."""
    try:
        code = db.session.get(OneTimeCode, uuid.UUID(text))
    except ValueError:
        return None
    is_good = (
        code is not None and code.kind == "stamp" and code.used_at is None and code.expires_at > utcnow()
    )
    return code if is_good else None


def location() -> Location | None:
    """Where this device stands: as it was told, else the first location."""
    told = request.cookies.get(shift.LOCATION_COOKIE)
    return next(
        (place for place in locations.all_active() if str(place.id) == told), locations.default_location()
    )


def location_id() -> uuid.UUID | None:
    place = location()
    return place.id if place else None
