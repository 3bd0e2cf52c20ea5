"""Stripe's signatures under events: whether the body came from who holds the secret, and not long ago."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

TOLERANCE = 300


def is_signed(header: str, body: bytes, secrets: Iterable[str], now: float) -> bool:
    """Whether `header` (t=…,v1=…) signs the raw body with one of the secrets, at most TOLERANCE seconds ago or ahead.

    The library has the same check; this one needs none of its memory in a web process.
    """
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _equals, value in parts if name == "t"]
    given = [value for name, _equals, value in parts if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()) or len(times[0]) > 12:
        return False
    if abs(now - int(times[0])) > TOLERANCE:
        return False
    signed = f"{times[0]}.".encode() + body
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets]
    return any(hmac.compare_digest(one, each.encode()) for one in expected for each in given)
