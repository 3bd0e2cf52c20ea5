"""Operators of the service, logged in by both factors, and a merchant with something for them to look at."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from saas.accounts import passwords
from saas.billing.models import BillingEvent, Invoice, Subscription, UsageDay
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.operator import audit, operations, totp
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


def furnish(app: Flask, merchant: Record) -> dict[str, str]:
    """A merchant that pays, with invoices, usage, events, and actions of an operator; what addresses and cookies need:
    sessions of three operators, a link, an event."""
    made = operator(app)
    with app.app_context(), transaction(PLATFORM):
        _billing(merchant, utcnow())
        for action in ("visit_began", "visit_ended", "trial_extended"):
            audit.append(
                action,
                operator_id=made.id,
                operator_name=made.name,
                merchant_id=merchant.id,
                subject=merchant.name,
                reason="The owner asked why a stamp is missing" if action != "visit_ended" else "",
                address="192.0.2.7",
                now=utcnow(),
            )
        link = operations.add(f"new.{_run}@regulars.example", "Nora", utcnow())
    return {
        "operator": session_cookie(app, made),
        "operator-half": session_cookie(app, operator(app), is_verified=False),
        "operator-new": session_cookie(app, operator(app, is_enrolled=False), is_verified=False),
        "operator-link": link,
        "event": f"evt_{merchant.slug}_1",
    }


def _billing(merchant: Record, now: dt.datetime) -> None:
    db.session.execute(delete(Subscription).where(Subscription.merchant_id == merchant.id))
    paid = {"plan": "starter", "billing_state": "active"}
    db.session.execute(update(Merchant).where(Merchant.id == merchant.id).values(**paid))
    db.session.add(
        Subscription(
            merchant_id=merchant.id,
            plan="starter",
            paid_plan="starter",
            state="active",
            currency="EUR",
            interval="month",
            amount_minor=1900,
            stripe_customer_id=f"cus_{merchant.slug}",
            stripe_subscription_id=f"sub_{merchant.slug}",
            stripe_status="active",
            period_ends_at=now + dt.timedelta(days=12),
            started_at=now - dt.timedelta(days=100),
            synced_at=now,
            changed_at=now,
        )
    )
    for number in range(4):
        at = now - dt.timedelta(days=30 * number)
        db.session.add(
            Invoice(
                id=f"in_{merchant.slug}_{number}",
                merchant_id=merchant.id,
                number=f"REG-000{9 - number}",
                status="paid",
                currency="EUR",
                total_minor=1900,
                paid_minor=1900,
                refunded_minor=900 if number == 2 else 0,
                created_at=at,
                paid_at=at,
            )
        )
    for number in range(30):
        db.session.add(
            UsageDay(
                merchant_id=merchant.id,
                day=now.date() - dt.timedelta(days=number),
                active_members=900 - 11 * number,
                counted_at=now,
            )
        )
    for number, (kind, state) in enumerate(
        [
            ("invoice.paid", "done"),
            ("customer.subscription.updated", "failed"),
            ("charge.refunded", "ignored"),
        ],
        1,
    ):
        db.session.add(
            BillingEvent(
                id=f"evt_{merchant.slug}_{number}",
                type=kind,
                object_id=f"in_{merchant.slug}_0",
                customer_id=f"cus_{merchant.slug}",
                merchant_id=merchant.id,
                payload={
                    "id": f"evt_{merchant.slug}_{number}",
                    "type": kind,
                    "data": {"object": {"total": 1900}},
                },
                created_at=now,
                received_at=now,
                state=state,
                error="Stripe did not answer in time." if state == "failed" else None,
                attempts=number,
            )
        )
