"""The card at /c/<merchant>: join, look at it, change what it says of you, leave this device."""

from __future__ import annotations

from flask import Response, current_app, g, request
from flask_babel import gettext as _

from saas.web.access import merchant_page
from saas.web.clock import utcnow
from saas.web.i18n import select_locale
from saas.web.render import done, new_request_key
from saas.web.security import set_cookie
from saas.web.throttle import address, throttle
from tenants.card import files, history, operations, queries, recovery, rewards, stamps
from tenants.card.card_page import card_page, consent_text, join_page
from tenants.card.forms import CodeForm, JoinForm, ProfileForm
from tenants.card.visit import bp, cookie_name, keep, keep_longer, member_here, page, sign_in, to_card, unsign
from tenants.members import operations as members
from tenants.members import words
from tenants.units import occasions

__all__ = ["bp", "files", "recovery", "rewards", "stamps"]
NONCE_SECONDS = 24 * 3600
YEAR_SECONDS = 365 * 24 * 3600


@bp.get("/c/<slug:merchant>")
@merchant_page()
def show() -> Response:
    """The member's card, or the page to join for whoever holds none here."""
    member = member_here()
    if member is None:
        return join_page(JoinForm(g.merchant))
    return keep_longer(card_page(member, CodeForm()))


@bp.post("/c/<slug:merchant>/join")
@merchant_page()
def join() -> Response:
    """Become a member; a code that was scanned before joining is stamped at once."""
    if member_here() is not None:
        return to_card()
    form = JoinForm(g.merchant)
    if not form.validate_on_submit():
        return join_page(form, status=422)
    throttle("join", f"{g.merchant.id}:{address()}", 100, 3600)
    now = utcnow()
    nonce = unsign("join", form.nonce.data, NONCE_SECONDS)
    member = operations.join(
        form, nonce[0] if nonce else new_request_key(), select_locale(), consent_text(), now
    )
    occasions.welcome(member.id, g.merchant, now)
    stamps.stamp_held(member, form.held.data, now)
    return sign_in(member, to_card())


@bp.get("/c/<slug:merchant>/state")
@merchant_page()
def state() -> Response:
    """A few characters that change when the card did; the page asks for them while it is looked at."""
    member = member_here()
    answer = Response(queries.state(member) if member else "", mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


@bp.route("/c/<slug:merchant>/profile", methods=["GET", "POST"])
@merchant_page()
def profile() -> Response:
    """Change the name, the contacts and the language."""
    member = member_here()
    if member is None:
        return to_card()
    form = ProfileForm(g.merchant, obj=member, has_birthday=member.birthday is not None)
    if form.validate_on_submit():
        operations.change(member, form, utcnow())
        return _in_language(done("card.show", _("Saved.")), member.language)
    return page(
        "profile",
        status=422 if form.is_submitted() else 200,
        form=form,
        born=words.birthday(member.birthday),
        shop_icon=queries.shop_icon(),
    )


@bp.get("/c/<slug:merchant>/history")
@merchant_page()
def past() -> Response:
    """All that happened on the member's cards, page by page."""
    member = member_here()
    if member is None:
        return to_card()
    number = request.args.get("page", 1, type=int)
    return page("past", shop_icon=queries.shop_icon(), history=history.page(member, g.merchant, number))


@bp.post("/c/<slug:merchant>/sign-out")
@merchant_page()
def sign_out() -> Response:
    """Take the card off this device; it stays at the shop, and a mailed link brings it back."""
    members.sign_out(request.cookies.get(cookie_name(), ""))
    return keep(done("card.show", _("The card is no longer on this device.")), "")


@bp.get("/c/<slug:merchant>/n/<string:number>")
@merchant_page(on="nothing")
def number(number: str) -> Response:
    """What a camera other than the counter's opens: nothing about anybody, for any number."""
    return page("number")


def _in_language(response: Response, language: str) -> Response:
    secure = current_app.extensions["regulars"].settings.is_production
    set_cookie(response, "language", language, seconds=YEAR_SECONDS, secure=secure)
    return response
