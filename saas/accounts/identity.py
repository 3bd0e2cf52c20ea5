"""Who is in front of the screen: the user of the session cookie, as values, with a role at each merchant."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Protocol

from flask import Request, Response, current_app
from flask_login import UserMixin
from sqlalchemy import select, update

from saas.accounts.models import Staff, User, UserSession
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.web.clock import utcnow
from saas.web.security import set_cookie
from saas.web.tokens import new_token, token_hash

LIFETIME = dt.timedelta(days=30)
TOUCH_AFTER = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Place:
    """A user's place at one merchant."""

    staff_id: uuid.UUID
    merchant_id: uuid.UUID
    slug: str
    merchant_name: str
    role: str
    staff_name: str

    @property
    def name(self) -> str:
        """The merchant's name, as a list of shops shows it."""
        return self.merchant_name


class HasId(Protocol):
    @property
    def id(self) -> uuid.UUID: ...


@dataclass(frozen=True, eq=False)
class Identity(UserMixin):
    """A logged-in user (Flask-Login's current_user); belongs to no database session."""

    id: uuid.UUID
    session_id: uuid.UUID
    email: str
    name: str
    language: str
    is_confirmed: bool
    places: tuple[Place, ...] = field(default=())
    is_visit = False  # True for an operator of the service, who only looks

    def place_at(self, merchant: HasId) -> Place | None:
        return next((place for place in self.places if place.merchant_id == merchant.id), None)

    def role_at(self, merchant: HasId) -> str | None:
        place = self.place_at(merchant)
        return place.role if place else None

    @property
    def initials(self) -> str:
        return initials(self.name, self.email)


def initials(name: str, email: str) -> str:
    """The first letters of the first and the last name, else of the address."""
    words = name.split() or [email]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def cookie_name() -> str:
    return "__Host-session" if current_app.extensions["regulars"].settings.is_production else "session"


def load(request: Request) -> Identity | None:
    """The user of the request's cookie, or None; opens a platform transaction of its own."""
    token = request.cookies.get(cookie_name())
    if not token:
        return None
    now = utcnow()
    with transaction(PLATFORM):
        row = db.session.execute(
            select(UserSession, User)
            .join(User, User.id == UserSession.user_id)
            .where(
                UserSession.token_hash == token_hash(token),
                UserSession.ended_at.is_(None),
                UserSession.expires_at > now,
            )
        ).first()
        if row is None:
            return None
        session, user = row
        if now - session.last_used_at > TOUCH_AFTER:
            db.session.execute(
                update(UserSession)
                .where(UserSession.id == session.id)
                .values(last_used_at=now, expires_at=now + LIFETIME)
            )
        return Identity(
            id=user.id,
            session_id=session.id,
            email=user.email,
            name=user.name,
            language=user.language,
            is_confirmed=user.email_confirmed_at is not None,
            places=places(user.id),
        )


def places(user_id: uuid.UUID) -> tuple[Place, ...]:
    """A user's places at merchants that aren't closed, by the merchants' names."""
    rows = db.session.execute(
        select(Staff.id, Staff.merchant_id, Merchant.slug, Merchant.name, Staff.role, Staff.name)
        .join(Merchant, Merchant.id == Staff.merchant_id)
        .where(
            Staff.user_id == user_id,
            Staff.removed_at.is_(None),
            Staff.frozen_at.is_(None),
            Merchant.status != "closed",
        )
        .order_by(Merchant.name)
    )
    return tuple(Place(*row) for row in rows)


def start_session(user_id: uuid.UUID, request: Request, response: Response) -> Response:
    """Log a user in on this browser under a new token; the cookie it held before is replaced."""
    token, now = new_token(), utcnow()
    db.session.add(
        UserSession(
            user_id=user_id,
            token_hash=token_hash(token),
            user_agent=(request.user_agent.string or "")[:300],
            ip_address=(request.remote_addr or "")[:45],
            created_at=now,
            last_used_at=now,
            expires_at=now + LIFETIME,
        )
    )
    db.session.flush()
    return _set(response, token)


def end_session(response: Response) -> Response:
    """Take the cookie away; the row is ended by accounts.operations."""
    return _set(response, "")


def _set(response: Response, token: str) -> Response:
    secure = current_app.extensions["regulars"].settings.is_production
    set_cookie(response, cookie_name(), token, seconds=int(LIFETIME.total_seconds()), secure=secure)
    return response
