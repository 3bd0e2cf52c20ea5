"""Where a user is logged in, and ending that."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, abort
from flask_babel import gettext as _
from flask_login import current_user

from saas.accounts import operations, queries
from saas.accounts.identity import end_session
from saas.web.access import signed_in
from saas.web.clock import utcnow
from saas.web.render import done, render

bp = Blueprint("sessions", __name__)


@bp.get("/account/sessions")
@signed_in()
def index() -> Response:
    sessions = queries.sessions_of(current_user.id, current_user.session_id, utcnow())
    return render("saas/accounts/sessions.html", sessions=sessions)


@bp.post("/account/sessions/<uuid:session_id>/end")
@signed_in()
def end(session_id: uuid.UUID) -> Response:
    """End one session; another person's does not exist."""
    if not operations.end_session(current_user.id, session_id, utcnow()):
        abort(404)
    if session_id == current_user.session_id:
        return end_session(done("merchants.landing", _("You are logged out.")))
    return done("sessions.index", _("That device is logged out."))


@bp.post("/account/sessions/end-others")
@signed_in()
def end_others() -> Response:
    operations.end_other_sessions(current_user.id, current_user.session_id, utcnow())
    return done("sessions.index", _("You are logged out everywhere else."))
