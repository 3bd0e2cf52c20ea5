"""One HTTP request to an address that a merchant chose, with nothing of ours in reach.

The name is looked up once, every answer must be public, and the connection goes to that very answer: a name that
answers differently a moment later leads nowhere else. TLS is checked against the name. No redirect is followed, no
proxy of the environment is used, at most 64 KB are read, and all of it is over after fifteen seconds.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenants.webhooks import addresses, rules
from tenants.webhooks.addresses import NoTargetError, Target

SECONDS = 15.0
MOST_BYTES = 64 * 1024
MOST_KEPT = 4000
# What an attempt can come to, beside rules.DELIVERED, REFUSED and REDIRECT, where an answer came.
NO_ANSWERS = ("address", "name", "private", "connection", "tls", "timeout", "protocol")
OUTCOMES = (rules.DELIVERED, rules.REFUSED, rules.REDIRECT, *NO_ANSWERS)


@dataclass(frozen=True)
class Answer:
    """What an attempt came to: one of OUTCOMES, and what the endpoint said, cut to MOST_KEPT characters."""

    outcome: str
    status_code: int | None
    text: str
    seconds: float


class NotSentError(Exception):
    """No connection was made; `outcome` is one of NO_ANSWERS."""

    def __init__(self, outcome: str, text: str = "") -> None:
        super().__init__(text)
        self.outcome = outcome


class Line(http.client.HTTPConnection):
    """A connection to addresses that were looked up and checked before; `cut` ends it from another thread."""

    def __init__(
        self, target: Target, found: Sequence[str], tls: ssl.SSLContext | None, seconds: float
    ) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self.default_port = 443 if target.is_tls else 80
        self.is_cut = False
        self._found, self._tls, self._ends = found, tls, time.monotonic() + seconds

    def connect(self) -> None:
        self.sock = self._open()
        if self._tls is not None:
            # The handshake comes after the socket is in place, so that `cut` reaches a handshake that drips.
            self.sock = self._tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def _open(self) -> socket.socket:
        problem: OSError = TimeoutError("no time left")
        for address in self._found:
            left = self._ends - time.monotonic()
            if left <= 0:
                break
            try:
                return socket.create_connection((address, self.port), timeout=left)
            except OSError as error:
                problem = error
        raise problem

    def cut(self) -> None:
        """End it, whatever it waits for: a time-out of the socket alone begins anew with every byte."""
        self.is_cut = True
        if self.sock is not None:
            try:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself


def post(
    url: str,
    body: str,
    headers: Mapping[str, str],
    *,
    is_loopback_allowed: bool = False,
    is_http_allowed: bool = False,
    seconds: float = SECONDS,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Send one request and read its answer; whatever goes wrong on the way is an outcome, never an exception."""
    began = time.monotonic()
    try:
        target = addresses.parse(url, is_http_allowed=is_http_allowed)
        found = look_up(target, is_loopback_allowed=is_loopback_allowed)
    except NoTargetError as error:
        return Answer("address", None, error.reason, 0.0)
    except NotSentError as error:
        return Answer(error.outcome, None, str(error), time.monotonic() - began)
    context = (tls or ssl.create_default_context()) if target.is_tls else None
    line = Line(target, found, context, seconds)
    watch = threading.Timer(seconds, line.cut)
    watch.daemon = True
    watch.start()
    try:
        status, text = _talk(line, target, body, headers)
        outcome = "timeout" if line.is_cut else rules.outcome_of(status)
        return Answer(outcome, status, text, time.monotonic() - began)
    except (OSError, http.client.HTTPException, ValueError) as error:
        outcome = "timeout" if line.is_cut else _outcome_of(error)
        return Answer(outcome, None, _words(error), time.monotonic() - began)
    finally:
        watch.cancel()
        line.close()


def look_up(target: Target, *, is_loopback_allowed: bool) -> list[str]:
    """The host's addresses; one that is not public refuses them all. Raises NotSentError."""
    try:
        rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSentError("name", _words(error)) from error
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    if not found or not all(
        addresses.is_public(address, is_loopback_allowed=is_loopback_allowed) for address in found
    ):
        raise NotSentError("private")
    return found


def _talk(line: Line, target: Target, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
    line.request("POST", target.path, body.encode(), dict(headers))
    answer = line.getresponse()
    text = answer.read(MOST_BYTES).decode(errors="replace").replace("\x00", "�")
    return answer.status, text[:MOST_KEPT]


def _outcome_of(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLError):
        return "tls"
    return "connection" if isinstance(error, OSError) else "protocol"


def _words(error: Exception) -> str:
    return " ".join(str(error).replace("\x00", "�").split())[:300]
