"""Seats on a merchant's staff: rooms above say how many there may be, and who waits until there are more."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Set

from sqlalchemy import case, func, or_, select, update

from saas.accounts.models import Invitation, Staff
from saas.db import db
from saas.merchants.models import Merchant

Check = Callable[[uuid.UUID], None]
_checks: list[Check] = []
_told: list[Check] = []


def before_one_more(check: Check) -> Check:
    """Register what may refuse one more person on a merchant's staff."""
    _checks.append(check)
    return check


def after_a_change(tell: Check) -> Check:
    """Register what hears, in the transaction of the change, that a seat may be free or taken by somebody else."""
    _told.append(tell)
    return tell


def changed(merchant_id: uuid.UUID) -> None:
    """Somebody left, an invitation was withdrawn, or a role changed: who waits may come in."""
    for tell in _told:
        tell(merchant_id)


def require(merchant_id: uuid.UUID) -> None:
    """Raises what a room above refuses with. Locks the merchant's row: of two seats taken at once one waits."""
    if _checks:
        row = select(Merchant.id).where(Merchant.id == merchant_id)
        db.session.execute(row.with_for_update(key_share=True))
    for check in _checks:
        check(merchant_id)


def taken(merchant_id: uuid.UUID, now: dt.datetime) -> int:
    """People on the staff, and invitations that may still be accepted."""
    people = select(func.count()).where(Staff.merchant_id == merchant_id, Staff.removed_at.is_(None))
    invited = select(func.count()).where(
        Invitation.merchant_id == merchant_id,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )
    both = select(people.scalar_subquery() + invited.scalar_subquery())
    return int(db.session.execute(both).scalar_one())


def listed(merchant_id: uuid.UUID) -> list[tuple[uuid.UUID, str, str, bool]]:
    """Who is on the staff (id, name, role, whether frozen): owners, managers, cashiers, each the oldest first."""
    rank = case((Staff.role == "owner", 0), (Staff.role == "manager", 1), else_=2)
    rows = db.session.execute(
        select(Staff.id, Staff.name, Staff.role, Staff.frozen_at)
        .where(Staff.merchant_id == merchant_id, Staff.removed_at.is_(None))
        .order_by(rank, Staff.created_at, Staff.id)
    )
    return [(row.id, row.name, row.role, row.frozen_at is not None) for row in rows]


def freeze(merchant_id: uuid.UUID, ids: Set[uuid.UUID], now: dt.datetime) -> None:
    """These can't log in until a later call leaves them out; with a PIN they go on serving at the counter. Owners are
    never among them."""
    is_left_out = Staff.id.in_(ids) & (Staff.role != "owner")
    changes = case((is_left_out, func.coalesce(Staff.frozen_at, now)), else_=None)
    wrong = or_(is_left_out & Staff.frozen_at.is_(None), ~is_left_out & Staff.frozen_at.is_not(None))
    db.session.execute(
        update(Staff).where(Staff.merchant_id == merchant_id, wrong).values(frozen_at=changes),
        execution_options={"synchronize_session": False},
    )
