"""One-use links by mail: to confirm an address, to choose a new password. Opening one changes nothing."""

from __future__ import annotations

import datetime as dt
import uuid

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select, update

from saas.accounts import mails
from saas.accounts.models import MailedLink, User
from saas.db import PLATFORM, db, transaction
from saas.web.clock import utcnow
from saas.web.jobs import defer, task
from saas.web.refusals import Refusal
from saas.web.tokens import new_token, token_hash

LIFETIME = {"confirm": dt.timedelta(days=2), "reset": dt.timedelta(minutes=10)}


class LinkDoesNotWork(Refusal):
    """Used, late, or never sent: one answer for all three."""

    def __init__(self) -> None:
        super().__init__(_("This link does not work any more. Please ask for a new one."))


def issue(user_id: uuid.UUID, purpose: str, now: dt.datetime) -> str:
    """A new link's token; only its hash is kept."""
    token = new_token()
    db.session.add(
        MailedLink(
            user_id=user_id,
            purpose=purpose,
            token_hash=token_hash(token),
            created_at=now,
            expires_at=now + LIFETIME[purpose],
        )
    )
    db.session.flush()
    return token


def is_live(token: str, purpose: str, now: dt.datetime) -> bool:
    return db.session.scalar(select(MailedLink.id).where(*_live(token, purpose, now))) is not None


def consume(token: str, purpose: str, now: dt.datetime) -> User:
    """Use a link up, and with it its owner's other links of the purpose; raises LinkDoesNotWork.

    The conditional UPDATE lets one of two simultaneous uses through.
    """
    statement = update(MailedLink).where(*_live(token, purpose, now)).values(used_at=now)
    user_id = db.session.scalar(statement.returning(MailedLink.user_id))
    if user_id is None:
        raise LinkDoesNotWork
    db.session.execute(
        update(MailedLink)
        .where(MailedLink.user_id == user_id, MailedLink.purpose == purpose, MailedLink.used_at.is_(None))
        .values(used_at=now)
    )
    return db.session.get_one(User, user_id)


def _live(token: str, purpose: str, now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        MailedLink.token_hash == token_hash(token),
        MailedLink.purpose == purpose,
        MailedLink.used_at.is_(None),
        MailedLink.expires_at > now,
    )


def send_confirmation(user: User, now: dt.datetime) -> None:
    mails.confirm(user.email, user.name, user.language, issue(user.id, "confirm", now))


def send_reset_if_known(email: str) -> None:
    """Ask for a reset mail; the job looks whether the address has an account, so no answer depends on it."""
    defer("accounts.send_reset", email=email)


@task("accounts.send_reset")
def send_reset(email: str) -> None:
    now = utcnow()
    with transaction(PLATFORM):
        user = db.session.scalar(select(User).where(func.lower(User.email) == email.lower()))
        if user is not None:
            mails.reset(user.email, user.name, user.language, issue(user.id, "reset", now))
