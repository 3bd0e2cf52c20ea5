"""Who serves: the device is logged in as a user; a cashier takes over by PIN for at most twelve hours."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass

from flask import Response, current_app, g, request, url_for
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from saas.accounts.models import Staff
from saas.db import PLATFORM, db, transaction
from saas.web.security import set_cookie
from tenants.programs.ledger import Actor

COOKIE = "shift"
LOCATION_COOKIE = "location"
LIFETIME = dt.timedelta(hours=12)
YEAR = dt.timedelta(days=365)


@dataclass(frozen=True)
class Cashier:
    """A person on the staff, as the counter names them; those who left keep their name in the lists."""

    id: uuid.UUID
    name: str
    role: str
    has_pin: bool
    is_gone: bool
    pin_mark: str = ""


def load_staff() -> None:
    """Read the merchant's staff before the view's own transaction opens, for whoever belongs to it."""
    g.counter_staff = {}
    slug = g.get("merchant_slug")
    merchant = current_app.extensions["regulars"].find_merchant(slug) if slug else None
    if merchant is None or not current_user.is_authenticated or current_user.place_at(merchant) is None:
        return
    query = select(Staff).where(Staff.merchant_id == merchant.id).order_by(Staff.name, Staff.id)
    with transaction(PLATFORM):
        g.counter_staff = {
            staff.id: Cashier(
                staff.id,
                staff.name,
                staff.role,
                bool(staff.pin_hash),
                staff.removed_at is not None,
                pin_mark(staff),
            )
            for staff in db.session.scalars(query)
        }


def pin_mark(staff: Staff) -> str:
    """Changes with the PIN; empty where there is none."""
    return hashlib.sha256(staff.pin_hash.encode()).hexdigest()[:16] if staff.pin_hash else ""


def team() -> list[Cashier]:
    """Who can take over the counter: they have a PIN and are still here."""
    return [cashier for cashier in g.counter_staff.values() if cashier.has_pin and not cashier.is_gone]


def name_of(staff_id: uuid.UUID | None) -> str | None:
    cashier = g.counter_staff.get(staff_id)
    return cashier.name if cashier else None


def cashier() -> Cashier:
    """Who serves now: the one of the PIN, while their place lasts, else the user who is logged in."""
    place = current_user.place_at(g.merchant)
    found = _of_cookie() or g.counter_staff.get(place.staff_id)
    return found or Cashier(place.staff_id, place.staff_name, place.role, has_pin=False, is_gone=False)


def actor() -> Actor:
    """Who an entry names."""
    serving = cashier()
    return Actor("staff", serving.id, serving.name)


def is_switched() -> bool:
    return bool(cashier().id != current_user.place_at(g.merchant).staff_id)


def begin(response: Response, staff: Staff) -> Response:
    """Keep on this device who serves; good for this user at this merchant, and while the PIN is the same."""
    text = _serializer().dumps([str(g.merchant.id), str(current_user.id), str(staff.id), pin_mark(staff)])
    return keep(response, COOKIE, text, LIFETIME)


def end(response: Response) -> Response:
    return keep(response, COOKIE, "", LIFETIME)


def keep(response: Response, name: str, value: str, lifetime: dt.timedelta) -> Response:
    """Set a cookie of this merchant's counter; an empty value removes it."""
    secure = current_app.extensions["regulars"].settings.is_production
    seconds = int(lifetime.total_seconds())
    set_cookie(response, name, value, seconds=seconds, secure=secure, path=url_for("counter.show"))
    return response


def _of_cookie() -> Cashier | None:
    """Whoever took over on this device, while they are here and have the PIN of then."""
    try:
        loaded = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=int(LIFETIME.total_seconds()))
        *ids, mark = loaded
        merchant_id, user_id, staff_id = map(uuid.UUID, ids)
    except (BadData, ValueError, TypeError, AttributeError):
        return None
    if (merchant_id, user_id) != (g.merchant.id, current_user.id):
        return None
    found: Cashier | None = g.counter_staff.get(staff_id)
    is_serving = found is not None and found.has_pin and not found.is_gone and found.pin_mark == mark
    return found if is_serving else None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.extensions["regulars"].settings.secret_key, salt="counter.shift"
    )
