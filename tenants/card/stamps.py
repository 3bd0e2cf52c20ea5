"""Stamps that members take themselves: by the code on the counter's screen, scanned or typed."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from flask import Response, flash, g, make_response, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from saas.db import db
from saas.web.access import in_transaction, merchant_page
from saas.web.clock import utcnow
from saas.web.refusals import Refusal, TooMany
from saas.web.throttle import address, key_of, refuse_throttled, throttle, window
from saas.web.tokens import token_hash
from tenants.card import lean, operations, queries
from tenants.card.card_page import card_page, join_page
from tenants.card.forms import CodeForm, JoinForm
from tenants.card.landed import landed_html
from tenants.card.visit import bp, cookie_name, member_here, page, sign, to_card, unsign
from tenants.counter import codes
from tenants.counter.rules import spelled
from tenants.members.models import Member
from tenants.programs.ledger import Stamped

TRIES, TRY_SECONDS = 20, 600
ADDRESS_TRIES = 200  # everybody on a shop's own Wi-Fi shares one address
HOLD_SECONDS = 15 * 60


@bp.get("/c/<slug:merchant>/stamps")
@merchant_page(on="nothing")
def landed() -> Response:
    """Where a browser comes that loads the stamped page anew."""
    return to_card()


@bp.post("/c/<slug:merchant>/stamps")
@merchant_page(on="nothing")
def stamp() -> Response:
    """Burn the counter's code and show the new stamp: an ordinary one the lean way, else the plain one."""
    token, text = request.cookies.get(cookie_name(), ""), codes.named(request.form.get("code", ""))
    if token and text:
        found = lean.stamp(g.merchant, token, text, _limit(token), utcnow())
        if found is not None:
            return _landed_page(found)
    return in_transaction(g.merchant.binding, _stamp_plainly)


def _landed_page(stamped: lean.Landed) -> Response:
    theme = request.cookies.get("theme", "auto")
    return make_response(
        landed_html(
            g.merchant,
            stamped,
            card_url=url_for("card.show"),
            locale=str(get_locale()),
            theme=theme if theme in ("light", "dark") else "auto",
        )
    )


def _stamp_plainly() -> Response:
    member = member_here()
    form = CodeForm()
    if member is None:
        return to_card()  # digits are not held: they could be guessed at leisure
    if not form.validate_on_submit():
        return card_page(member, form, status=422)
    token = request.cookies.get(cookie_name(), "")
    try:
        refuse_throttled("stamp-member", _member_key(token), TRIES, TRY_SECONDS)
        refuse_throttled("stamp-address", _address_key(), ADDRESS_TRIES, TRY_SECONDS)
        said(operations.stamp(member, form.code.data or "", g.merchant, utcnow()))
    except codes.CodeDoesNotWork as refusal:
        _count_failure(token)
        return _refused(member, form, refusal)
    except Refusal as refusal:
        return _refused(member, form, refusal)
    return to_card()


def _refused(member: Member, form: CodeForm, refusal: Refusal) -> Response:
    """Say it where the person looks: at the digits that were typed, or on top after a scan."""
    if len(form.code.data or "") > len("000 000 000"):
        form.code.data = ""
        return card_page(member, form, status=refusal.status, refusal=str(refusal))
    form.code.errors = [str(refusal)]
    return card_page(member, form, status=refusal.status)


@bp.get("/c/<slug:merchant>/s/<string:token>")
@merchant_page()
def stamp_by_code(token: str) -> Response:
    """What the counter's QR code opens: a button, pressed by the page where scripts run. Changes nothing."""
    member = member_here()
    if member is None:
        return join_page(JoinForm(g.merchant), held=_hold(token))
    cards = queries.cards(member, utcnow())
    icon = cards[0].terms.icon if cards else "star"
    return page("stamp_by_code", member=member, form=CodeForm(code=token), icon_name=icon, shop_icon=icon)


def stamp_held(member: Member, held: str | None, now: dt.datetime) -> None:
    """Stamp a new member by the code that brought them; when it can't be, they are members and told why."""
    signed = unsign("code", held, HOLD_SECONDS) if held else None
    if signed is None:
        return
    token, seen_at = signed
    try:
        refuse_throttled("stamp-address", _address_key(), ADDRESS_TRIES, TRY_SECONDS)
        with db.session.begin_nested():
            said(operations.stamp(member, token, g.merchant, now, seen_at=seen_at))
    except Refusal as refusal:
        if isinstance(refusal, codes.CodeDoesNotWork):
            _count_failure_here()
        flash(_("Welcome! Your card is ready."), "success")
        flash(str(refusal), "warning")


def said(stamped: Stamped) -> None:
    """Words for the card that shows the stamp."""
    if stamped.rewards_issued:
        flash(_("Card full! Your reward is ready."), "success")
    else:
        flash(
            ngettext("Stamped! %(num)s more stamp.", "Stamped! %(num)s more stamps.", stamped.units),
            "success",
        )


def _hold(text: str) -> str:
    """Proof that this browser had the code now: joining takes longer than a code lives. Digits prove nothing."""
    kind, token = spelled(text)
    return sign("code", token) if kind == "token" and token else ""


def _member_key(token: str) -> str:
    return f"{g.merchant.id}:{token_hash(token).hex()[:32]}"


def _address_key() -> str:
    return f"{g.merchant.id}:{address()}"


def _limit(token: str) -> lean.Limit:
    """What the lean way looks at in its first round trip, as refuse_throttled() does."""
    return lean.Limit(
        key_of("stamp-member", _member_key(token)),
        TRIES,
        key_of("stamp-address", _address_key()),
        ADDRESS_TRIES,
        window(utcnow(), TRY_SECONDS),
    )


def _count_failure(token: str) -> None:
    """Codes that don't work count; those that do are nobody's guess."""
    with suppress(TooMany):  # the next one is refused
        throttle("stamp-member", _member_key(token), TRIES, TRY_SECONDS)
    _count_failure_here()


def _count_failure_here() -> None:
    with suppress(TooMany):
        throttle("stamp-address", _address_key(), ADDRESS_TRIES, TRY_SECONDS)
