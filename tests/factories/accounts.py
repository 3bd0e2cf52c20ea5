"""Accounts for tests: users with a password, and the links that mails carried."""

from __future__ import annotations

import itertools
import re
import secrets

from flask import Flask
from sqlalchemy import select

from saas.accounts import passwords
from saas.accounts.models import User
from saas.db import PLATFORM, db, transaction
from saas.web.clock import utcnow
from saas.web.jobs import run_waiting
from saas.web.models import KeptMail

PASSWORD = "three small words"
_numbers = itertools.count(1)
_run = secrets.token_hex(3)


def new_address() -> str:
    """An e-mail address that no test has used before."""
    return f"person{next(_numbers)}-{_run}@mail.example"


def a_user(app: Flask, email: str | None = None, name: str = "Maria Silva") -> User:
    """A user with PASSWORD, at no shop."""
    user = User(
        email=email or new_address(),
        name=name,
        password_hash=passwords.hash_secret(PASSWORD),
        language="en",
        created_at=utcnow(),
    )
    with app.app_context(), transaction(PLATFORM):
        db.session.add(user)
    return user


def mails_to(app: Flask, email: str) -> list[KeptMail]:
    """What was sent to an address, the oldest first, after the queue has run empty."""
    run_waiting(app)
    query = select(KeptMail).where(KeptMail.recipient == email).order_by(KeptMail.created_at, KeptMail.id)
    with app.app_context(), transaction(PLATFORM):
        return list(db.session.scalars(query))


def link_in(mail: KeptMail) -> str:
    """The path of the last address that a mail holds."""
    found = re.findall(r"https?://[^/\s]+(/\S*)", mail.body)
    assert found, mail.body
    return str(found[-1])


def sign_up_form(**changes: str) -> dict[str, str]:
    """What a person types at least."""
    typed = {
        "shop_name": f"Corner Café {_run}",
        "name": "Maria Silva",
        "email": new_address(),
        "password": PASSWORD,
    }
    return {**typed, **changes}
