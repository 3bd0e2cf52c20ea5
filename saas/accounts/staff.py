"""The staff page of a shop: who works there and in which role, who is invited, and who is added."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, abort, g
from flask_babel import gettext as _
from flask_login import current_user

from saas.accounts import inviting, proving, queries, roster
from saas.accounts.forms import CashierForm, InvitationForm
from saas.accounts.models import Invitation
from saas.accounts.operations import WrongPassword
from saas.accounts.permissions import ROLE_NAMES, ROLES
from saas.accounts.pins import PinNotWellFormed
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render
from saas.web.throttle import address

bp = Blueprint("staff", __name__)


def my_role() -> str:
    return str(current_user.role_at(g.merchant))


def my_roles() -> list[str]:
    """The roles that whoever asks may give, the smallest first."""
    return [role for role in reversed(ROLES) if roster.may_manage(my_role(), role)]


def is_password_asked() -> bool:
    """Whether who gives or takes an owner's or a manager's role says once more who they are: only owners can."""
    return "owner" in my_roles() and proving.is_asked(current_user.session_id, utcnow())


def prove(password: str | None) -> None:
    """Raises WrongPassword, TooMany: whoever finds a browser open makes nobody an owner, and removes none."""
    proving.prove(current_user.id, current_user.session_id, password or "", address(), utcnow())


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
        is_password_asked=is_password_asked(),
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
        if form.role.data != "cashier":
            prove(form.password.data)
        inviting.invite(shop(), form.email.data, form.name.data, form.role.data, inviter(), utcnow())
    except WrongPassword as refusal:
        form.password.errors = [str(refusal)]
        return page(invite=form, status=refusal.status)
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


def invitation_or_404(invitation_id: uuid.UUID) -> Invitation:
    invitation = inviting.find(g.merchant.id, invitation_id, utcnow())
    return invitation if invitation is not None else abort(404)


def shop() -> inviting.Shop:
    return inviting.Shop(g.merchant.id, g.merchant.name, g.merchant.language)


def inviter() -> inviting.Inviter:
    return inviting.Inviter(current_user.id, current_user.name, my_role(), current_user.is_confirmed)
