"""The pages that open a shop: for somebody new, and for somebody who has one already."""

from __future__ import annotations

import uuid

from flask import Response, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from saas.accounts import sign_up
from saas.accounts.blueprint import bp
from saas.accounts.forms import SignUpForm
from saas.accounts.identity import start_session
from saas.accounts.passwords import WeakPassword
from saas.accounts.permissions import ROLE_NAMES
from saas.merchants.forms import ShopForm, plain
from saas.merchants.operations import SlugNotWellFormed, SlugTaken, suggestion
from saas.web.access import public, signed_in
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, render
from saas.web.throttle import address, throttle

HOUR = 3600
SIGN_UP, NEW = "saas/accounts/sign_up.html", "saas/accounts/new_shop.html"


@bp.get("/sign-up", endpoint="sign_up")
@public(on="nothing")
def sign_up_page() -> Response:
    """A person and a shop on one page; whoever is logged in opens another shop instead."""
    if current_user.is_authenticated:
        return done("accounts.new_shop")
    return render(SIGN_UP, form=_offered(SignUpForm()), suggestion="")


@bp.post("/sign-up")
@public(on="nothing")
def begin_shop() -> Response:
    form = _offered(SignUpForm())
    if not form.validate():
        return render(SIGN_UP, status=422, form=form, suggestion="")
    sessions = Response()
    person = sign_up.Person(form.email.data, form.name.data, form.password.data, str(get_locale() or "en"))
    try:
        throttle("sign-up", address(), 60, HOUR)
        merchant = sign_up.sign_up(
            person, form.details(), address(), utcnow(), lambda user_id: _begin(user_id, sessions)
        )
    except sign_up.AddressKnownError:
        sign_up.tell_known(person.email)
        return render("saas/accounts/check_mail.html", email=person.email, is_reset=False)
    except Refusal as refusal:
        return _again(form, refusal, SIGN_UP)
    response = done("stats.dashboard", _("Welcome! Your shop is open."), merchant=merchant.slug)
    response.headers.extend(("Set-Cookie", cookie) for cookie in sessions.headers.getlist("Set-Cookie"))
    return response


@bp.get("/sign-up/address", endpoint="address_suggestion")
@public()
def address_suggestion() -> Response:
    """The address that a shop of this name would get, as things stand; for the form while it is typed."""
    name = plain(request.args.get("shop_name"))[:300]
    return render(SIGN_UP, block="suggested", suggestion=suggestion(name) if name else "", form=SignUpForm())


@bp.get("/shops", endpoint="shops")
@signed_in(on="nothing")
def index() -> Response:
    """The shops that the user works at; switching is a link."""
    return render("saas/accounts/shops.html", role_names=ROLE_NAMES)


@bp.get("/shops/new", endpoint="new_shop")
@signed_in(on="nothing")
def new_shop() -> Response:
    return render(NEW, form=_offered(ShopForm()), suggestion="")


@bp.post("/shops/new")
@signed_in(on="nothing")
def open_shop() -> Response:
    form = _offered(ShopForm())
    if not form.validate():
        return render(NEW, status=422, form=form, suggestion="")
    try:
        throttle("new-shop", str(current_user.id), 10, HOUR)
        merchant = sign_up.open_another(current_user.id, current_user.name, form.details(), utcnow())
    except Refusal as refusal:
        return _again(form, refusal, NEW)
    return done("stats.dashboard", _("Welcome! Your shop is open."), merchant=merchant.slug)


def _offered(form: ShopForm) -> ShopForm:
    form.offer(request.headers.get("Accept-Language", ""))
    return form


def _begin(user_id: uuid.UUID, response: Response) -> None:
    start_session(user_id, request, response)


def _again(form: ShopForm, refusal: Refusal, template: str) -> Response:
    """The form again, with the refusal at the field that it is about, else on top."""
    if isinstance(refusal, SlugTaken | SlugNotWellFormed):
        form.slug.errors = [*form.slug.errors, str(refusal)]
    elif isinstance(refusal, WeakPassword):
        form.password.errors = [*form.password.errors, str(refusal)]
    else:
        form.form_errors.append(str(refusal))
    return render(template, status=refusal.status, form=form, suggestion="")
