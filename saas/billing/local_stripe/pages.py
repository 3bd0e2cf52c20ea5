"""What the hosted pages share: how they are shown, in which language, and which test cards they offer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, make_response, render_template, request
from flask_babel import get_locale, refresh
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from saas.web import i18n, security

from . import cards
from .faults import Fault
from .store import Obj, Store

FOLDER = "saas/billing/local_stripe"
COUNTRIES = ("SE", "PT", "ES", "FR", "GR", "DE", "FI", "DK", "NO", "IE", "NL", "IT", "GB", "US", "BR")
OFFERED = (
    ("4242424242424242", _l("Works")),
    ("5555555555554444", _l("Works, Mastercard")),
    ("4000000000000002", _l("Is declined")),
    ("4000000000009995", _l("Has insufficient funds")),
    ("4000002500003155", _l("Asks for 3-D Secure once, when it is saved")),
    ("4000000000003220", _l("Asks for 3-D Secure every time")),
    ("4000000000000341", _l("Can be saved, then every payment fails")),
    ("4000000000000259", _l("Works, then the payment is disputed")),
)
WORDS = {
    "card_declined": _l("The card was declined. Choose another one."),
    "insufficient_funds": _l("The card has insufficient funds. Choose another one."),
    "expired_card": _l("The card has expired. Choose another one."),
    "incorrect_cvc": _l("The card’s security code is wrong."),
    "processing_error": _l("The bank could not process the card. Try again in a moment."),
    "incorrect_number": _l("This is not one of the test cards. Choose one from the list."),
    "promotion_code_invalid": _l("This promotion code is not valid."),
    "coupon_expired": _l("This promotion code has expired."),
}
NEEDS_OWNER = ("subscription_payment_intent_requires_action", "setup_requires_action")


@contextmanager
def desk() -> Iterator[Store]:
    """The store for one page, in one transaction; afterwards the webhooks go out."""
    stand_in = current_app.extensions["local_stripe"]
    with stand_in.store.transaction() as store:
        yield store
    stand_in.sender.wake()


def speak(locale: str | None) -> None:
    """Use the language that the session was made for; auto and unknown ones follow the browser."""
    code = (locale or "auto").split("-")[0]
    if code in i18n.LANGUAGES:
        g.language = code
        refresh()


def show(name: str, *, status: int = 200, leads_to: tuple[str | None, ...] = (), **context: Any) -> Response:
    """A page; its forms may end on the addresses in `leads_to`, which the browser has to be told beforehand."""
    body = render_template(
        f"{FOLDER}/{name}.html",
        language=str(get_locale() or "en"),
        offered=OFFERED,
        countries=countries(),
        **context,
    )
    response = make_response(body, status)
    origins = " ".join(sorted({origin for url in leads_to if url and (origin := origin_of(url))}))
    response.headers["Content-Security-Policy"] = security.CSP.replace(
        "form-action 'self'", f"form-action 'self' {origins}".rstrip()
    )
    return response


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""


def countries() -> list[tuple[str, str]]:
    """Codes and names of the countries that the pages offer, by name."""
    locale = get_locale()
    names = locale.territories if locale else {}
    return sorted(((code, names.get(code, code)) for code in COUNTRIES), key=lambda pair: pair[1])


def chosen_card() -> cards.Card:
    """The card of the form: from the list, or typed."""
    typed = request.form.get("number", "").replace(" ", "")
    card = cards.BY_NUMBER.get(typed or request.form.get("card", ""))
    if card is None:
        raise Fault("Your card number is incorrect.", status=402, kind="card_error", code="incorrect_number")
    return card


def words(fault: Fault) -> str:
    """What went wrong, for the person in front of the page."""
    decline = str(fault.error.get("decline_code", ""))
    known = WORDS.get(decline) or WORDS.get(fault.code or "")
    return str(known) if known else _("That could not be done: %(reason)s", reason=fault.message)


def find(store: Store, kind: str, token: str) -> Obj:
    """The object whose page has this secret in its address."""
    found = next((obj for obj in store.select(kind) if obj["_token"] == token), None)
    return found or abort(404)


def moment(value: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(value, dt.UTC)


def init(app: Flask) -> None:
    """Headers as on our own pages; a form that another site sends is refused."""

    app.jinja_env.filters["moment"] = moment

    @app.before_request
    def own_forms_only() -> None:
        if not request.path.startswith("/v1/"):
            security.refuse_cross_site()

    app.after_request(security.add_headers)

    @app.errorhandler(404)
    def missing(problem: Exception) -> tuple[Response, int]:
        return show(
            "message", title=_("This page does not exist"), text=_("The link may be old or incomplete.")
        ), 404
