"""One person of the staff: another role, another PIN, no access any more."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, abort, g
from flask_babel import gettext as _
from flask_login import current_user

from saas.accounts import roster
from saas.accounts.forms import RemovalForm, StaffForm
from saas.accounts.models import Staff
from saas.accounts.operations import WrongPassword
from saas.accounts.permissions import ROLE_NAMES
from saas.accounts.staff import bp, is_password_asked, my_role, my_roles, prove
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render

__all__ = ["bp"]  # the staff page's, with these on it


def page(staff: Staff, form: Any = None, removal: Any = None, status: int = 200) -> Response:
    form = form or StaffForm(formdata=None, data={"role": staff.role})
    form.offer(my_roles())
    return render(
        "saas/accounts/staff_member.html",
        status=status,
        staff=staff,
        form=form,
        removal=removal or RemovalForm(prefix="removal", formdata=None),
        role_names=ROLE_NAMES,
        is_password_asked=is_password_asked(),
    )


@bp.get("/console/<slug:merchant>/staff/<uuid:staff_id>")
@requires("staff.invite_cashier", on="platform")
def show(staff_id: uuid.UUID) -> Response:
    return page(staff_or_404(staff_id))


@bp.post("/console/<slug:merchant>/staff/<uuid:staff_id>")
@requires("staff.invite_cashier", on="platform")
def change(staff_id: uuid.UUID) -> Response:
    """Another role, another PIN; an empty PIN leaves the present one."""
    staff, form = staff_or_404(staff_id), StaffForm()
    form.offer(my_roles())
    if not form.validate():
        return page(staff, form, status=422)
    try:
        if form.role.data and form.role.data != staff.role:
            prove(form.password.data)
            roster.change_role(staff, form.role.data, my_role(), utcnow())
        if form.pin.data:
            roster.set_pin(staff, form.pin.data, my_role())
    except WrongPassword as refusal:
        form.password.errors = [str(refusal)]
        return page(staff, form, status=refusal.status)
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return page(staff, form, status=refusal.status)
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
    """End somebody's access; an owner's not from a browser that was left open."""
    staff, form = staff_or_404(staff_id), RemovalForm(prefix="removal")
    try:
        if staff.role == "owner" and my_role() == "owner":
            prove(form.password.data)
        roster.remove(staff, my_role(), utcnow())
    except WrongPassword as refusal:
        form.password.errors = [str(refusal)]
        return page(staff, removal=form, status=refusal.status)
    is_self = staff.user_id == current_user.id
    return done(
        "accounts.shops" if is_self else "staff.index", _("%(name)s has no access any more.", name=staff.name)
    )


def staff_or_404(staff_id: uuid.UUID) -> Staff:
    staff = roster.find(g.merchant.id, staff_id)
    return staff if staff is not None else abort(404)
