"""The second factor of an operator: set up, asked for, taken once. All need the platform's transaction."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from saas.db import db
from saas.operator import audit, totp
from saas.operator.models import Operator, RecoveryCode
from saas.web.refusals import Refusal
from saas.web.throttle import throttle

QUARTER = 15 * 60


class WrongCode(Refusal):
    """The code is wrong, was used already, or is too old."""


def _key() -> str:
    return str(current_app.extensions["regulars"].settings.secret_key)


def secret_of(operator: Operator) -> str:
    """What the operator's authenticator app holds."""
    return totp.secret_of(_key(), operator.totp_salt)


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
