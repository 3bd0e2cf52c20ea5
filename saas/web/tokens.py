"""Opaque tokens: random to whoever holds them, hashed where they are kept."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """192 random bits, safe in an address."""
    return secrets.token_urlsafe(24)


def token_hash(token: str) -> bytes:
    """SHA-256; a token is random enough that nothing slower is needed."""
    return hashlib.sha256(token.encode()).digest()
