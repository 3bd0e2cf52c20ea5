"""API keys in the settings: the list, making one (shown once), revoking one. Owners only."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, g
from flask_babel import gettext as _
from flask_login import current_user

from saas.accounts import proving
from saas.accounts.operations import WrongPassword
from saas.api_keys import operations, queries
from saas.api_keys.forms import KeyForm
from saas.api_keys.operations import Maker
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render
from saas.web.throttle import address

bp = Blueprint("api_keys", __name__, url_prefix="/console/<slug:merchant>/settings/api-keys")


def page(form: KeyForm, token: str | None = None, status: int = 200) -> Response:
    return render(
        "saas/api_keys/index.html",
        status=status,
        keys=queries.of_merchant(g.merchant.id),
        form=form,
        token=token,
        is_password_asked=proving.is_asked(current_user.session_id, utcnow()),
    )


def maker() -> Maker:
    place = current_user.place_at(g.merchant)
    return Maker(current_user.id, str(place.staff_name if place else current_user.name))


@bp.get("")
@requires("settings.manage", on="platform")
def index() -> Response:
    """The keys, with their last use, and the form for a new one."""
    return page(KeyForm(formdata=None))


@bp.post("")
@requires("settings.manage", on="platform")
def create() -> Response:
    """Make a key and show it, this once; the page is not kept by the browser. After a while the password is asked
    again: whoever finds a browser open takes no key along.
    """
    form, me, now = KeyForm(), current_user, utcnow()
    if not form.validate():
        return page(form, status=422)
    try:
        proving.prove(me.id, me.session_id, form.password.data or "", address(), now)
        _key, token = operations.create(
            g.merchant.id, form.name.data or "", form.scopes.data or [], maker(), now
        )
    except WrongPassword as refusal:
        form.password.errors = [str(refusal)]
        return page(form, status=refusal.status)
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return page(form, status=refusal.status)
    return page(KeyForm(formdata=None), token, status=201)


@bp.post("/<uuid:key_id>/revocation")
@requires("settings.manage", on="platform")
def revoke(key_id: UUID) -> Response:
    """End a key."""
    key = queries.get(g.merchant.id, key_id)
    operations.revoke(key, maker(), utcnow())
    return done("api_keys.index", _("The key “%(name)s” no longer works.", name=key.name))
