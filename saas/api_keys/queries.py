"""Reading a merchant's keys; needs the platform's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import abort
from sqlalchemy import select

from saas.api_keys.models import ApiKey
from saas.db import db


def of_merchant(merchant_id: uuid.UUID) -> Sequence[ApiKey]:
    """The keys that work, newest first, then the last twenty that were revoked."""
    mine = select(ApiKey).where(ApiKey.merchant_id == merchant_id)
    working = mine.where(ApiKey.revoked_at.is_(None)).order_by(ApiKey.created_at.desc(), ApiKey.id)
    ended = mine.where(ApiKey.revoked_at.is_not(None)).order_by(ApiKey.revoked_at.desc(), ApiKey.id).limit(20)
    return [*db.session.scalars(working), *db.session.scalars(ended)]


def get(merchant_id: uuid.UUID, key_id: uuid.UUID) -> ApiKey:
    """A key of the merchant; a missing or foreign one is 404."""
    query = select(ApiKey).where(ApiKey.id == key_id, ApiKey.merchant_id == merchant_id)
    return db.session.scalar(query) or abort(404)
