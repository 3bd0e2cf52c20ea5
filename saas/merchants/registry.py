"""The registry as values: a merchant by its slug, from a copy that is at most a few seconds old.

A process keeps the merchants that it has seen and asks every few seconds which of them changed: one small question,
however many there are.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from dataclasses import dataclass

from sqlalchemy import func, select

from saas.db import PLATFORM, Binding, db, transaction
from saas.db.provisioning import tenant_binding
from saas.merchants.models import Merchant

FRESH_SECONDS = 5.0
OVERLAP = dt.timedelta(minutes=2)  # a change is seen when its transaction ends; none takes longer
MOST_KEPT = 10_000
_lock = threading.Lock()
_known: dict[str, Record] = {}
_looked_at: list[float] = [-FRESH_SECONDS]


@dataclass(frozen=True)
class Record:
    """A merchant as read from the registry; belongs to no session."""

    id: uuid.UUID
    slug: str
    schema_name: str
    name: str
    category: str
    country: str
    currency: str
    time_zone: str
    language: str
    languages: tuple[str, ...]
    status: str
    brand_colour: str
    logo_version: str | None
    member_contact: str
    is_contact_required: bool
    is_birthday_asked: bool
    is_counter_code_on: bool
    is_member_code_on: bool
    plan: str
    billing_state: str
    billing_until: dt.datetime | None
    over_limit_since: dt.datetime | None
    suspended_reason: str | None
    changed_at: dt.datetime

    @property
    def is_open(self) -> bool:
        """Whether its public pages answer; a suspended merchant's are gone."""
        return self.status == "active"

    @property
    def binding(self) -> Binding:
        return placement(self)


def placement(merchant: Record) -> Binding:
    """Where a merchant lives; today one database, whose schema is named by the registry."""
    return tenant_binding(merchant.schema_name)


def record(merchant: Merchant) -> Record:
    values = {name: getattr(merchant, name) for name in Record.__dataclass_fields__}
    return Record(**{**values, "languages": tuple(merchant.languages)})


def find(slug: str) -> Record | None:
    """The merchant of a slug, or None; opens a transaction of its own where this process's copies may be old."""
    _drop_changed()
    found = _known.get(slug)
    if found is not None:
        return found
    with transaction(PLATFORM):
        merchant = db.session.scalar(select(Merchant).where(Merchant.slug == slug))
        answer = record(merchant) if merchant else None
    if answer is None:
        return None
    with _lock:
        if len(_known) >= MOST_KEPT:
            _known.clear()
        _known[slug] = answer
    return answer


def _drop_changed() -> None:
    """Drop the copies of merchants that changed since this process last looked, if that is a while ago."""
    now = time.monotonic()
    if now - _looked_at[0] < FRESH_SECONDS:
        return
    if not _known:
        _looked_at[0] = now
        return
    age = dt.timedelta(seconds=now - _looked_at[0]) + OVERLAP
    with transaction(PLATFORM):
        rows = db.session.execute(
            select(Merchant.id, Merchant.changed_at).where(Merchant.changed_at > func.now() - age)
        ).all()
    changes = {row.id: row.changed_at for row in rows}
    with _lock:
        for slug, kept in list(_known.items()):
            if changes.get(kept.id, kept.changed_at) != kept.changed_at:
                del _known[slug]
        _looked_at[0] = now


def forget(slug: str) -> None:
    """Drop this process's copy after a change; other processes follow within FRESH_SECONDS."""
    with _lock:
        _known.pop(slug, None)


def forget_all() -> None:
    with _lock:
        _known.clear()


def every_open() -> list[Record]:
    """All active merchants, oldest first; needs the platform's transaction."""
    rows = db.session.scalars(
        select(Merchant).where(Merchant.status == "active").order_by(Merchant.created_at)
    )
    return [record(merchant) for merchant in rows]
