"""How a product's words are written and compared: SKU, category, tags, and what a search finds. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from tenants.search.rules import LONGEST_WORD, fold, one_line, wanted, words
from tenants.search.rules import vector as as_vector

__all__ = [
    "category",
    "fold",
    "lineage",
    "one_line",
    "sku",
    "sku_key",
    "sort_key",
    "tags",
    "vector",
    "wanted",
]

LONGEST_SKU, LONGEST_SKU_KEY, LONGEST_NAME, LONGEST_CATEGORY, LONGEST_TAG = 80, 240, 200, 80, 40
MOST_TAGS = 20
LARGEST_PRICE_MINOR = 999_999_999_999
ABOVE = " > "


class TooLongError(ValueError):
    """A SKU, category or tag is longer than is kept, or there are too many tags."""


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


def sort_key(name: str) -> str:
    return one_line(fold(name))[:LONGEST_NAME]


def vector(sku: str, name: str, category: str, tags: Iterable[str]) -> str:
    """What a search finds the product by, as PostgreSQL writes a tsvector: its words, and the SKU in one piece."""
    found = {word for text in (sku, name, category, *tags) for word in words(text)}
    return as_vector({*found, "".join(words(sku))[:LONGEST_WORD]})
