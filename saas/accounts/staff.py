"""The staff page of a shop: who works there, in which role, with which PIN, and who is invited."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, abort, g
from flask_babel import gettext as _
from flask_login import current_user

from saas.accounts import inviting, queries, roster
from saas.accounts.forms import CashierForm, InvitationForm, StaffForm
from saas.accounts.models import Invitation, Staff
from saas.accounts.permissions import ROLE_NAMES, ROLES
from saas.accounts.pins import PinNotWellFormed
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render

bp = Blueprint("staff", __name__)


def my_role() -> str:
    return str(current_user.role_at(g.merchant))


def my_roles() -> list[str]:
    """The roles that whoever asks may give, the smallest first."""
    return [role for role in reversed(ROLES) if roster.may_manage(my_role(), role)]


def page(invite: Any = None, cashier: Any = None, status: int = 200) -> Response:
    invite = invite or InvitationForm(prefix="invite")
    invite.offer(my_roles())
    return render(
        "saas/accounts/staff.html",
        status=status,
        staff=queries.staff_of(g.merchant.id, current_user.id),
        invitations=queries.pending_invitations(g.merchant.id, utcnow()),
        invite=invite,
        cashier=cashier or CashierForm(prefix="cashier"),
        roles=my_roles(),
        role_names=ROLE_NAMES,
        table=queries.permission_table(),
    )


@bp.get("/console/<slug:merchant>/staff")
@requires("staff.view", on="platform")
def index() -> Response:
    return page()


@bp.post("/console/<slug:merchant>/staff/invitations")
@requires("staff.invite_cashier", on="platform")
def invite() -> Response:
    form = InvitationForm(prefix="invite")
    form.offer(my_roles())
    if not form.validate():
        return page(invite=form, status=422)
    try:
        inviting.invite(shop(), form.email.data, form.name.data, form.role.data, inviter(), utcnow())
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return page(invite=form, status=refusal.status)
    return done("staff.index", _("The invitation is on its way to %(email)s.", email=form.email.data))


@bp.post("/console/<slug:merchant>/staff/invitations/<uuid:invitation_id>/resend")
@requires("staff.invite_cashier", on="platform")
def resend(invitation_id: uuid.UUID) -> Response:
    invitation = invitation_or_404(invitation_id)
    inviting.resend(invitation, shop(), inviter(), utcnow())
    return done("staff.index", _("The invitation is on its way to %(email)s.", email=invitation.email))


@bp.post("/console/<slug:merchant>/staff/invitations/<uuid:invitation_id>/revoke")
@requires("staff.invite_cashier", on="platform")
def revoke(invitation_id: uuid.UUID) -> Response:
    invitation = invitation_or_404(invitation_id)
    inviting.withdraw(invitation, my_role(), utcnow())
    return done("staff.index", _("The invitation of %(name)s is withdrawn.", name=invitation.name))


@bp.post("/console/<slug:merchant>/staff/cashiers")
@requires("staff.invite_cashier", on="platform")
def add_cashier() -> Response:
    form = CashierForm(prefix="cashier")
    if not form.validate():
        return page(cashier=form, status=422)
    try:
        roster.add_cashier(g.merchant.id, form.name.data, form.pin.data, utcnow())
    except Refusal as refusal:
        if isinstance(refusal, PinNotWellFormed):
            form.pin.errors = [str(refusal)]
        else:
            form.form_errors.append(str(refusal))
        return page(cashier=form, status=refusal.status)
    return done("staff.index", _("%(name)s can use the counter now.", name=form.name.data))


@bp.get("/console/<slug:merchant>/staff/<uuid:staff_id>")
@requires("staff.invite_cashier", on="platform")
def show(staff_id: uuid.UUID) -> Response:
    return person(staff_or_404(staff_id))


def person(staff: Staff, form: Any = None, status: int = 200) -> Response:
    form = form or StaffForm(data={"role": staff.role})
    form.offer(my_roles())
    return render(
        "saas/accounts/staff_member.html", status=status, staff=staff, form=form, role_names=ROLE_NAMES
    )


@bp.post("/console/<slug:merchant>/staff/<uuid:staff_id>")
@requires("staff.invite_cashier", on="platform")
def change(staff_id: uuid.UUID) -> Response:
    """Another role, another PIN; an empty PIN leaves the present one."""
    staff, form = staff_or_404(staff_id), StaffForm()
    form.offer(my_roles())
    if not form.validate():
        return person(staff, form, status=422)
    try:
        if form.role.data and form.role.data != staff.role:
            roster.change_role(staff, form.role.data, my_role(), utcnow())
        if form.pin.data:
            roster.set_pin(staff, form.pin.data, my_role())
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return person(staff, form, status=refusal.status)
    return done("staff.index", _("Saved."))


@bp.post("/console/<slug:merchant>/staff/<uuid:staff_id>/clear-pin")
@requires("staff.invite_cashier", on="platform")
def clear_pin(staff_id: uuid.UUID) -> Response:
    staff = staff_or_404(staff_id)
    roster.set_pin(staff, "", my_role())
    return done("staff.index", _("%(name)s has no PIN any more.", name=staff.name))


@bp.post("/console/<slug:merchant>/staff/<uuid:staff_id>/remove")
@requires("staff.invite_cashier", on="platform")
def remove(staff_id: uuid.UUID) -> Response:
    staff = staff_or_404(staff_id)
    roster.remove(staff, my_role(), utcnow())
    is_self = staff.user_id == current_user.id
    return done(
        "accounts.shops" if is_self else "staff.index", _("%(name)s has no access any more.", name=staff.name)
    )


def staff_or_404(staff_id: uuid.UUID) -> Staff:
    staff = roster.find(g.merchant.id, staff_id)
    return staff if staff is not None else abort(404)


def invitation_or_404(invitation_id: uuid.UUID) -> Invitation:
    invitation = inviting.find(g.merchant.id, invitation_id, utcnow())
    return invitation if invitation is not None else abort(404)


def shop() -> inviting.Shop:
    return inviting.Shop(g.merchant.id, g.merchant.name, g.merchant.language)


def inviter() -> inviting.Inviter:
    return inviting.Inviter(current_user.id, current_user.name, my_role(), current_user.is_confirmed)
