"""The demonstration's log-ins: owners, staff and who runs the service, all with one password that everybody knows."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from saas.accounts import passwords, sign_up
from saas.accounts.models import Staff, User
from saas.billing import trials
from saas.db import PLATFORM, db, new_id, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.operator import totp
from saas.operator.models import Operator
from tenants.demo.shops import SHOPS, Shop

PASSWORD = "regulars-demo"  # noqa: S105 - a demonstration's, said on the screen; refused in production
PIN = "1234"
OPERATOR = "operator@regulars.example"
ROLES = {"owner": "Olga", "manager": "Manuel", "cashier": "Casey"}


def users(now: dt.datetime) -> dict[str, uuid.UUID]:
    """Everybody who logs in, by e-mail address."""
    hashed = passwords.hash_secret(PASSWORD)
    people = {"owner@regulars.example": "Olga"}
    for shop in SHOPS:
        people |= {f"{role}@{shop.slug}.example": name for role, name in ROLES.items()}
    rows = [
        {
            "id": new_id(),
            "email": email,
            "name": name,
            "password_hash": hashed,
            "language": "en",
            "email_confirmed_at": now,
            "created_at": now,
        }
        for email, name in people.items()
    ]
    with transaction(PLATFORM):
        db.session.execute(insert(User).values(rows).on_conflict_do_nothing())
        found = db.session.execute(select(User.email, User.id).where(User.email.in_(people)))
        return {row.email: row.id for row in found}


def operator(now: dt.datetime) -> None:
    """Somebody who runs the service, with the demonstration's password and no second factor yet."""
    values = {
        "id": new_id(),
        "email": OPERATOR,
        "name": "Otto",
        "password_hash": passwords.hash_secret(PASSWORD),
        "totp_salt": totp.new_salt(),
        "created_at": now,
    }
    with transaction(PLATFORM):
        db.session.execute(insert(Operator).values(values).on_conflict_do_nothing())


def open_shop(shop: Shop, ids: dict[str, uuid.UUID], now: dt.datetime) -> Record:
    merchant = registry.find(shop.slug) or sign_up.open_another(
        ids["owner@regulars.example"], "Olga", shop.details, now
    )
    pin_hash = passwords.hash_secret(PIN)
    rows = [
        {
            "id": new_id(),
            "merchant_id": merchant.id,
            "user_id": ids[f"{role}@{shop.slug}.example"],
            "name": name,
            "role": role,
            "pin_hash": pin_hash,
            "created_at": now,
        }
        for role, name in ROLES.items()
    ]
    with transaction(PLATFORM):
        db.session.execute(insert(Staff).values(rows).on_conflict_do_nothing())
        db.session.execute(
            update(Staff)
            .where(Staff.merchant_id == merchant.id, Staff.pin_hash.is_(None))
            .values(pin_hash=pin_hash)
        )
        db.session.execute(
            update(Merchant)
            .where(Merchant.id == merchant.id, Merchant.brand_colour == "#0f766e")
            .values(brand_colour=shop.colour)
        )
        trials.give(merchant.id, now)
    registry.forget(shop.slug)
    return merchant


def print_logins() -> None:
    """The demonstration's addresses and log-ins, where its shops exist."""
    base_url = current_app.extensions["regulars"].settings.base_url
    slugs = [shop.slug for shop in SHOPS]
    with transaction(PLATFORM):
        found = set(db.session.scalars(select(Merchant.slug).where(Merchant.slug.in_(slugs))))
    if not found:
        return
    print(f"Demo log-ins at {base_url}/log-in, all with the password {PASSWORD}:")
    print("  owner@regulars.example              all three shops")
    for shop in SHOPS:
        if shop.slug in found:
            people = ", ".join(f"{role}@{shop.slug}.example" for role in ROLES)
            print(f"  {shop.details.name:<24}{people}")
    print(f"PIN at the counter: {PIN}. A member's card: {base_url}/c/fournos")
    print(f"Who runs the service: {base_url}/operator/log-in, {OPERATOR}, same password;")
    print("  the second factor is set up at the first log-in. Others: regulars operator add EMAIL")
