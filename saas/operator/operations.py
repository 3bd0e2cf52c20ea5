"""Operators: added, given a link, asked for their password, logged out. All need the platform's transaction."""

from __future__ import annotations

import datetime as dt
import uuid

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select, update

from saas.accounts import passwords
from saas.db import db
from saas.operator import audit, totp
from saas.operator.models import Operator, OperatorSession, OperatorVisit
from saas.web.refusals import Refusal
from saas.web.throttle import throttle
from saas.web.tokens import new_token, token_hash

QUARTER = 15 * 60
LINK_LASTS = dt.timedelta(hours=24)


class WrongPassword(Refusal):
    """The address is no operator's, or the password is another one: nobody learns which."""


class LinkDoesNotWork(Refusal):
    """Used, late, or never made."""


class Unknown(Refusal):
    """No operator has this address."""


def by_email(email: str) -> Operator | None:
    """The operator of an address, locked; None also for one who was removed."""
    wanted = (func.lower(Operator.email) == email.lower(), Operator.removed_at.is_(None))
    return db.session.scalar(select(Operator).where(*wanted).with_for_update())


def add(email: str, name: str, now: dt.datetime) -> str:
    """Make an operator, or begin anew for one who is there: the token of a link that sets the password, used once.

    The password, the second factor, the recovery codes and every session of before are gone.
    """
    operator = db.session.scalar(
        select(Operator).where(func.lower(Operator.email) == email.lower()).with_for_update()
    )
    action = "link_made" if operator else "added"
    if operator is None:
        operator = Operator(email=email, name=name or email, totp_salt=totp.new_salt(), created_at=now)
        db.session.add(operator)
    token = new_token()
    operator.name, operator.removed_at = name or operator.name, None
    operator.password_hash, operator.enrolled_at = None, None
    operator.totp_salt, operator.totp_counter = totp.new_salt(), None
    operator.link_hash, operator.link_expires_at = token_hash(token), now + LINK_LASTS
    db.session.flush()
    end_sessions(operator.id, now)
    _say(action, operator, now, subject=email)
    return token


def remove(email: str, now: dt.datetime) -> None:
    """Take an operator away, with every session; what they did stays in the chain. Raises Unknown."""
    operator = by_email(email)
    if operator is None:
        raise Unknown(_("No operator has this address."))
    operator.removed_at, operator.password_hash, operator.link_hash = now, None, None
    end_sessions(operator.id, now)
    _say("removed", operator, now, subject=operator.email)


def of_link(token: str, now: dt.datetime) -> Operator | None:
    """Whose link it is, where it still works."""
    return db.session.scalar(
        select(Operator)
        .where(
            Operator.link_hash == token_hash(token),
            Operator.link_expires_at > now,
            Operator.removed_at.is_(None),
        )
        .with_for_update()
    )


def set_password(token: str, password: str, now: dt.datetime) -> Operator:
    """Choose the password by the link, which is used up; raises LinkDoesNotWork, passwords.WeakPassword."""
    operator = of_link(token, now)
    if operator is None:
        raise LinkDoesNotWork(_("This link does not work any more. Please ask for a new one."))
    passwords.check_strength(password, operator.email, operator.name)
    operator.password_hash = passwords.hash_secret(password)
    operator.link_hash = operator.link_expires_at = None
    return operator


def log_in(email: str, password: str, address: str) -> Operator:
    """The first factor; raises WrongPassword, TooMany. Counted before anything is hashed."""
    throttle("operator", f"{address}:{email}", 5, QUARTER)
    throttle("operator-address", address, 20, QUARTER)
    throttle("operator-account", email, 300, QUARTER)  # strangers must not shut the door
    operator = by_email(email)
    if not passwords.is_right(operator.password_hash if operator else None, password) or operator is None:
        raise WrongPassword(_("The e-mail address or the password is not right."))
    return operator


def end_session(session_id: uuid.UUID, now: dt.datetime) -> None:
    """Log one browser out; its visits end with it."""
    _end(OperatorSession.id == session_id, OperatorVisit.session_id == session_id, now)


def end_sessions(operator_id: uuid.UUID, now: dt.datetime) -> None:
    """Log an operator out everywhere."""
    _end(OperatorSession.operator_id == operator_id, OperatorVisit.operator_id == operator_id, now)


def _end(sessions: ColumnElement[bool], visits: ColumnElement[bool], now: dt.datetime) -> None:
    for table, mine in ((OperatorSession, sessions), (OperatorVisit, visits)):
        db.session.execute(update(table).where(mine, table.ended_at.is_(None)).values(ended_at=now))


def _say(action: str, operator: Operator, now: dt.datetime, subject: str) -> None:
    """What was done on the command line, by nobody who is logged in."""
    audit.append(action, operator_id=None, operator_name="regulars operator", now=now, subject=subject)
