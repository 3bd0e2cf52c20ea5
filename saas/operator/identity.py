"""Which operator is in front of the screen, and which merchant's console they may look into at the moment."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from flask import Request, Response, current_app, g
from sqlalchemy import select, update

from saas.accounts import identity as accounts
from saas.accounts.identity import Identity, Place
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.operator.models import Operator, OperatorSession, OperatorVisit
from saas.web.clock import utcnow
from saas.web.security import set_cookie
from saas.web.tokens import new_token, token_hash

LIFETIME = dt.timedelta(hours=12)
IDLE = dt.timedelta(minutes=30)
TO_PROVE = dt.timedelta(minutes=10)  # between the password and the code
TOUCH_AFTER = dt.timedelta(minutes=1)
VISITED = "/console/"


@dataclass(frozen=True)
class Here:
    """The operator of this request's cookie; belongs to no database session."""

    id: uuid.UUID
    session_id: uuid.UUID
    email: str
    name: str
    is_verified: bool
    is_enrolled: bool

    @property
    def initials(self) -> str:
        return accounts.initials(self.name, self.email)


@dataclass(frozen=True, eq=False, kw_only=True)
class Visitor(Identity):
    """An operator inside a merchant's console: has an owner's eyes, and no hands."""

    is_visit = True
    visit_id: uuid.UUID
    ends_at: dt.datetime
    reason: str


def cookie_name() -> str:
    return "__Host-operator" if current_app.extensions["regulars"].settings.is_production else "operator"


def load(request: Request) -> Here | None:
    """The operator of the request's cookie, or None; opens a platform transaction of its own."""
    token = request.cookies.get(cookie_name())
    if not token:
        return None
    now = utcnow()
    with transaction(PLATFORM):
        row = db.session.execute(
            select(OperatorSession, Operator)
            .join(Operator, Operator.id == OperatorSession.operator_id)
            .where(
                OperatorSession.token_hash == token_hash(token),
                OperatorSession.ended_at.is_(None),
                OperatorSession.expires_at > now,
                OperatorSession.last_used_at > now - IDLE,
                Operator.removed_at.is_(None),
            )
        ).first()
        if row is None:
            return None
        session, operator = row
        if now - session.last_used_at > TOUCH_AFTER:
            db.session.execute(
                update(OperatorSession).where(OperatorSession.id == session.id).values(last_used_at=now)
            )
        return Here(
            id=operator.id,
            session_id=session.id,
            email=operator.email,
            name=operator.name,
            is_verified=session.is_verified,
            is_enrolled=operator.enrolled_at is not None,
        )


def user(request: Request) -> Identity | None:
    """Who looks at a merchant's pages: an operator on a visit to it, else the user of the request's cookie.

    The visit comes first, so that somebody who is both looks with an operator's eyes until the visit ends.
    """
    slug = g.get("merchant_slug")
    if slug and request.path.startswith(VISITED) and request.cookies.get(cookie_name()):
        here = load(request)
        visitor = _visitor(here, slug) if here and here.is_verified else None
        if visitor is not None:
            return visitor
    return accounts.load(request)


def _visitor(here: Here, slug: str) -> Visitor | None:
    now = utcnow()
    with transaction(PLATFORM):
        row = db.session.execute(
            select(OperatorVisit, Merchant)
            .join(Merchant, Merchant.id == OperatorVisit.merchant_id)
            .where(
                OperatorVisit.session_id == here.session_id,
                OperatorVisit.ended_at.is_(None),
                OperatorVisit.ends_at > now,
                Merchant.slug == slug,
                Merchant.status != "closed",
            )
        ).first()
    if row is None:
        return None
    visit, merchant = row
    place = Place(here.id, merchant.id, merchant.slug, merchant.name, "owner", here.name)
    return Visitor(
        id=here.id,
        session_id=here.session_id,
        email=here.email,
        name=here.name,
        language="",
        is_confirmed=True,
        places=(place,),
        visit_id=visit.id,
        ends_at=visit.ends_at,
        reason=visit.reason,
    )


def start_session(
    operator_id: uuid.UUID, request: Request, response: Response, *, is_verified: bool, now: dt.datetime
) -> Response:
    """Log an operator in on this browser under a new token: for ten minutes, or for the day once both factors are
    proven."""
    token = new_token()
    db.session.add(
        OperatorSession(
            operator_id=operator_id,
            token_hash=token_hash(token),
            is_verified=is_verified,
            ip_address=(request.remote_addr or "")[:45],
            created_at=now,
            last_used_at=now,
            expires_at=now + (LIFETIME if is_verified else TO_PROVE),
        )
    )
    db.session.flush()
    return _set(response, token)


def end_session(response: Response) -> Response:
    """Take the cookie away; the row is ended by operations."""
    return _set(response, "")


def _set(response: Response, token: str) -> Response:
    secure = current_app.extensions["regulars"].settings.is_production
    set_cookie(response, cookie_name(), token, seconds=int(LIFETIME.total_seconds()), secure=secure)
    return response
