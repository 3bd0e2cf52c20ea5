"""The staff of a merchant: added, given a PIN or another role, removed. There is always an owner left.

Every operation needs the platform's transaction, and takes the role of whoever asks.
"""

from __future__ import annotations

import datetime as dt
import uuid

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from saas.accounts import seats
from saas.accounts.models import Invitation, Staff
from saas.accounts.permissions import ROLES, allows
from saas.accounts.pins import pin_hash
from saas.db import db
from saas.merchants.models import Merchant
from saas.web.refusals import Refusal


class NotYours(Refusal):
    """The role of whoever asks does not reach that far."""

    status = 403


class NeedsAccount(Refusal):
    """Somebody who is known by name and PIN alone can be a cashier and nothing else."""


class LastOwner(Refusal):
    """A shop without an owner could be managed by nobody."""


def may_manage(actor_role: str, role: str) -> bool:
    """Whether somebody of one role may add, change and remove people of the other."""
    return allows(actor_role, "staff.manage") or (
        role == "cashier" and allows(actor_role, "staff.invite_cashier")
    )


def check_may_manage(actor_role: str, *roles: str) -> None:
    """Raises NotYours."""
    if not all(may_manage(actor_role, role) for role in roles):
        raise NotYours(_("Your role does not allow this. Ask an owner of the shop."))


def find(merchant_id: uuid.UUID, staff_id: uuid.UUID) -> Staff | None:
    """One who works at the merchant now, locked until the end of the transaction; else None."""
    return db.session.scalar(
        select(Staff)
        .where(Staff.id == staff_id, Staff.merchant_id == merchant_id, Staff.removed_at.is_(None))
        .with_for_update()
    )


def add_cashier(merchant_id: uuid.UUID, name: str, pin: str, now: dt.datetime) -> Staff:
    """Somebody known by name and PIN alone; raises PinNotWellFormed, and what seats.require() refuses with."""
    hashed = pin_hash(pin)
    seats.require(merchant_id)
    staff = Staff(merchant_id=merchant_id, name=name, role="cashier", pin_hash=hashed, created_at=now)
    db.session.add(staff)
    db.session.flush()
    return staff


def set_pin(staff: Staff, pin: str, actor_role: str) -> None:
    """Give a PIN, or take it away with an empty one; raises PinNotWellFormed, NotYours."""
    check_may_manage(actor_role, staff.role)
    staff.pin_hash = pin_hash(pin) if pin else None


def change_role(staff: Staff, role: str, actor_role: str, now: dt.datetime) -> None:
    """A smaller role ends the invitations that the greater one sent; an owner is never frozen.

    Raises NotYours, NeedsAccount, LastOwner.
    """
    check_may_manage(actor_role, staff.role, role)
    if staff.user_id is None and role != "cashier":
        raise NeedsAccount(
            _("Only people who log in with an e-mail address can have this role. Invite them.")
        )
    if staff.role == "owner" and role != "owner":
        _keep_an_owner(staff)
    if list(ROLES).index(role) > list(ROLES).index(staff.role):
        _withdraw_invitations(staff, now)
    staff.role = role
    if role == "owner":
        staff.frozen_at = None
    seats.changed(staff.merchant_id)


def remove(staff: Staff, actor_role: str, now: dt.datetime) -> None:
    """End somebody's access at once, and the invitations that they sent; raises NotYours, LastOwner."""
    check_may_manage(actor_role, staff.role)
    if staff.role == "owner":
        _keep_an_owner(staff)
    _withdraw_invitations(staff, now)
    staff.removed_at, staff.pin_hash, staff.frozen_at = now, None, None
    seats.changed(staff.merchant_id)


def _withdraw_invitations(sender: Staff, now: dt.datetime) -> None:
    if sender.user_id is None:
        return
    db.session.execute(
        update(Invitation)
        .where(
            Invitation.merchant_id == sender.merchant_id,
            Invitation.invited_by == sender.user_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def _keep_an_owner(leaving: Staff) -> None:
    """Two owners who remove each other at once meet at the merchant's row; the second is the last."""
    db.session.execute(select(Merchant.id).where(Merchant.id == leaving.merchant_id).with_for_update())
    others = db.session.scalar(
        select(func.count())
        .select_from(Staff)
        .where(
            Staff.merchant_id == leaving.merchant_id,
            Staff.id != leaving.id,
            Staff.role == "owner",
            Staff.removed_at.is_(None),
            Staff.frozen_at.is_(None),
            Staff.user_id.is_not(None),
        )
    )
    if not others:
        raise LastOwner(_("A shop needs an owner. Make somebody else an owner first."))
