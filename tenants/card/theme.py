"""A merchant's colour as a theme that can be read: contrasts as in WCAG 2.2; CSS only names colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from saas.web.colours import BLACK, WHITE, Colour, contrast, luminance, mix, parse, to_hex

NIGHT: Colour = (27, 33, 32)  # the surface of the dark theme, --surface in card.css
READABLE = 4.5
STEP = 0.02


@dataclass(frozen=True)
class Theme:
    """The colours of a card: `ink` is read on `brand`, `deep` and `shine`, the texts on white and night."""

    brand: str
    ink: str
    deep: str
    shine: str
    soft: str
    text: str
    text_at_night: str


def until_readable(colour: Colour, against: Colour, towards: Colour) -> Colour:
    """The colour, moved towards another only as far as it needs to be read against a third."""
    return _first(lambda share: mix(colour, towards, share), against)


def _first(candidate: Callable[[float], Colour], against: Colour) -> Colour:
    share = 0.0
    while share < 1 and contrast(candidate(share), against) < READABLE:
        share += STEP
    return candidate(min(share, 1.0))


def make(colour: str) -> Theme:
    """The theme of a brand colour. Colours of middling brightness are darkened to carry white text."""
    wanted = parse(colour)
    ink = WHITE if contrast(wanted, WHITE) >= 3 else BLACK
    away = BLACK if ink == WHITE else WHITE
    brand = until_readable(wanted, ink, away)
    return Theme(
        brand=to_hex(brand),
        ink=to_hex(ink),
        deep=to_hex(_first(lambda share: mix(mix(brand, BLACK, 0.42), brand, share), ink)),
        shine=to_hex(_first(lambda share: mix(mix(brand, WHITE, 0.28), brand, share), ink)),
        soft=to_hex(mix(brand, WHITE, 0.87)),
        text=to_hex(until_readable(brand, mix(brand, WHITE, 0.87), BLACK)),
        text_at_night=to_hex(
            until_readable(brand, max(NIGHT, mix(NIGHT, brand, 0.22), key=luminance), WHITE)
        ),
    )


def css(colour: str) -> str:
    """The stylesheet that gives a page the theme."""
    theme = make(colour)
    values = {
        "brand": theme.brand,
        "brand-ink": theme.ink,
        "brand-deep": theme.deep,
        "brand-shine": theme.shine,
        "brand-soft": theme.soft,
        "brand-text": theme.text,
        "brand-text-night": theme.text_at_night,
    }
    return ":root{" + ";".join(f"--{name}:{value}" for name, value in values.items()) + "}\n"
