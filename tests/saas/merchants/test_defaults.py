"""What a sign-up guesses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.merchants import categories, defaults


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Corner Café", "corner-cafe"),
        ("Φούρνος της Ευαγγελίας", "fournos-tis-evangelias"),
        ("Μπουγάτσα – Αυγό", "bougatsa-avgo"),
        ("Bäckerei Straße & Søn's", "backerei-strasse-sons"),
        ("AB", "ab-shop"),
        ("中文", "shop"),
        ("α" * 300, "a" * 40),
    ],
)
def test_a_name_becomes_an_address(name: str, slug: str) -> None:
    assert defaults.slug_of(name) == slug


@given(st.text(max_size=300))
def test_every_name_gives_a_slug_that_can_stand_in_an_address(name: str) -> None:
    slug = defaults.slug_of(name)
    assert defaults.SLUG.fullmatch(slug)
    assert defaults.SLUG.fullmatch(defaults.numbered(slug, 29))


@pytest.mark.parametrize(
    ("header", "language", "country", "currency", "zone"),
    [
        ("el,en;q=0.5", "el", "GR", "EUR", "Europe/Athens"),
        ("pt-BR,pt;q=0.9", "pt", "BR", "BRL", "America/Sao_Paulo"),
        ("sv", "sv", "SE", "SEK", "Europe/Stockholm"),
        ("en-GB", "en", "GB", "GBP", "Europe/London"),
        ("es-419,es", "es", "ES", "EUR", "Europe/Madrid"),
        ("", "fr", "FR", "EUR", "Europe/Paris"),
        ("\x00;;,,-", "pt", "PT", "EUR", "Europe/Lisbon"),
    ],
)
def test_country_money_and_time_come_from_the_browser(
    header: str, language: str, country: str, currency: str, zone: str
) -> None:
    assert defaults.guess(header, language) == defaults.Guess(country, currency, zone, language)


def test_every_country_has_money_and_a_time_zone_that_exist() -> None:
    for country in defaults.countries():
        assert defaults.currency_of(country) in defaults.currencies()
        assert defaults.time_zone_of(country) in {*defaults.time_zones(), "Asia/Nicosia", "Europe/Kyiv"}


def test_the_category_is_read_from_the_name() -> None:
    assert categories.guess("Ο Φούρνος") == "bakery"
    assert categories.guess("Florista da Ana") == "florist"
    assert categories.guess("Nobody knows") == "other"


@pytest.mark.parametrize(
    ("zone", "country"),
    [("Europe/Stockholm", "SE"), ("America/Chicago", "US"), ("UTC", ""), ("Mars/Olympus", "")],
)
def test_a_time_zone_tells_its_country(zone: str, country: str) -> None:
    assert defaults.country_of(zone) == country
