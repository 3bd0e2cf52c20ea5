"""Operators: added, given a link, logged in by two factors, logged out. All need the platform's transaction."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select, update

from saas.accounts import passwords
from saas.db import db
from saas.operator import audit, totp
from saas.operator.models import Operator, OperatorSession, OperatorVisit, RecoveryCode
from saas.web.refusals import Refusal
from saas.web.throttle import throttle
from saas.web.tokens import new_token, token_hash

QUARTER = 15 * 60
LINK_LASTS = dt.timedelta(hours=24)


class WrongPassword(Refusal):
    """The address is no operator's, or the password is another one: nobody learns which."""


class WrongCode(Refusal):
    """The code is wrong, was used already, or is too old."""


class LinkDoesNotWork(Refusal):
    """Used, late, or never made."""


class Unknown(Refusal):
    """No operator has this address."""


def _key() -> str:
    return str(current_app.extensions["regulars"].settings.secret_key)


def secret_of(operator: Operator) -> str:
    """What the operator's authenticator app holds."""
    return totp.secret_of(_key(), operator.totp_salt)


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
    _say("added", operator, now, subject=email)
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
    throttle("operator-account", email, 30, QUARTER)
    operator = by_email(email)
    if not passwords.is_right(operator.password_hash if operator else None, password) or operator is None:
        raise WrongPassword(_("The e-mail address or the password is not right."))
    return operator


def prove(operator_id: uuid.UUID, code: str, address: str, now: dt.datetime) -> Operator:
    """The second factor: a code of the app, or a recovery code, each taken once; raises WrongCode, TooMany."""
    throttle("operator-code", str(operator_id), 5, QUARTER)
    operator = db.session.scalars(select(Operator).where(Operator.id == operator_id).with_for_update()).one()
    if operator.enrolled_at is not None and _use_recovery(operator, code, now):
        audit.append(
            "recovery_used", operator_id=operator.id, operator_name=operator.name, now=now, address=address
        )
    else:
        _take(operator, code, now)
    operator.last_login_at = now
    audit.append("logged_in", operator_id=operator.id, operator_name=operator.name, now=now, address=address)
    return operator


def enrol(operator_id: uuid.UUID, code: str, address: str, now: dt.datetime) -> list[str]:
    """Take the app's first code for proof that it was set up: the recovery codes, known only now; raises WrongCode."""
    throttle("operator-code", str(operator_id), 5, QUARTER)
    operator = db.session.scalars(select(Operator).where(Operator.id == operator_id).with_for_update()).one()
    if operator.enrolled_at is not None:
        raise WrongCode(_("The second factor is set up already. Please log in again."))
    _take(operator, code, now)
    operator.enrolled_at = operator.last_login_at = now
    codes = list(totp.new_recovery_codes())
    for old in db.session.scalars(select(RecoveryCode).where(RecoveryCode.operator_id == operator_id)):
        old.used_at = old.used_at or now
    db.session.add_all(
        RecoveryCode(operator_id=operator_id, code_hash=totp.recovery_hash(_key(), each)) for each in codes
    )
    audit.append("enrolled", operator_id=operator.id, operator_name=operator.name, now=now, address=address)
    return codes


def _take(operator: Operator, code: str, now: dt.datetime) -> None:
    """Take a code of the app; the operator's row is locked, so that of two who send the same code one is refused."""
    step = totp.step_of(secret_of(operator), code, now, operator.totp_counter)
    if step is None:
        raise WrongCode(
            _("That code is not right, or it was used already. Wait for the next one and try again.")
        )
    operator.totp_counter = step


def _use_recovery(operator: Operator, code: str, now: dt.datetime) -> bool:
    statement = update(RecoveryCode).where(
        RecoveryCode.operator_id == operator.id,
        RecoveryCode.code_hash == totp.recovery_hash(_key(), code),
        RecoveryCode.used_at.is_(None),
    )
    return db.session.scalar(statement.values(used_at=now).returning(RecoveryCode.id)) is not None


def codes_left(operator_id: uuid.UUID) -> int:
    """How many recovery codes have not been used."""
    query = select(func.count()).where(
        RecoveryCode.operator_id == operator_id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(query) or 0


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
