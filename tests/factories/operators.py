"""Operators of the service, logged in by both factors."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets

from flask import Flask
from flask.testing import FlaskClient

from saas.accounts import passwords
from saas.db import PLATFORM, db, transaction
from saas.operator import totp
from saas.operator.models import Operator, OperatorSession
from saas.web.clock import utcnow
from saas.web.tokens import new_token, token_hash

PASSWORD = "plum-lantern-seventy"
_numbers = itertools.count(1)
_run = secrets.token_hex(2)


def operator(app: Flask, *, is_enrolled: bool = True, name: str = "Otto Operator") -> Operator:
    """An operator with PASSWORD; the second factor is set up unless said otherwise."""
    now = utcnow()
    with app.app_context(), transaction(PLATFORM):
        made = Operator(
            email=f"otto{next(_numbers)}.{_run}@regulars.example",
            name=name,
            password_hash=passwords.hash_secret(PASSWORD),
            totp_salt=totp.new_salt(),
            enrolled_at=now if is_enrolled else None,
            created_at=now,
        )
        db.session.add(made)
        db.session.flush()
        return made


def secret_of(app: Flask, made: Operator) -> str:
    return totp.secret_of(app.extensions["regulars"].settings.secret_key, made.totp_salt)


def session_cookie(app: Flask, made: Operator, *, is_verified: bool = True) -> str:
    """A session's token for an operator who has proven both factors, or the first only."""
    token, now = new_token(), utcnow()
    with app.app_context(), transaction(PLATFORM):
        db.session.add(
            OperatorSession(
                operator_id=made.id,
                token_hash=token_hash(token),
                is_verified=is_verified,
                created_at=now,
                last_used_at=now,
                expires_at=now + dt.timedelta(hours=12),
            )
        )
    return token


def logged_in(app: Flask, made: Operator | None = None) -> FlaskClient:
    """A browser in which an operator is logged in."""
    client = app.test_client()
    client.set_cookie("operator", session_cookie(app, made or operator(app)))
    return client
