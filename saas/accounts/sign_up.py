"""Signing up: a user, a merchant with a schema of its own, and the user as its owner, or nothing of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.dialects.postgresql import insert

from saas.accounts import links, mails, operations, passwords
from saas.accounts.models import Staff, User
from saas.db import PLATFORM, db, new_id, provisioning, transaction
from saas.merchants import opening, registry
from saas.merchants.operations import Details, enter
from saas.web.refusals import Refusal


@dataclass(frozen=True)
class Person:
    """Who signs up."""

    email: str
    name: str
    password: str
    language: str


class LogInInstead(Refusal):
    """The address has an account, and its password was given."""


class AddressKnownError(Exception):
    """The address has an account and the password is another one; the answer must not say so, a mail does."""


def sign_up(
    person: Person, shop: Details, address: str, now: dt.datetime, begin: Callable[[uuid.UUID], None]
) -> registry.Record:
    """Make the account and the shop; `begin` starts the session in the same transaction. None may be open.

    Raises LogInInstead, AddressKnownError, passwords.WeakPassword, SlugTaken, SlugNotWellFormed, TooMany.
    """
    passwords.check_strength(person.password, person.email, person.name, shop.name)
    operations.count_attempt(person.email, address)
    with transaction(PLATFORM):
        _refuse_known(person)
    hashed = passwords.hash_secret(person.password)

    def owner() -> tuple[uuid.UUID, str]:
        user = _add_user(person, hashed, now)
        links.send_confirmation(user, now)
        begin(user.id)
        return user.id, user.name

    return _open(shop, now, owner)


def open_another(user_id: uuid.UUID, name: str, shop: Details, now: dt.datetime) -> registry.Record:
    """Open one more shop for a user; no transaction may be open. Raises SlugTaken, SlugNotWellFormed."""
    return _open(shop, now, lambda: (user_id, name))


def tell_known(email: str) -> None:
    """Write to the address of an account that somebody tried to sign up with it."""
    with transaction(PLATFORM):
        user = operations.by_email(email)
        if user is not None:
            mails.known_already(user.email, user.name, user.language)


def _open(shop: Details, now: dt.datetime, owner: Callable[[], tuple[uuid.UUID, str]]) -> registry.Record:
    """The rows of the platform, then the schema, then the commit: a failure before it leaves neither behind.

    What fails after it, the first look at the dashboard makes good.

    Whoever wants a slug that another sign-up holds waits for its commit, as long as a schema takes.
    """
    control = current_app.extensions["regulars"].settings.control_url
    schema = provisioning.new_schema_name()
    is_committing = False
    try:
        with transaction(PLATFORM):
            user_id, user_name = owner()
            merchant = enter(shop, schema, now)
            db.session.add(
                Staff(merchant_id=merchant.id, user_id=user_id, name=user_name, role="owner", created_at=now)
            )
            db.session.flush()
            opening.enter(merchant.id, db.session.get_one(User, user_id).email, now)
            provisioning.provision(control, schema)
            is_committing = True
    except BaseException:
        # A line lost in the commit leaves open whether it happened: the shop that exists keeps its schema.
        if not (is_committing and provisioning.is_entered(control, schema)):
            provisioning.drop(control, schema)
            raise
    with transaction(merchant.binding):
        opening.furnish(shop.name, now)
    return merchant


def _refuse_known(person: Person) -> None:
    user = operations.by_email(person.email)
    if user is None:
        return
    if passwords.is_right(user.password_hash, person.password):
        raise LogInInstead(_("You have an account already. Log in, and open another shop from there."))
    raise AddressKnownError


def _add_user(person: Person, hashed: str, now: dt.datetime) -> User:
    """Raises AddressKnown when somebody else was quicker with the same address."""
    statement = (
        insert(User)
        .values(
            id=new_id(),
            email=person.email,
            name=person.name,
            password_hash=hashed,
            language=person.language,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(User)
    )
    user = db.session.scalar(statement)
    if user is None:
        raise AddressKnownError
    return user
