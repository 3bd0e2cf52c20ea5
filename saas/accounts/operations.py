"""Log-in, passwords and sessions of a user."""

from __future__ import annotations

import datetime as dt
import uuid

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from saas.accounts import links, mails, passwords
from saas.accounts.models import User, UserSession
from saas.db import db
from saas.web.refusals import Refusal
from saas.web.throttle import throttle

QUARTER = 15 * 60


class WrongPassword(Refusal):
    """The address has no account, or the password is another one: nobody learns which."""


def by_email(email: str) -> User | None:
    """The user of an address, whatever its case."""
    return db.session.scalar(select(User).where(func.lower(User.email) == email.lower()))


def count_attempt(email: str, address: str) -> None:
    """Count a try of a password, before anything is hashed; raises TooMany."""
    throttle("log-in", f"{address}:{email}", 10, QUARTER)
    throttle("log-in-address", address, 50, QUARTER)
    throttle("log-in-account", email, 100, QUARTER)


def log_in(email: str, password: str, address: str, now: dt.datetime) -> User:
    """The user whose address and password these are; raises WrongPassword, TooMany; renews an old hash."""
    count_attempt(email, address)
    user = by_email(email)
    if not passwords.is_right(user.password_hash if user else None, password) or user is None:
        raise WrongPassword(_("The e-mail address or the password is not right."))
    if user.password_hash and passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hash_secret(password)
    user.last_login_at = now
    return user


def change_password(
    user_id: uuid.UUID, current: str, new: str, session_id: uuid.UUID, address: str, now: dt.datetime
) -> None:
    """Change it for somebody who knows the present one; ends all of the user's other sessions."""
    user = db.session.get_one(User, user_id)
    count_attempt(user.email, address)
    if not passwords.is_right(user.password_hash, current):
        raise WrongPassword(_("That is not your present password."))
    passwords.check_strength(new, user.email, user.name)
    user.password_hash = passwords.hash_secret(new)
    end_other_sessions(user_id, session_id, now)
    mails.password_changed(user.email, user.name, user.language)


def reset_password(token: str, new: str, now: dt.datetime) -> User:
    """Set a new password by a mailed link, which also proves the address; ends every session of the user."""
    user = links.consume(token, "reset", now)
    passwords.check_strength(new, user.email, user.name)
    user.password_hash = passwords.hash_secret(new)
    user.email_confirmed_at = user.email_confirmed_at or now
    end_other_sessions(user.id, None, now)
    mails.password_changed(user.email, user.name, user.language)
    return user


def confirm_email(token: str, now: dt.datetime) -> User:
    """Take an address for proven; raises links.LinkDoesNotWork."""
    user = links.consume(token, "confirm", now)
    user.email_confirmed_at = user.email_confirmed_at or now
    return user


def change_details(user_id: uuid.UUID, name: str, language: str) -> None:
    user = db.session.get_one(User, user_id)
    user.name, user.language = name, language


def end_session(user_id: uuid.UUID, session_id: uuid.UUID, now: dt.datetime) -> bool:
    """End one of the user's sessions; False where there is no such session of this user."""
    statement = update(UserSession).where(
        UserSession.id == session_id, UserSession.user_id == user_id, UserSession.ended_at.is_(None)
    )
    ended = db.session.scalar(statement.values(ended_at=now).returning(UserSession.id))
    return ended is not None


def end_other_sessions(user_id: uuid.UUID, kept: uuid.UUID | None, now: dt.datetime) -> None:
    """End all sessions of a user but `kept`."""
    statement = update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    if kept is not None:
        statement = statement.where(UserSession.id != kept)
    db.session.execute(statement.values(ended_at=now))
