"""Passwords and PINs as argon2id hashes, and which passwords are too well known to be one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

from saas.web.refusals import Refusal

SHORTEST, LONGEST = 8, 200
# 19 MiB, two passes, one lane: the OWASP recommendation for argon2id.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class WeakPassword(Refusal):
    """Too short, too long, among the best known, or the person's own address or name."""


def check_strength(password: str, *own_words: str) -> None:
    """Raises WeakPassword; there are no rules about which characters it is made of."""
    if len(password) < SHORTEST:
        raise WeakPassword(_("Please use at least %(count)s characters.", count=SHORTEST))
    if len(password) > LONGEST:
        raise WeakPassword(_("Please use at most %(count)s characters.", count=LONGEST))
    folded = password.casefold()
    if folded in well_known() or len(set(folded)) < 3:
        raise WeakPassword(_("This password is too well known. Please choose another one."))
    if folded in {part.casefold() for word in own_words for part in (word, word.split("@")[0])}:
        raise WeakPassword(_("Your own name or address is too easy to guess. Please choose another one."))


def hash_secret(secret: str) -> str:
    return HASHER.hash(secret)


def is_right(hashed: str | None, secret: str) -> bool:
    """Whether the secret belongs to the hash; takes as long when there is no hash at all."""
    try:
        return HASHER.verify(hashed or _dummy(), secret) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return HASHER.check_needs_rehash(hashed)


@cache
def well_known() -> frozenset[str]:
    """A thousand of the passwords that leaks hold most often, of 8 characters and more."""
    lines = (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split()
    return frozenset(line.casefold() for line in lines)


@cache
def _dummy() -> str:
    return HASHER.hash("nobody has this password")
