"""How many locations a plan holds: counted, asked before one more opens, frozen where a plan holds fewer."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Set

from sqlalchemy import case, func, select, update

from saas.billing import entitlements
from saas.billing.choices import Holding, Kept, hold
from saas.db import db
from saas.merchants.registry import Record
from tenants.locations.models import Location


@entitlements.counts("locations")
def opened(merchant: Record, now: dt.datetime) -> int:
    """Locations that receive members, frozen ones too."""
    query = select(func.count()).select_from(Location).where(Location.is_active)
    return db.session.execute(query).scalar_one()


def require_one_more(merchant: Record) -> None:
    """Raises OverLimit where the plan holds no further location; of two that are added at once one waits."""
    held = select(Location.id).where(Location.is_active).order_by(Location.id)
    db.session.execute(held.with_for_update(key_share=True))
    entitlements.require(merchant, "locations")


def listed(merchant: Record) -> list[Kept]:
    """The locations that receive members, the oldest first."""
    query = select(Location.id, Location.name, Location.frozen_at).where(Location.is_active)
    rows = db.session.execute(query.order_by(Location.created_at, Location.id))
    return [Kept(row.id, row.name, row.frozen_at is not None) for row in rows]


def freeze(merchant: Record, ids: Set[uuid.UUID], now: dt.datetime) -> None:
    """The counter no longer offers these; all others it does."""
    is_left_out = Location.id.in_(ids)
    changes = case((is_left_out, func.coalesce(Location.frozen_at, now)), else_=None)
    wrong = (is_left_out & Location.frozen_at.is_(None)) | (~is_left_out & Location.frozen_at.is_not(None))
    db.session.execute(update(Location).where(wrong).values(frozen_at=changes))


hold(Holding("locations", listed, freeze))
