"""Doing a change once: the answer is kept under the Idempotency-Key, in the transaction of the change."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Malformed
from saas.web.refusals import Conflict
from tenants.api.models import IdempotencyKey

HEADER = "Idempotency-Key"
KEPT = dt.timedelta(hours=24)
LONGEST = 255


class IdempotencyKeyReused(Conflict):
    """The key came before with another body, or at another address."""


class IdempotencyKeyNotWellFormed(Malformed):
    """The key is empty, longer than 255 characters, or has other than printable ASCII characters."""


def request_key() -> str:
    """The ledger's key for this request, which stays for good; without an Idempotency-Key each request is a new one."""
    key = request.headers.get(HEADER)
    if key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{request.method} {request.path}\n{key}".encode()).hexdigest()


def once(content: str, run: Callable[[], Response]) -> Response:
    """Run and keep the answer, or give the one that was kept; `content` is the body in its plainest form.

    Of two requests at once the second waits until the first has committed. What is refused (a status of 400 or more)
    is rolled back together with its key, so that it may be tried again.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return run()
    if not 1 <= len(key) <= LONGEST or not all(32 <= ord(character) < 127 for character in key):
        raise IdempotencyKeyNotWellFormed(
            _("An Idempotency-Key has 1 to %(count)s printable ASCII characters.", count=LONGEST)
        )
    asked = f"{request.method} {request.path}"[:300]
    digest = hashlib.sha256(f"{asked}\n{content}".encode()).digest()
    key_id = uuid.UUID(bytes=hashlib.sha256(key.encode()).digest()[:16])
    values = {"id": key_id, "key": key, "request": asked, "digest": digest, "created_at": utcnow()}
    statement = insert(IdempotencyKey).values(**values, status=0, answer="").on_conflict_do_nothing()
    if db.session.scalar(statement.returning(IdempotencyKey.id)) is None:
        return _kept(key_id, digest)
    response = run()
    db.session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == key_id)
        .values(status=response.status_code, answer=response.get_data(as_text=True))
    )
    return response


def _kept(key_id: uuid.UUID, digest: bytes) -> Response:
    before = db.session.get_one(IdempotencyKey, key_id)
    if before.digest != digest:
        raise IdempotencyKeyReused(_("This Idempotency-Key was used before for another request."))
    headers = {"Idempotent-Replayed": "true"}
    return Response(before.answer, before.status, headers, content_type="application/json")


def forget_old(now: dt.datetime) -> None:
    """Delete answers that were kept long enough; the ledger's own keys stay."""
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
