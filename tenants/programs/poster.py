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

from saas.web.qr import qr_svg
from tenants.programs.rules import Terms

FORMATS = {"a4": _l("A4 poster"), "a5": _l("A5 flyer"), "tent": _l("Table tent")}
PAPER, DARK, BLACK = "#ffffff", "#111111", "#000000"
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
    if 1.05 / (_luminance(brand) + 0.05) >= 4.5:
        return Palette(brand, _mixed(brand, 0, 0.4), PAPER)
    return Palette(_mixed(brand, 255, 0.25), brand, BLACK)


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(colour: str, other: int, share: float) -> str:
    """The colour with a share of black (0) or white (255) in it."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(c + (other - c) * share):02x}" for c in channels)


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
