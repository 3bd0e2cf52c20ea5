"""What a sign-up can guess: country, money, time and language from the browser, a slug from the name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")
# Words of the service, today's and tomorrow's; the first parts of its addresses are refused besides.
WORDS = """
about account accounts admin api app apps assets billing blog brand c card cards confirm console
contact counter demo dev docs download feedback forgotten-password gift-cards healthz help home
images import imports invitations invite jobs join language legal log-in log-out login logout mail
mailbox me member members metrics new null operator partners preview pricing privacy programs public
readyz regulars reset root settings shop shops sign-in sign-out sign-up signin signup staff static
stats status store stripe support terms test theme undefined user users v1 wallet webhooks
well-known www
"""
RESERVED = frozenset(WORDS.split())
DEFAULT_COUNTRY = {"en": "US", "pt": "PT", "sv": "SE", "el": "GR", "fr": "FR", "es": "ES"}
MAIN_ZONES = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CY": "Asia/Nicosia",
    "MX": "America/Mexico_City",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
}


@dataclass(frozen=True)
class Guess:
    """A proposal for the rest of a sign-up."""

    country: str
    currency: str
    time_zone: str
    language: str


def guess(accept_language: str, language: str) -> Guess:
    """From the browser's languages (a region there wins) and the language of the page."""
    country = _country(accept_language, language)
    return Guess(country, currency_of(country), time_zone_of(country), language)


def _country(accept_language: str, language: str) -> str:
    known = countries()
    for entry in accept_language.split(","):
        parts = re.split(r"[-_]", entry.split(";")[0].strip())
        region = parts[-1].upper() if len(parts) > 1 else ""
        if region in known:
            return region
    for entry in accept_language.split(","):
        code = entry.split(";")[0].strip().lower()
        likely = DEFAULT_COUNTRY.get(code) or str(get_global("likely_subtags").get(code, "")).split("_")[-1]
        if likely in known:
            return likely
    return DEFAULT_COUNTRY.get(language, "GR")


@cache
def countries() -> frozenset[str]:
    """The two-letter codes that have a time zone and a currency."""
    return frozenset(code for code in _zones() if get_territory_currencies(code))


def currency_of(country: str) -> str:
    return str((get_territory_currencies(country) or ["EUR"])[0])


def time_zone_of(country: str) -> str:
    """The zone in which most people of the country live, as far as the time zone database tells."""
    return MAIN_ZONES.get(country) or _zones().get(country, ("UTC",))[0]


def country_of(time_zone: str) -> str:
    """The country whose clocks go by a zone; empty where none does."""
    return _countries_by_zone().get(time_zone, "")


@cache
def _countries_by_zone() -> dict[str, str]:
    known = countries()
    return {zone: country for country, zones in _zones().items() if country in known for zone in zones}


@cache
def time_zones() -> tuple[str, ...]:
    return ("UTC", *sorted({zone for zones in _zones().values() for zone in zones}))


@cache
def currencies() -> tuple[str, ...]:
    """The currencies in use today."""
    return tuple(sorted({code for country in countries() for code in get_territory_currencies(country)}))


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _place, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found


@cache
def country_choices(language: str) -> list[tuple[str, str]]:
    names = Locale.parse(language).territories
    return sorted(((code, names.get(code, code)) for code in countries()), key=lambda pair: _sorting(pair[1]))


@cache
def currency_choices(language: str) -> list[tuple[str, str]]:
    names = Locale.parse(language).currencies
    return [(code, f"{code} – {names.get(code, code)}") for code in currencies()]


def _sorting(name: str) -> str:
    return unicodedata.normalize("NFKD", name.casefold())


# Greek by ELOT 743 without the accents: pairs first, then single letters.
PAIRS = {
    "ου": "ou", "αι": "ai", "ει": "ei", "οι": "oi", "υι": "yi", "γγ": "ng", "γξ": "nx", "γχ": "nch",
    "ντ": "nt", "μπ": "b", "τσ": "ts", "τζ": "tz",
}  # fmt: skip
LATIN = "a v g d e z i th i k l m n x o p r s s t y f ch ps o ss ae oe o l d d th i h ng"
LETTERS = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψωßæœøłđðþıħŋ", LATIN.split(), strict=True))
VOICED = "αβγδεζηιλμνορυω"


def slug_of(name: str) -> str:
    """A name as part of an address: Greek and accented letters in plain Latin ones, 3 to 40 characters."""
    text = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(rf"([αεη])υ(?=[{VOICED}])", r"\1v", text)
    text = re.sub(r"([αεη])υ", r"\1f", text)
    for pair, latin in PAIRS.items():
        text = text.replace(pair, latin)
    text = "".join(LETTERS.get(letter, letter) for letter in text)
    text = re.sub(r"[’'`]", "", text)
    slug = re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:40].strip("-")
    if len(slug) < 3:
        slug = f"{slug}-shop".strip("-")
    return slug


def numbered(slug: str, number: int) -> str:
    """The slug with a number behind it, still of 40 characters at most."""
    ending = f"-{number}"
    return slug[: 40 - len(ending)].rstrip("-") + ending
