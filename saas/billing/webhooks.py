"""Where Stripe sends its events: verified on the raw body, stored, answered; a job does the rest."""

from __future__ import annotations

import json
import time
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from saas.billing import events
from saas.billing.signatures import is_signed
from saas.config import Billing
from saas.db import PLATFORM, transaction
from saas.web.access import public
from saas.web.clock import utcnow
from saas.web.security import csrf

bp = Blueprint("billing_webhooks", __name__, url_prefix="/webhooks")
csrf.exempt(bp)
MOST_BYTES = 512 * 1024


@bp.post("/stripe")
@public(on="nothing")
def receive() -> Response:
    """Answers 200 for whatever is stored or was before; Stripe sends anything else again for three days."""
    billing: Billing = current_app.extensions["regulars"].settings.billing
    if not billing.webhook_secrets:
        return _answer(503, "no STRIPE_WEBHOOK_SECRET is set here")
    body = _body()
    if body is None:
        return _answer(413, "too large")
    if not is_signed(request.headers.get("Stripe-Signature", ""), body, billing.webhook_secrets, time.time()):
        return _answer(400, "the signature is missing, wrong or too old")
    event = _event(body)
    if event is None:
        return _answer(400, "no event")
    if bool(event.get("livemode")) != billing.is_live:
        return _answer(400, "an event of the other mode: live and test are mixed up")
    with transaction(PLATFORM):
        is_new = events.store(event, utcnow())
    return _answer(200, "stored" if is_new else "known")


def _body() -> bytes | None:
    """The raw body, None where it is too large: it may come in chunks, and not say how long it is."""
    request.max_content_length = MOST_BYTES + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= MOST_BYTES else None


def _event(body: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(body)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("object") != "event":
        return None
    is_whole = isinstance(event.get("id"), str) and isinstance(event.get("type"), str)
    data = event.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    return event if is_whole and isinstance(thing, dict) and isinstance(event.get("created"), int) else None


def _answer(status: int, words: str) -> Response:
    return Response(f"{words}\n", status, mimetype="text/plain")
