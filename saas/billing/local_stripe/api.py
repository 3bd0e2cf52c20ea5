"""The API below /v1 over HTTP: keys, versions, idempotency, errors."""

from __future__ import annotations

import base64
import binascii
import logging
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from . import idempotency
from .calls import carry_out
from .faults import Fault, NotModelled
from .sdk_types import VERSION
from .store import Store

bp = Blueprint("api", __name__)
log = logging.getLogger(__name__)


@bp.route("/v1/<path:rest>", methods=["GET", "POST", "DELETE"])
def call(rest: str) -> Response:
    """One request in one transaction; what was refused while being carried out is taken back by itself."""
    stand_in = current_app.extensions["local_stripe"]
    store: Store = stand_in.store
    text = request.query_string.decode() or request.get_data(as_text=True)  # the library deletes with a query
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    is_replay = False
    with store.transaction():
        store.request_id = request_id = store.new_id("req", 14)
        try:
            _admit()
            status, body, is_replay = _answer(store, request.method.lower(), f"/v1/{rest}", text, key)
        except Fault as fault:
            status, body = fault.status, fault.body
        finally:
            store.request_id = None
    stand_in.sender.wake()
    response = jsonify(body)
    response.status_code = status
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = VERSION
    if key:
        response.headers["Idempotency-Key"] = key
    if is_replay:
        response.headers["Idempotent-Replayed"] = "true"
    if status >= 400:
        log.info("%s /v1/%s: %s %s", request.method, rest, status, body["error"]["message"])
    return response


@bp.errorhandler(Exception)
def broken(problem: Exception) -> tuple[Response, int]:
    """A fault of the stand-in itself: said in the log with its trace, and to the caller as Stripe would."""
    log.error("the stand-in failed", exc_info=problem)
    return jsonify({"error": {"type": "api_error", "message": f"The local stand-in failed: {problem}"}}), 500


def _answer(
    store: Store, method: str, path: str, text: str, key: str | None
) -> tuple[int, dict[str, Any], bool]:
    if key:
        replay = idempotency.find(store, key, path, text)
        if replay:
            return replay.status, replay.body, True
    try:
        status, body = 200, carry_out(store, method, path, text)
    except Fault as fault:
        if not key or not fault.began:
            raise
        status, body = fault.status, fault.body
    if key:
        idempotency.keep(store, key, path, text, status, body)
    return status, body, False


def _admit() -> None:
    """A test key of any name; a live key is refused, because nothing here is live."""
    key = _key()
    if not key:
        raise Fault("You did not provide an API key.", status=401)
    if not key.startswith(("sk_test_", "rk_test_")):
        raise Fault(f"Invalid API Key provided: {key[:8]}***", status=401)
    version = request.headers.get("Stripe-Version", VERSION)
    if version != VERSION:
        raise NotModelled(f"version {version} of the API, only {VERSION}")


def _key() -> str:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer":
        return given
    try:
        return base64.b64decode(given).decode().partition(":")[0] if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""
