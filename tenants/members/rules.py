"""Member numbers: seven random characters and a check character, from an alphabet without look-alikes.

The alphabet has 31 characters (a prime), so the weighted sum modulo 31, as in ISBN-10, catches every single wrong
character and every swap of two characters. 0, O, I, L and U are not used; I and L are read as 1.
"""

from __future__ import annotations

import datetime as dt
import secrets

from tenants.search.rules import fold, one_line, vector, words

ALPHABET = "123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
QR_PREFIX = "R:"
NO_YEAR = 1904  # a leap year, so that 29 February has its place; nobody who is alive was born before it


def check_character(body: str) -> str:
    """The character that makes the weighted sum of all eight a multiple of 31."""
    total = sum((LENGTH - place) * ALPHABET.index(character) for place, character in enumerate(body))
    return ALPHABET[-total % len(ALPHABET)]


def new_number() -> str:
    """A random member number: 31**7 are possible."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_character(body)


def new_numbers(count: int) -> list[str]:
    """So many random member numbers, no two alike: of 100,000 two would be, once in six times."""
    numbers: dict[str, None] = {}
    while len(numbers) < count:
        numbers[new_number()] = None
    return list(numbers)


def compact(text: str) -> str:
    """A number as people write or scan it, without prefix, address, blanks and look-alikes."""
    text = text.strip().rstrip("/").rsplit("/", 1)[-1].upper()
    text = text.removeprefix(QR_PREFIX)
    return "".join(text.split()).replace("-", "").replace("I", "1").replace("L", "1")


def looks_like_number(text: str) -> bool:
    """Whether a text has the shape of a member number, right or wrong."""
    number = compact(text)
    return len(number) == LENGTH and all(character in ALPHABET for character in number)


def normalise(text: str) -> str | None:
    """The member number in a text, or None when its shape or its check character is wrong."""
    number = compact(text)
    if not looks_like_number(text) or check_character(number[:-1]) != number[-1]:
        return None
    return number


def sort_name(name: str) -> str:
    """What a name is sorted by."""
    return one_line(fold(name))[:120]


def words_of(name: str) -> str:
    """What a search finds the name by, as PostgreSQL writes a tsvector."""
    return vector(words(name))


def birthday(day: int, month: int, year: int | None, today: dt.date) -> dt.date | None:
    """A birthday as it is kept, without a year in NO_YEAR; None for a day that there isn't, or that isn't over."""
    try:
        found = dt.date(year or NO_YEAR, month, day)
    except ValueError:
        return None
    return found if found.year >= NO_YEAR and found <= today else None


def birth_year(born: dt.date) -> int | None:
    """The year of a birthday where it is known."""
    return born.year if born.year != NO_YEAR else None
