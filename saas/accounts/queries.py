"""Reads for the pages about accounts and staff; each needs the platform's transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import case, select

from saas.accounts.devices import Device, device
from saas.accounts.models import Invitation, Staff, User, UserSession
from saas.accounts.permissions import PERMISSION_NAMES, ROLE_NAMES, ROLES
from saas.db import db


@dataclass(frozen=True)
class SessionLine:
    """One browser in which the user is logged in."""

    id: uuid.UUID
    device: Device
    ip_address: str
    last_used_at: dt.datetime
    created_at: dt.datetime
    is_current: bool


@dataclass(frozen=True)
class StaffLine:
    """One person of the staff; without an address where only name and PIN are known."""

    id: uuid.UUID
    name: str
    role: str
    email: str | None
    has_pin: bool
    is_self: bool
    is_frozen: bool


def sessions_of(user_id: uuid.UUID, current_id: uuid.UUID, now: dt.datetime) -> list[SessionLine]:
    """The live sessions, this one first, then the last used."""
    rows = db.session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.expires_at > now)
        .order_by(case((UserSession.id == current_id, 0), else_=1), UserSession.last_used_at.desc())
        .limit(100)
    )
    return [
        SessionLine(
            id=row.id,
            device=device(row.user_agent),
            ip_address=row.ip_address,
            last_used_at=row.last_used_at,
            created_at=row.created_at,
            is_current=row.id == current_id,
        )
        for row in rows
    ]


def staff_of(merchant_id: uuid.UUID, user_id: uuid.UUID | None = None) -> list[StaffLine]:
    """Who works at the merchant: owners, managers, cashiers, each by name."""
    rank = case((Staff.role == "owner", 0), (Staff.role == "manager", 1), else_=2)
    rows = db.session.execute(
        select(Staff, User.email)
        .outerjoin(User, User.id == Staff.user_id)
        .where(Staff.merchant_id == merchant_id, Staff.removed_at.is_(None))
        .order_by(rank, Staff.name)
    )
    return [
        StaffLine(
            id=staff.id,
            name=staff.name,
            role=staff.role,
            email=email,
            has_pin=staff.pin_hash is not None,
            is_self=user_id is not None and staff.user_id == user_id,
            is_frozen=staff.frozen_at is not None,
        )
        for staff, email in rows
    ]


def pending_invitations(merchant_id: uuid.UUID, now: dt.datetime) -> list[Invitation]:
    rows = db.session.scalars(
        select(Invitation)
        .where(
            Invitation.merchant_id == merchant_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.created_at)
    )
    return list(rows)


def permission_table() -> list[tuple[str, list[tuple[str, bool]]]]:
    """Each permission's name, and for each role its name and whether it holds the permission."""
    return [
        (str(name), [(str(ROLE_NAMES[role]), key in ROLES[role]) for role in ROLES])
        for key, name in PERMISSION_NAMES.items()
    ]
