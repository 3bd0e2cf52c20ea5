"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for the day the phone is lost."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterator

from pyotp import TOTP

STEP = 30
DRIFT = 1  # steps that a phone's clock may be off
RECOVERY_CODES = 10
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_salt() -> str:
    return secrets.token_hex(16)


def secret_of(service_key: str, salt: str) -> str:
    """The secret that the app and the service share, in base32: derived, so that the database doesn't hold it."""
    digest = hmac.new(
        service_key.encode(), f"operator second factor {salt}".encode(), hashlib.sha256
    ).digest()
    return base64.b32encode(digest[:20]).decode()


def address_of(secret: str, email: str) -> str:
    """What the QR code for the app says."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name="Regulars")


def step_of(secret: str, code: str, now: dt.datetime, after: int | None) -> int | None:
    """The time step that a code belongs to; None where it is wrong, too old, or of step `after` or before.

    Every step that could be meant is compared in full, so that the time taken says nothing.
    """
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    middle, totp = int(now.timestamp()) // STEP, TOTP(secret)
    matching = [
        step
        for step in range(middle - DRIFT, middle + DRIFT + 1)
        if hmac.compare_digest(totp.generate_otp(step), digits) and (after is None or step > after)
    ]
    return matching[0] if matching else None


def new_recovery_codes() -> Iterator[str]:
    """Ten codes of fifty random bits, written in two halves."""
    for _ in range(RECOVERY_CODES):
        text = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        yield f"{text[:5]}-{text[5:]}"


def recovery_hash(service_key: str, code: str) -> bytes:
    """What is kept of a recovery code; small letters, blanks and the dash make no difference."""
    plain = "".join(character for character in code.upper() if character.isalnum())
    return hmac.new(service_key.encode(), f"operator recovery {plain}".encode(), hashlib.sha256).digest()
