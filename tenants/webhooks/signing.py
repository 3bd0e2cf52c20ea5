"""Secrets and signatures by the Standard Webhooks specification.

A secret is derived from a random salt and the service's key, so that no copy of the database gives it away.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence

from standardwebhooks import Webhook

PREFIX = "whsec_"
USER_AGENT = "Regulars-Webhooks/1"


def new_salt() -> bytes:
    return secrets.token_bytes(16)


def secret_of(service_key: str, endpoint_id: uuid.UUID, salt: bytes) -> str:
    """The endpoint's secret as its owner is shown it: 256 bits that follow from key, endpoint and salt."""
    context = b"regulars webhook secret" + endpoint_id.bytes + salt
    derived = hmac.new(service_key.encode(), context, hashlib.sha256).digest()
    return PREFIX + base64.b64encode(derived).decode()


def message_id(event_id: uuid.UUID) -> str:
    """The `webhook-id`: the same in every attempt and every resend, so that a receiver can drop repeats."""
    return f"msg_{event_id.hex}"


def headers(event_id: uuid.UUID, body: str, signing: Sequence[str], now: dt.datetime) -> dict[str, str]:
    """The headers of one attempt, with a signature by each secret that is valid now."""
    name = message_id(event_id)
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(name, now, body) for secret in signing),
    }
