"""PINs: how staff name themselves at the counter."""

from __future__ import annotations

import uuid

from flask_babel import gettext as _
from sqlalchemy import select

from saas.accounts import passwords
from saas.accounts.models import Staff
from saas.db import db
from saas.web.refusals import Refusal
from saas.web.throttle import throttle

TRIES, WINDOW = 10, 15 * 60
TOO_SIMPLE = {"0123", "1234", "12345", "123456", "1234567", "12345678", "4321", "54321", "654321"}


class PinNotWellFormed(Refusal):
    """Not 4 to 8 digits, or the first that anybody would try."""


def verify_pin(merchant_id: uuid.UUID, staff_id: uuid.UUID, pin: str) -> Staff | None:
    """The staff member whose PIN this is, else None; needs the platform's transaction.

    Raises TooMany after 10 tries in 15 minutes, counted before anything is hashed. One answer for a wrong
    PIN, a missing one, a removed person and another merchant's.
    """
    throttle("pin", str(staff_id), TRIES, WINDOW)
    staff = db.session.scalar(
        select(Staff).where(
            Staff.id == staff_id, Staff.merchant_id == merchant_id, Staff.removed_at.is_(None)
        )
    )
    return staff if passwords.is_right(staff.pin_hash if staff else None, pin) else None


def pin_hash(pin: str) -> str:
    """The hash of a new PIN; raises PinNotWellFormed."""
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8):
        raise PinNotWellFormed(_("A PIN has 4 to 8 digits."))
    if pin in TOO_SIMPLE or len(set(pin)) == 1:
        raise PinNotWellFormed(_("This PIN is too easy to guess. Please choose another one."))
    return passwords.hash_secret(pin)
