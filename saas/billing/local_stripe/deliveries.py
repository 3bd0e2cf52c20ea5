"""Deliveries: events sent to their endpoints, signed, tried again when refused; and what a test may do to them."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import random
import time
from collections.abc import Iterable
from threading import Event, Thread
from urllib.parse import urlsplit

from .events import queue
from .rendering import render
from .store import Obj, Store

# Stripe tries for three days; the stand-in begins as quickly as a test wants to see it.
DELAYS = (1, 5, 30, 300, 3600, 6 * 3600, 12 * 3600, 24 * 3600)
TIMEOUT = 10
log = logging.getLogger(__name__)


def signature(secret: str, body: bytes, at: int) -> str:
    """The header that Stripe's library verifies."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Sender:
    """One thread that sends what waits; `hold()` lets events pile up until `release()`."""

    def __init__(self, store: Store, delays: Iterable[float] = DELAYS) -> None:
        self.store = store
        self.delays = tuple(delays)
        self.held = False
        self._wake = Event()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="local-stripe-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT + 1)

    def wake(self) -> None:
        self._wake.set()

    def hold(self) -> None:
        self.held = True

    def release(self, *, shuffle: int | None = None) -> None:
        """Send what piled up, in the order of `shuffle` (a seed) instead of the order of happening."""
        with self.store.transaction() as store:
            waiting = [row[0] for row in store.db.execute("SELECT seq FROM delivery WHERE state = 'waiting'")]
            if shuffle is not None:
                random.Random(shuffle).shuffle(waiting)  # noqa: S311 - an order, not a secret
            for place, seq in enumerate(waiting):
                at = time.time() - 1 + place / 100000
                store.db.execute("UPDATE delivery SET next_at = ? WHERE seq = ?", (at, seq))
        self.held = False
        self.wake()

    def resend(self, event_id: str, *, times: int = 1) -> None:
        """Deliver an event again, to every endpoint that is enabled; more than once where wished."""
        with self.store.transaction() as store:
            event = store.need("event", event_id)
            for _ in range(times):
                for endpoint in store.select("webhook_endpoint"):
                    if endpoint["status"] == "enabled":
                        queue(store, event, endpoint["id"])
        self.wake()

    def resend_all(self, *, shuffle: int) -> None:
        """Every event there is, once more, in any order."""
        with self.store.transaction() as store:
            ids = [event["id"] for event in store.select("event")]
        random.Random(shuffle).shuffle(ids)  # noqa: S311 - an order, not a secret
        for id_ in ids:
            self.resend(id_)

    def settle(self, timeout: float = 20) -> bool:
        """Wait until nothing is due any more; False when that took too long."""
        until = time.monotonic() + timeout
        self.wake()
        while time.monotonic() < until:
            if self._due() is None and not self._busy:
                return True
            time.sleep(0.02)
        return False

    _busy = False

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(0.25)
            self._wake.clear()
            while not self.held and not self._stop.is_set() and self._send_next():
                continue

    def _due(self) -> tuple[int, str, str, int] | None:
        with self.store.lock:
            row: tuple[int, str, str, int] | None = self.store.db.execute(
                "SELECT seq, event, endpoint, attempts FROM delivery WHERE state = 'waiting' AND next_at <= ?"
                " ORDER BY next_at, seq LIMIT 1",
                (time.time(),),
            ).fetchone()
        return row

    def _send_next(self) -> bool:
        self._busy = True
        try:
            row = self._due()
            if row:
                self._try(*row)
            return row is not None
        finally:
            self._busy = False

    def _try(self, seq: int, event_id: str, endpoint_id: str, attempts: int) -> None:
        try:
            self._send(seq, event_id, endpoint_id, attempts)
        except Exception as problem:
            log.exception("event %s could not be sent", event_id)
            self._note(seq, event_id, "failed", attempts + 1, None, repr(problem))

    def _send(self, seq: int, event_id: str, endpoint_id: str, attempts: int) -> None:
        with self.store.transaction() as store:
            event, endpoint = store.get(event_id), store.get(endpoint_id)
            body = json.dumps(render(store, event), indent=2).encode() if event else b""
        if not event or not endpoint or endpoint["status"] != "enabled":
            self._note(seq, event_id, "dropped", attempts, None, "the endpoint or the event is gone")
            return
        status, error = post(endpoint["url"], endpoint["_secret"], body)
        if status is not None and 200 <= status < 300:
            self._note(seq, event_id, "delivered", attempts + 1, status, None)
        elif attempts < len(self.delays):
            self._note(seq, event_id, "waiting", attempts + 1, status, error, self.delays[attempts])
        else:
            self._note(seq, event_id, "failed", attempts + 1, status, error)

    def _note(
        self,
        seq: int,
        event_id: str,
        state: str,
        attempts: int,
        status: int | None,
        error: str | None,
        wait: float = 0,
    ) -> None:
        with self.store.transaction() as store:
            store.db.execute(
                "UPDATE delivery SET state = ?, attempts = ?, status = ?, error = ?, next_at = ? WHERE seq = ?",
                (state, attempts, status, error, time.time() + wait, seq),
            )
            event: Obj | None = store.get(event_id)
            if event and state in ("delivered", "dropped"):
                event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)


def post(url: str, secret: str, body: bytes) -> tuple[int | None, str | None]:
    """Send one event; answers the status, or None with what went wrong on the way. Redirects are not followed."""
    parts = urlsplit(url)
    https = parts.scheme == "https"
    connect = http.client.HTTPSConnection if https else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port or (443 if https else 80), timeout=TIMEOUT)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (local stand-in)",
        "Stripe-Signature": signature(secret, body, int(time.time())),
    }
    try:
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers
        )
        response = connection.getresponse()
        response.read(64 * 1024)
    except (OSError, http.client.HTTPException) as problem:
        return None, repr(problem)
    else:
        return response.status, None if response.status < 300 else f"answered {response.status}"
    finally:
        connection.close()
