"""A card can be read in whatever colour a shop chooses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.web import colours
from tenants.card import theme

channels = st.integers(0, 255)
any_colour = st.tuples(channels, channels, channels)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#0f766e", "#ffffff", 5.47),
    ],
)
def test_contrast_as_wcag_says(one: str, other: str, ratio: float) -> None:
    assert colours.contrast(colours.parse(one), colours.parse(other)) == pytest.approx(ratio, abs=0.01)


@given(any_colour)
def test_every_colour_gives_a_card_that_can_be_read(colour: colours.Colour) -> None:
    made = theme.make(colours.to_hex(colour))
    ink = colours.parse(made.ink)
    for ground in (made.brand, made.deep, made.shine):
        assert colours.contrast(colours.parse(ground), ink) >= theme.READABLE
    assert colours.contrast(colours.parse(made.text), colours.WHITE) >= theme.READABLE
    assert colours.contrast(colours.parse(made.text), colours.parse(made.soft)) >= theme.READABLE
    assert colours.contrast(colours.parse(made.text_at_night), theme.NIGHT) >= theme.READABLE


@given(any_colour, any_colour)
def test_contrast_is_the_same_both_ways(one: colours.Colour, other: colours.Colour) -> None:
    assert colours.contrast(one, other) == colours.contrast(other, one)
    assert 1 <= colours.contrast(one, other) <= 21


def test_a_colour_that_can_be_read_is_left_alone() -> None:
    assert theme.make("#0f766e").brand == "#0f766e"


@pytest.mark.parametrize("text", ["", "red", "#12345", "#12345g", "url(x)", "#0f766e;}body{display:none"])
def test_only_colours_come_through(text: str) -> None:
    with pytest.raises(ValueError, match="not a colour"):
        theme.css(text)


def test_css_names_the_variables() -> None:
    assert theme.css("#0f766e").startswith(":root{--brand:#0f766e;--brand-ink:#ffffff;")
