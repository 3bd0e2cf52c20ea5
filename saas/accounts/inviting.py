"""Invitations to work at a merchant: sent by mail, accepted once, withdrawn at any time before."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from saas.accounts import mails, passwords, seats
from saas.accounts.models import Invitation, Staff, User
from saas.accounts.operations import by_email
from saas.accounts.roster import check_may_manage
from saas.db import db, new_id
from saas.merchants.models import Merchant
from saas.web.refusals import Refusal
from saas.web.throttle import throttle
from saas.web.tokens import new_token, token_hash

LIFETIME = dt.timedelta(days=7)


@dataclass(frozen=True)
class Shop:
    """What an invitation says of the merchant."""

    id: uuid.UUID
    name: str
    language: str


@dataclass(frozen=True)
class Inviter:
    """Who invites, in which role."""

    user_id: uuid.UUID
    name: str
    role: str
    is_confirmed: bool


class NotConfirmed(Refusal):
    """Mail goes out in the name of people whose own address is known to be theirs."""


class WorksHere(Refusal):
    """The address belongs to somebody who is on the staff."""


class InvitationDoesNotWork(Refusal):
    """Used, late, withdrawn, or never sent: one answer for all."""

    def __init__(self) -> None:
        super().__init__(_("This invitation does not work any more. Please ask for a new one."))


class NeedsLogIn(Refusal):
    """The invited address has an account: its owner logs in first."""


def invite(shop: Shop, email: str, name: str, role: str, inviter: Inviter, now: dt.datetime) -> Invitation:
    """Send an invitation, in place of an earlier one to the address.

    Raises NotYours, NotConfirmed, WorksHere, TooMany, and what seats.require() refuses with.
    """
    _check_confirmed(inviter)
    check_may_manage(inviter.role, role)
    if db.session.scalar(_working(shop.id, email)) is not None:
        raise WorksHere(_("Somebody with this address is on your staff already."))
    if not _is_invited(shop.id, email, now):
        seats.require(shop.id)
    db.session.execute(
        update(Invitation)
        .where(func.lower(Invitation.email) == email.lower(), *_pending(shop.id, now))
        .values(revoked_at=now)
    )
    invitation = Invitation(
        merchant_id=shop.id, email=email, name=name, role=role, invited_by=inviter.user_id, created_at=now
    )
    db.session.add(invitation)
    _send(invitation, shop, inviter, now)
    return invitation


def _is_invited(merchant_id: uuid.UUID, email: str, now: dt.datetime) -> bool:
    query = select(Invitation.id).where(
        func.lower(Invitation.email) == email.lower(), *_pending(merchant_id, now)
    )
    return db.session.scalar(query.limit(1)) is not None


def resend(invitation: Invitation, shop: Shop, inviter: Inviter, now: dt.datetime) -> None:
    """Send it again under a new link; the old one stops working. Raises NotYours, NotConfirmed, TooMany."""
    _check_confirmed(inviter)
    check_may_manage(inviter.role, invitation.role)
    _send(invitation, shop, inviter, now)


def withdraw(invitation: Invitation, actor_role: str, now: dt.datetime) -> None:
    """Raises NotYours."""
    check_may_manage(actor_role, invitation.role)
    invitation.revoked_at = now
    seats.changed(invitation.merchant_id)


def find(merchant_id: uuid.UUID, invitation_id: uuid.UUID, now: dt.datetime) -> Invitation | None:
    """A pending invitation of the merchant, locked; else None."""
    query = select(Invitation).where(Invitation.id == invitation_id, *_pending(merchant_id, now))
    return db.session.scalar(query.with_for_update())


def by_token(token: str, now: dt.datetime) -> tuple[Invitation, Merchant] | None:
    """A live invitation with its merchant; reading it changes nothing."""
    row = db.session.execute(
        select(Invitation, Merchant)
        .join(Merchant, Merchant.id == Invitation.merchant_id)
        .where(*_live(token, now), Merchant.status == "active")
    ).first()
    return (row[0], row[1]) if row else None


def accept_as(user_id: uuid.UUID, name: str, token: str, now: dt.datetime) -> uuid.UUID:
    """Join as a user who is logged in; one of two uses wins, the other raises InvitationDoesNotWork."""
    statement = update(Invitation).where(*_live(token, now)).values(accepted_at=now).returning(Invitation)
    invitation = db.session.scalar(statement)
    if invitation is None:
        raise InvitationDoesNotWork
    came_back = Staff.removed_at.is_not(None)
    entry = insert(Staff).values(
        id=new_id(),
        merchant_id=invitation.merchant_id,
        user_id=user_id,
        name=name,
        role=invitation.role,
        created_at=now,
    )
    db.session.execute(
        entry.on_conflict_do_update(
            index_elements=[Staff.merchant_id, Staff.user_id],
            set_={
                "role": case((came_back, entry.excluded.role), else_=Staff.role),
                "frozen_at": case((came_back, None), else_=Staff.frozen_at),
                "removed_at": None,
            },
        )
    )
    return invitation.merchant_id


def accept_new(name: str, password: str, language: str, token: str, now: dt.datetime) -> User:
    """Join as somebody who has no account; the link has proven the address.

    Raises InvitationDoesNotWork, WeakPassword, and NeedsLogIn where the address has an account.
    """
    found = by_token(token, now)
    if found is None:
        raise InvitationDoesNotWork
    email = found[0].email
    passwords.check_strength(password, email, name)
    statement = insert(User).values(
        id=new_id(),
        email=email,
        name=name,
        password_hash=passwords.hash_secret(password),
        language=language,
        email_confirmed_at=now,
        created_at=now,
        last_login_at=now,
    )
    user: User | None = db.session.scalar(statement.on_conflict_do_nothing().returning(User))
    if user is None:
        raise NeedsLogIn(_("This address has an account. Please log in first."))
    accept_as(user.id, name, token, now)
    return user


def needs_log_in(invitation: Invitation) -> bool:
    return by_email(invitation.email) is not None


def _check_confirmed(inviter: Inviter) -> None:
    if not inviter.is_confirmed:
        raise NotConfirmed(_("Confirm your e-mail address first: the link is in your mail."))


def _send(invitation: Invitation, shop: Shop, inviter: Inviter, now: dt.datetime) -> None:
    throttle("invite", f"user:{inviter.user_id}", 60, 24 * 3600)
    throttle("invite", str(shop.id), 60, 24 * 3600)
    throttle("invite", f"{shop.id}:{invitation.email}", 5, 24 * 3600)
    token = new_token()
    invitation.token_hash, invitation.expires_at = token_hash(token), now + LIFETIME
    db.session.flush()
    mails.invitation(invitation.email, invitation.name, shop.language, shop.name, inviter.name, token)


def _working(merchant_id: uuid.UUID, email: str) -> Select[Any]:
    return (
        select(Staff.id)
        .join(User, User.id == Staff.user_id)
        .where(
            Staff.merchant_id == merchant_id,
            Staff.removed_at.is_(None),
            func.lower(User.email) == email.lower(),
        )
    )


def _pending(merchant_id: uuid.UUID, now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Invitation.merchant_id == merchant_id,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )


def _live(token: str, now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Invitation.token_hash == token_hash(token),
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )
