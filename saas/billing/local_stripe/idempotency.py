"""Idempotency keys as Stripe documents them: the first answer again, whatever it was, for a day."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

from .faults import Fault
from .store import Store

KEPT = 24 * 3600


@dataclass(frozen=True)
class Replay:
    status: int
    body: dict[str, Any]
    request: str


def find(store: Store, key: str, call: str, text: str) -> Replay | None:
    """The answer of the first request under this key; raises when it was another request."""
    if len(key) > 255:
        raise Fault("Idempotency keys may be up to 255 characters long.", kind="idempotency_error")
    store.db.execute("DELETE FROM replay WHERE at < ?", (int(time.time()) - KEPT,))
    row = store.db.execute(
        "SELECT call, asked, status, body, request FROM replay WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    if row[0] != call:
        raise Fault(
            f"Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{row[0]}' vs '{call}'). Try using a key other than '{key}' if you meant to execute a different "
            "request.",
            kind="idempotency_error",
        )
    if row[1] != _digest(text):
        raise Fault(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
        )
    return Replay(row[2], json.loads(row[3]), row[4])


def keep(store: Store, key: str, call: str, text: str, status: int, body: dict[str, Any]) -> None:
    """Only what was begun is kept: a request that was refused for its parameters may be sent again corrected."""
    store.db.execute(
        "INSERT INTO replay (key, call, asked, at, status, body, request) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key, call, _digest(text), int(time.time()), status, json.dumps(body), store.request_id or ""),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
