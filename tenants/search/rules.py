"""Folding of words, and what PostgreSQL keeps and looks for: `vector` for rows, `wanted` for searches. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MOST_SEARCHED = 8
LONGEST_WORD = 100


def one_line(text: str | None) -> str:
    """Text without control and invisible characters, with single blanks."""
    seen = (" " if unicodedata.category(char)[0] in "CZ" else char for char in text or "")
    return " ".join("".join(seen).split())


def fold(text: str) -> str:
    """Small letters without accents, for comparing and for order."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """Runs of letters and digits; nothing in them means anything to PostgreSQL."""
    spaced = "".join(char if char.isalnum() else " " for char in fold(text))
    return [word[:LONGEST_WORD] for word in spaced.split()]


def vector(found: Iterable[str]) -> str:
    """Words as PostgreSQL writes a tsvector."""
    return " ".join(f"'{word}'" for word in sorted(set(found)) if word)


def wanted(text: str) -> str | None:
    """A search as PostgreSQL writes a tsquery: every word begins some word of the row; None without any word."""
    found = list(dict.fromkeys(words(text)))[:MOST_SEARCHED]
    return " & ".join(f"'{word}':*" for word in found) or None
