"""A merchant's colour as a theme that can be read: contrasts as in WCAG 2.2; CSS only names colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
NIGHT: Colour = (27, 33, 32)  # the surface of the dark theme, --surface in card.css
READABLE = 4.5
STEP = 0.02
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")


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


def parse(text: str) -> Colour:
    """A colour written as #rrggbb; raises ValueError on anything else."""
    match = _HEX.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a colour")
    return int(match[1][:2], 16), int(match[1][2:4], 16), int(match[1][4:], 16)


def to_hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def luminance(colour: Colour) -> float:
    """Relative luminance, WCAG 2.2: from 0 for black to 1 for white."""
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio, WCAG 2.2: from 1 to 21, the same both ways round."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with `share` (0 to 1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


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
