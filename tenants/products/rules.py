"""How a product's words are written and compared: SKU, category, tags, and what a search finds. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST_SKU, LONGEST_SKU_KEY, LONGEST_NAME, LONGEST_CATEGORY, LONGEST_TAG = 80, 240, 200, 80, 40
MOST_TAGS = 20
MOST_SEARCHED = 8
LARGEST_PRICE_MINOR = 999_999_999_999
LONGEST_WORD = 100
ABOVE = " > "


class TooLongError(ValueError):
    """A SKU, category or tag is longer than is kept, or there are too many tags."""


def one_line(text: str | None) -> str:
    """Text without control and invisible characters, with single blanks."""
    seen = (" " if unicodedata.category(char)[0] in "CZ" else char for char in text or "")
    return " ".join("".join(seen).split())


def sku(text: str) -> str:
    """The SKU as it is kept; "" where there is none. Raises TooLongError."""
    clean = one_line(text)
    if len(clean) > LONGEST_SKU or len(sku_key(clean)) > LONGEST_SKU_KEY:
        raise TooLongError("sku")
    return clean


def sku_key(text: str) -> str:
    """What two SKUs have in common that are the same product: letters without case, widths and forms alike."""
    return one_line(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))


def category(text: str) -> str:
    """A category as it is kept; what stands above it is written before it: "Drinks > Coffee". Raises TooLongError."""
    clean = ABOVE.join(part for part in (one_line(part) for part in (text or "").split(">")) if part)
    if len(clean) > LONGEST_CATEGORY:
        raise TooLongError("category")
    return clean


def lineage(text: str) -> tuple[str, ...]:
    """A category and those above it, the highest first; nothing for none."""
    parts = text.split(ABOVE) if text else []
    return tuple(ABOVE.join(parts[: count + 1]) for count in range(len(parts)))


def tags(text: str) -> list[str]:
    """Tags from a line with commas or semicolons: in small letters, each once, in order. Raises TooLongError."""
    found: dict[str, None] = {}
    for part in re.split(r"[,;|\n]", text or ""):
        tag = unicodedata.normalize("NFC", one_line(part.lower()).lstrip("# "))
        if len(tag) > LONGEST_TAG:
            raise TooLongError("tags")
        if tag:
            found[tag] = None
    if len(found) > MOST_TAGS:
        raise TooLongError("tags")
    return list(found)


def fold(text: str) -> str:
    """Small letters without accents, for comparing and for order."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def sort_key(name: str) -> str:
    return one_line(fold(name))[:LONGEST_NAME]


def vector(sku: str, name: str, category: str, tags: Iterable[str]) -> str:
    """What a search finds the product by, as PostgreSQL writes a tsvector: its words, and the SKU in one piece."""
    found = {word for text in (sku, name, category, *tags) for word in _words(text)}
    found.add("".join(_words(sku))[:LONGEST_WORD])
    return " ".join(f"'{word}'" for word in sorted(found) if word)


def wanted(text: str) -> str | None:
    """A search as PostgreSQL writes a tsquery: every word begins some word of the product; None without any word."""
    words = list(dict.fromkeys(_words(text)))[:MOST_SEARCHED]
    return " & ".join(f"'{word}':*" for word in words) or None


def _words(text: str) -> list[str]:
    """Runs of letters and digits; nothing in them means anything to PostgreSQL."""
    spaced = "".join(char if char.isalnum() else " " for char in fold(text))
    return [word[:LONGEST_WORD] for word in spaced.split()]
