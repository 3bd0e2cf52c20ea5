"""Signing up, logging in and out, and one's own account."""

from __future__ import annotations

import uuid
from typing import Any, cast

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm

from saas.accounts import links, operations, queries, shops
from saas.accounts.blueprint import bp
from saas.accounts.forms import AddressForm, ChangePasswordForm, DetailsForm, LogInForm, NewPasswordForm
from saas.accounts.identity import end_session, places, start_session
from saas.accounts.models import User
from saas.db import db
from saas.web.access import public, signed_in
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, done_at, render, safe_next
from saas.web.throttle import address, throttle

__all__ = ["bp", "shops"]  # importing the pages that open a shop is what puts them on the blueprint


def refused(form: FlaskForm, refusal: Refusal, template: str, **context: Any) -> Response:
    """The form again, with the refusal's words on top and what was typed in it."""
    form.form_errors.append(str(refusal))
    return render(template, status=refusal.status, form=form, **context)


@bp.get("/log-in")
@public()
def log_in() -> Response:
    if current_user.is_authenticated:
        return cast(Response, redirect(safe_next(request.args.get("next")) or url_for("accounts.shops"), 303))
    return render("saas/accounts/log_in.html", form=LogInForm(), next=safe_next(request.args.get("next")))


@bp.post("/log-in")
@public()
def begin() -> Response:
    form, target = LogInForm(), safe_next(request.form.get("next"))
    if not form.validate():
        return render("saas/accounts/log_in.html", status=422, form=form, next=target)
    try:
        user = operations.log_in(form.email.data, form.password.data, address(), utcnow())
    except Refusal as refusal:
        return refused(form, refusal, "saas/accounts/log_in.html", next=target)
    return start_session(user.id, request, cast(Response, redirect(target or first_page(user.id), 303)))


def first_page(user_id: uuid.UUID) -> str:
    """The user's only shop, or the list of shops; a cashier's shop begins at the counter."""
    found = places(user_id)
    if len(found) != 1:
        return url_for("accounts.shops")
    endpoint = "counter.show" if found[0].role == "cashier" else "stats.dashboard"
    return url_for(endpoint, merchant=found[0].slug)


@bp.post("/log-out")
@public()
def log_out() -> Response:
    if current_user.is_authenticated:
        operations.end_session(current_user.id, current_user.session_id, utcnow())
    return end_session(done("merchants.landing", _("You are logged out.")))


@bp.get("/forgotten-password")
@public(on="nothing")
def forgotten() -> Response:
    return render("saas/accounts/forgotten.html", form=AddressForm())


@bp.post("/forgotten-password")
@public()
def ask_reset() -> Response:
    form = AddressForm()
    if not form.validate():
        return render("saas/accounts/forgotten.html", status=422, form=form)
    try:
        throttle("reset", form.email.data, 3, operations.QUARTER)
        throttle("reset-address", address(), 20, operations.QUARTER)
    except Refusal as refusal:
        return refused(form, refusal, "saas/accounts/forgotten.html")
    links.send_reset_if_known(form.email.data)
    return render("saas/accounts/check_mail.html", email=form.email.data, is_reset=True)


@bp.get("/reset/<string:token>")
@public()
def reset(token: str) -> Response:
    """The form for a new password; opening it any number of times changes nothing."""
    if not links.is_live(token, "reset", utcnow()):
        return render("saas/accounts/dead_link.html", status=404, is_reset=True)
    return render("saas/accounts/reset.html", form=NewPasswordForm())


@bp.post("/reset/<string:token>")
@public()
def set_password(token: str) -> Response:
    form, now = NewPasswordForm(), utcnow()
    if not form.validate():
        return render("saas/accounts/reset.html", status=422, form=form)
    try:
        throttle("link", address(), 30, operations.QUARTER)
        operations.reset_password(token, form.password.data, now)
    except links.LinkDoesNotWork:
        return render("saas/accounts/dead_link.html", status=404, is_reset=True)
    except Refusal as refusal:
        return refused(form, refusal, "saas/accounts/reset.html")
    return end_session(done("accounts.log_in", _("Your password is changed. Please log in with it.")))


@bp.get("/confirm/<string:token>")
@public()
def confirm(token: str) -> Response:
    """A page with the button; opening it any number of times changes nothing."""
    if not links.is_live(token, "confirm", utcnow()):
        return render("saas/accounts/dead_link.html", status=404, is_reset=False)
    return render("saas/accounts/confirm.html")


@bp.post("/confirm/<string:token>")
@public()
def consume_confirmation(token: str) -> Response:
    try:
        operations.confirm_email(token, utcnow())
    except links.LinkDoesNotWork:
        return render("saas/accounts/dead_link.html", status=404, is_reset=False)
    after = first_page(current_user.id) if current_user.is_authenticated else url_for("accounts.log_in")
    return done_at(after, _("Thank you: your address is confirmed."))


@bp.post("/account/confirmation", endpoint="resend_confirmation")
@signed_in()
def resend_confirmation() -> Response:
    """Send the mail for confirming the address once more, three times an hour at most."""
    back = safe_next(request.form.get("next")) or url_for("accounts.show")
    if not current_user.is_confirmed:
        throttle("confirm", str(current_user.id), 3, 3600)
        links.send_confirmation(db.session.get_one(User, current_user.id), utcnow())
    return done_at(back, _("The mail is on its way to %(email)s.", email=current_user.email))


@bp.get("/account")
@signed_in()
def show() -> Response:
    return account()


def account(details: FlaskForm | None = None, secret: FlaskForm | None = None, status: int = 200) -> Response:
    details = details or DetailsForm(data={"name": current_user.name, "language": current_user.language})
    forms = {"details": details, "secret": secret or ChangePasswordForm(prefix="secret")}
    sessions = queries.sessions_of(current_user.id, current_user.session_id, utcnow())
    return render("saas/accounts/account.html", status=status, count=len(sessions), **forms)


@bp.post("/account")
@signed_in()
def change() -> Response:
    form = DetailsForm()
    if not form.validate():
        return account(details=form, status=422)
    operations.change_details(current_user.id, form.name.data, form.language.data)
    response = done("accounts.show", _("Saved."))
    response.delete_cookie("language", path="/")
    return response


@bp.post("/account/password")
@signed_in()
def change_password() -> Response:
    form, me = ChangePasswordForm(prefix="secret"), current_user
    if not form.validate():
        return account(secret=form, status=422)
    try:
        operations.change_password(
            me.id, form.current.data, form.password.data, me.session_id, address(), utcnow()
        )
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return account(secret=form, status=refusal.status)
    return done("accounts.show", _("Your password is changed, and you are logged out everywhere else."))
