"""The poster: its words in a language, its colours and its QR code."""

from __future__ import annotations

import io
from dataclasses import dataclass

import segno
from babel.numbers import format_currency, get_currency_precision
from flask_babel import force_locale, get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from saas.web.colours import BLACK, WHITE, contrast, mix, parse, to_hex
from saas.web.qr import qr_svg
from tenants.programs.rules import Terms

FORMATS = {"a4": _l("A4 poster"), "a5": _l("A5 flyer"), "tent": _l("Table tent")}
PAPER, DARK = "#ffffff", "#111111"
LONG_SHOP = 60  # letters; a longer name gets the place of the shop's mark as well


@dataclass(frozen=True)
class Words:
    """What the poster says, in one language."""

    language: str
    shop: str
    headline: str
    call: str
    steps: tuple[str, ...]
    foot: str


@dataclass(frozen=True)
class Palette:
    """The merchant's colour, a deeper one for the gradient, and an ink that can be read on both."""

    brand: str
    deep: str
    ink: str


def words(shop: str, terms: Terms, currency: str, language: str) -> Words:
    with force_locale(language):
        return Words(
            language=language,
            shop=shop,
            headline=terms.headline,
            call=_("Scan to get your card"),
            steps=(
                _("Point your phone’s camera at the code"),
                _earning(terms, currency),
                ngettext(
                    "%(num)s stamp: %(reward)s",
                    "%(num)s stamps: %(reward)s",
                    terms.required,
                    reward=terms.reward_name,
                ),
            ),
            foot=_("No app and no password needed"),
        )


def _earning(terms: Terms, currency: str) -> str:
    if terms.earn_by == "item":
        return str(_("Collect a stamp for each one you buy"))
    if terms.earn_by == "amount":
        amount = terms.amount_step_minor / 10 ** get_currency_precision(currency)
        price = format_currency(amount, currency, locale=get_locale())
        return str(_("Collect a stamp for each %(amount)s", amount=price))
    return str(_("Collect a stamp at every visit"))


def palette(brand: str) -> Palette:
    """White ink where it reads at 4.5:1 on the colour, else black, with a paler colour above the brand."""
    colour = parse(brand)
    if contrast(colour, WHITE) >= 4.5:
        return Palette(brand, to_hex(mix(colour, BLACK, 0.4)), PAPER)
    return Palette(to_hex(mix(colour, WHITE, 0.25)), brand, to_hex(BLACK))


def qr_code(address: str) -> segno.QRCode:
    """A code that still reads with a quarter of it scratched."""
    return segno.make_qr(address, error="q")


def qr_of(address: str) -> Markup:
    """The code as an SVG element that takes the width it is given."""
    return qr_svg(address, error="q", border=4, dark=DARK)


def qr_file(address: str, kind: str) -> bytes:
    """The code as a file to use elsewhere: kind is svg or png (about 1,000 pixels wide)."""
    code, buffer = qr_code(address), io.BytesIO()
    if kind == "png":
        code.save(
            buffer, kind="png", border=4, scale=max(1, 1000 // code.symbol_size(border=4)[0]), dark=DARK
        )
    else:
        code.save(
            buffer, kind="svg", border=4, scale=10, dark=DARK, light=PAPER, svgclass=None, lineclass=None
        )
    return buffer.getvalue()
