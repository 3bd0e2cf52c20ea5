"""Proving once more who sits there: before what can't be taken back, a log-in of some time ago is not enough."""

from __future__ import annotations

import datetime as dt
import uuid

from flask_babel import gettext as _
from sqlalchemy import select

from saas.accounts import passwords
from saas.accounts.models import User, UserSession
from saas.accounts.operations import WrongPassword, count_attempt
from saas.db import db

FRESH_FOR = dt.timedelta(minutes=10)


def is_asked(session_id: uuid.UUID, now: dt.datetime) -> bool:
    """Whether the log-in of this session is older than FRESH_FOR, so that the password is asked again."""
    began = db.session.scalar(select(UserSession.created_at).where(UserSession.id == session_id))
    return began is None or began <= now - FRESH_FOR


def prove(user_id: uuid.UUID, session_id: uuid.UUID, password: str, address: str, now: dt.datetime) -> None:
    """Raises WrongPassword or TooMany, unless the log-in is fresh or this is the user's password."""
    if not is_asked(session_id, now):
        return
    user = db.session.get_one(User, user_id)
    count_attempt(user.email, address)
    if not passwords.is_right(user.password_hash, password):
        raise WrongPassword(_("That is not your present password."))
