"""Languages: which there are, which one this request speaks, and dates, numbers and money in it."""

from __future__ import annotations

from flask import Flask, g, has_request_context, request
from flask_babel import Babel
from flask_login import current_user

from saas.config import ROOT

LANGUAGES = {
    "en": "English",
    "pt": "Português",
    "sv": "Svenska",
    "el": "Ελληνικά",
    "fr": "Français",
    "es": "Español",
}


def select_locale() -> str:
    """The language chosen on this device; on a public page else the browser's; else the user's or the merchant's."""
    if g.get("language") in LANGUAGES:
        return str(g.language)
    if not has_request_context():
        return "en"
    chosen = request.cookies.get("language")
    if chosen in LANGUAGES:
        return chosen
    user_language = getattr(current_user, "language", None)
    if user_language in LANGUAGES:
        return str(user_language)
    merchant = g.get("merchant")
    offered = [code for code in merchant.languages if code in LANGUAGES] if merchant else list(LANGUAGES)
    fallback = merchant.language if merchant else "en"
    return request.accept_languages.best_match(offered, fallback) or "en"


def select_timezone() -> str:
    merchant = g.get("merchant")
    return merchant.time_zone if merchant else "UTC"


def init(app: Flask) -> None:
    """Give the app its languages."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "saas" / "translations")
    app.jinja_options = {**app.jinja_options}
    Babel(app, locale_selector=select_locale, timezone_selector=select_timezone)
