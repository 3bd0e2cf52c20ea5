"""The cast: shops with an owner, a manager and a cashier, opened without the sign-up page."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.engine import URL

from saas.accounts.models import Staff, User, UserSession
from saas.db import PLATFORM, db, new_id, provisioning, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.tokens import new_token, token_hash
from tenants.locations.models import Location

ROLES = ("owner", "manager", "cashier")
_numbers = itertools.count(1)
_run = secrets.token_hex(2)


def open_shop(
    app: Flask,
    control: URL,
    name: str,
    slug: str,
    country: str,
    currency: str,
    time_zone: str,
    *,
    schema: str | None = None,
) -> Record:
    """A merchant with three people who confirmed their addresses, and one location; in a schema of its own, which may
    be there already."""
    slug = f"{slug}-{_run}{next(_numbers)}"
    if schema is None:
        schema = provisioning.new_schema_name()
        provisioning.provision(control, schema)
    now = utcnow()
    with app.app_context(), transaction(PLATFORM):
        merchant = Merchant(
            id=new_id(),
            slug=slug,
            schema_name=schema,
            name=name,
            category="bakery" if "bakery" in slug else "florist",
            country=country,
            currency=currency,
            time_zone=time_zone,
            language="en",
            languages=["en", "el", "sv"],
            plan="network",  # no limits: tests that are about plans choose another
            created_at=now,
        )
        db.session.add(merchant)
        db.session.flush()
        for role in ROLES:
            user = User(
                id=new_id(),
                email=f"{role}@{slug}.example",
                name=f"{role.title()} of {name}",
                language="en",
                email_confirmed_at=now,
                created_at=now,
            )
            db.session.add(user)
            db.session.flush()
            db.session.add(
                Staff(merchant_id=merchant.id, user_id=user.id, name=user.name, role=role, created_at=now)
            )
        db.session.flush()
        record = registry.record(merchant)
    with app.app_context(), transaction(record.binding):
        db.session.add(Location(name=name, created_at=now))
    return record


def staff_of(merchant: Record, role: str) -> Staff:
    """The staff row of a role; needs the platform's transaction."""
    return db.session.scalars(
        select(Staff).where(Staff.merchant_id == merchant.id, Staff.role == role, Staff.user_id.is_not(None))
    ).one()


def session_cookie(app: Flask, merchant: Record, role: str) -> str:
    """A session's token for the person of a role."""
    token, now = new_token(), utcnow()
    with app.app_context(), transaction(PLATFORM):
        db.session.add(
            UserSession(
                user_id=staff_of(merchant, role).user_id,
                token_hash=token_hash(token),
                created_at=now,
                last_used_at=now,
                expires_at=now + dt.timedelta(days=1),
            )
        )
    return token


def logged_in(app: Flask, merchant: Record, role: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("session", session_cookie(app, merchant, role))
    return client
