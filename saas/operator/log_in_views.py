"""The operators' door: the password, the second factor, setting both up, and logging out."""

from __future__ import annotations

from typing import cast

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from saas.db import db
from saas.operator import factors, operations, totp
from saas.operator.blueprint import bp
from saas.operator.forms import CodeForm, LogInForm, PasswordForm
from saas.operator.identity import end_session, start_session
from saas.operator.models import Operator
from saas.web.access import operator
from saas.web.clock import utcnow
from saas.web.qr import qr_svg
from saas.web.refusals import Refusal
from saas.web.render import done, render, safe_next
from saas.web.throttle import address, throttle

LOG_IN = "saas/operator/log_in.html"


@bp.get("/log-in")
@operator("door")
def log_in() -> Response:
    """Ask for the password, or go on where it was given."""
    if g.operator is not None:
        where = "operator.shops" if g.operator.is_verified else "operator.two_factor"
        return cast(Response, redirect(url_for(where), 303))
    return render(LOG_IN, form=LogInForm(), next=safe_next(request.args.get("next")))


@bp.post("/log-in")
@operator("door")
def begin() -> Response:
    """The first factor; what follows is the second."""
    form, target, now = LogInForm(), safe_next(request.form.get("next")), utcnow()
    if not form.validate():
        return render(LOG_IN, status=422, form=form, next=target)
    try:
        found = operations.log_in(form.email.data, form.password.data, address())
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return render(LOG_IN, status=refusal.status, form=form, next=target)
    answer = cast(Response, redirect(url_for("operator.two_factor", next=target), 303))
    return start_session(found.id, request, answer, is_verified=False, now=now)


@bp.get("/two-factor")
@operator("password")
def two_factor() -> Response:
    """Ask for a code of the app; at the first log-in show what the app is to read."""
    if g.operator.is_verified:
        return cast(Response, redirect(url_for("operator.shops"), 303))
    return _second(CodeForm(), safe_next(request.args.get("next")))


def _second(form: FlaskForm, target: str | None, status: int = 200) -> Response:
    if g.operator.is_enrolled:
        return render("saas/operator/two_factor.html", status=status, form=form, next=target)
    secret = factors.secret_of(db.session.get_one(Operator, g.operator.id))
    picture = qr_svg(totp.address_of(secret, g.operator.email))
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return render(
        "saas/operator/enrol.html", status=status, form=form, next=target, picture=picture, secret=spaced
    )


@bp.post("/two-factor")
@operator("password")
def prove() -> Response:
    """The second factor, or the proof that the app was set up, after which the recovery codes are shown, this once."""
    form, target, now, here = CodeForm(), safe_next(request.form.get("next")), utcnow(), g.operator
    if not form.validate():
        return _second(form, target, 422)
    codes: list[str] = []
    try:
        if here.is_enrolled:
            factors.prove(here.id, form.code.data, address(), now)
        else:
            codes = factors.enrol(here.id, form.code.data, address(), now)
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return _second(form, target, refusal.status)
    operations.end_session(here.session_id, now)
    onwards = target or url_for("operator.shops")
    if codes:
        answer = render("saas/operator/recovery_codes.html", codes=codes, onwards=onwards)
    else:
        answer = cast(Response, redirect(onwards, 303))
    return start_session(here.id, request, answer, is_verified=True, now=now)


@bp.get("/set-up/<string:token>")
@operator("door")
def set_up(token: str) -> Response:
    """The form for the password; opening it any number of times changes nothing."""
    found = operations.of_link(token, utcnow())
    if found is None:
        return render("saas/operator/dead_link.html", status=404)
    return render("saas/operator/set_up.html", form=PasswordForm(), email=found.email)


@bp.post("/set-up/<string:token>")
@operator("door")
def choose_password(token: str) -> Response:
    """Keep the password; the log-in comes next, and with it the second factor."""
    form, now = PasswordForm(), utcnow()
    throttle("operator-link", address(), 20, operations.QUARTER)
    found = operations.of_link(token, now)
    if found is None:
        return render("saas/operator/dead_link.html", status=404)
    if not form.validate():
        return render("saas/operator/set_up.html", status=422, form=form, email=found.email)
    try:
        operations.set_password(token, form.password.data, now)
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return render("saas/operator/set_up.html", status=refusal.status, form=form, email=found.email)
    return done(
        "operator.log_in", _("The password is set. Log in with it, and then set up the second factor.")
    )


@bp.post("/log-out")
@operator("door")
def log_out() -> Response:
    """End this browser's session, and with it a visit."""
    if g.operator is not None:
        operations.end_session(g.operator.session_id, utcnow())
    return end_session(done("operator.log_in", _("You are logged out.")))
