"""Making and revoking keys, and finding whose a key is; all need the platform's transaction but `find`."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, or_, select, update

from saas.api_keys.models import ApiKey
from saas.api_keys.scopes import SCOPES
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.merchants.registry import Record, record
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.tokens import new_token, token_hash

PREFIX = "rgl_"
MOST_KEYS = 50
TOUCH_AFTER = dt.timedelta(minutes=1)


class TooManyKeys(Refusal):
    """The merchant has MOST_KEYS keys that work."""


@dataclass(frozen=True)
class Key:
    """A key that works, as the request that shows it knows it; belongs to no session."""

    id: uuid.UUID
    name: str
    scopes: frozenset[str]
    merchant: Record


@dataclass(frozen=True)
class Maker:
    """Who makes or revokes a key."""

    user_id: uuid.UUID
    name: str


def create(
    merchant_id: uuid.UUID, name: str, scopes: Sequence[str], maker: Maker, now: dt.datetime
) -> tuple[ApiKey, str]:
    """A new key and its token, which is known only now. Locks the merchant's row; raises TooManyKeys."""
    db.session.execute(select(Merchant.id).where(Merchant.id == merchant_id).with_for_update(key_share=True))
    count = db.session.scalar(
        select(func.count()).where(ApiKey.merchant_id == merchant_id, ApiKey.revoked_at.is_(None))
    )
    if (count or 0) >= MOST_KEYS:
        raise TooManyKeys(_("There are %(count)s keys already. Revoke one first.", count=MOST_KEYS))
    token = PREFIX + new_token()
    key = ApiKey(
        merchant_id=merchant_id,
        name=name,
        scopes=[scope for scope in SCOPES if scope in scopes],
        token_hash=token_hash(token),
        last_four=token[-4:],
        created_by=maker.user_id,
        created_by_name=maker.name[:120],
        created_at=now,
    )
    db.session.add(key)
    db.session.flush()
    return key, token


def revoke(key: ApiKey, maker: Maker, now: dt.datetime) -> None:
    """End a key at once; a second time changes nothing."""
    db.session.execute(
        update(ApiKey)
        .where(ApiKey.id == key.id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by_name=maker.name[:120])
    )


def find(token: str) -> Key | None:
    """The key of a token where it works and its merchant is open, else None; in a transaction of its own.

    Its last use is written at most once a minute.
    """
    if not token.startswith(PREFIX) or len(token) > 100:
        return None
    now = utcnow()
    with transaction(PLATFORM):
        row = db.session.execute(
            select(ApiKey, Merchant)
            .join(Merchant, Merchant.id == ApiKey.merchant_id)
            .where(
                ApiKey.token_hash == token_hash(token),
                ApiKey.revoked_at.is_(None),
                Merchant.status == "active",
            )
        ).first()
        if row is None:
            return None
        key, merchant = row
        if key.last_used_at is None or now - key.last_used_at >= TOUCH_AFTER:
            is_old = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - TOUCH_AFTER)
            db.session.execute(update(ApiKey).where(ApiKey.id == key.id, is_old).values(last_used_at=now))
        return Key(key.id, key.name, frozenset(key.scopes), record(merchant))
