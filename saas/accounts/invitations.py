"""Accepting an invitation: opening the link changes nothing, the button does."""

from __future__ import annotations

import uuid
from typing import Any, cast

from flask import Blueprint, Response, redirect, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from saas.accounts import inviting
from saas.accounts.forms import JoinForm
from saas.accounts.identity import start_session
from saas.accounts.models import Invitation
from saas.accounts.permissions import ROLE_NAMES
from saas.accounts.views import first_page
from saas.merchants.models import Merchant
from saas.web.access import public
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done_at, render
from saas.web.throttle import address, throttle

bp = Blueprint("invitations", __name__)


@bp.get("/invitations/<string:token>")
@public()
def accept(token: str) -> Response:
    found = inviting.by_token(token, utcnow())
    if found is None:
        return dead()
    return page(*found)


def page(invitation: Invitation, merchant: Merchant, form: Any = None, status: int = 200) -> Response:
    return render(
        "saas/accounts/invitation.html",
        status=status,
        invitation=invitation,
        shop=merchant,
        role=ROLE_NAMES[invitation.role],
        form=form or JoinForm(data={"name": invitation.name}),
        needs_log_in=not current_user.is_authenticated and inviting.needs_log_in(invitation),
    )


def dead() -> Response:
    return render("saas/accounts/dead_invitation.html", status=404)


@bp.post("/invitations/<string:token>")
@public()
def join(token: str) -> Response:
    """Join as whoever is logged in, else as somebody new with a name and a password."""
    now = utcnow()
    found = inviting.by_token(token, now)
    if found is None:
        return dead()
    if current_user.is_authenticated:
        inviting.accept_as(current_user.id, current_user.name, token, now)
        return done_at(first_page(current_user.id), _("Welcome to %(shop)s.", shop=found[1].name))
    form = JoinForm()
    if not form.validate():
        return page(*found, form=form, status=422)
    try:
        throttle("join", address(), 20, 3600)
        user = inviting.accept_new(form.name.data, form.password.data, str(get_locale() or "en"), token, now)
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return page(*found, form=form, status=refusal.status)
    return start(user.id)


def start(user_id: uuid.UUID) -> Response:
    return start_session(user_id, request, cast(Response, redirect(first_page(user_id), 303)))
