"""The registry as values: a merchant by its slug, from a copy that is at most a few seconds old."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from saas.db import PLATFORM, Binding, db, transaction
from saas.db.provisioning import tenant_binding
from saas.merchants.models import Merchant

FRESH_SECONDS = 5.0
_lock = threading.Lock()
_known: dict[str, tuple[float, Record]] = {}


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
    is_counter_code_on: bool
    is_member_code_on: bool

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
    """The merchant of a slug, or None; opens a transaction of its own when the copy is old."""
    now = time.monotonic()
    found = _known.get(slug)
    if found and now - found[0] < FRESH_SECONDS:
        return found[1]
    with transaction(PLATFORM):
        merchant = db.session.scalar(select(Merchant).where(Merchant.slug == slug))
        answer = record(merchant) if merchant else None
    if answer is None:
        return None
    with _lock:
        if len(_known) > 10_000:
            _known.clear()
        _known[slug] = (now, answer)
    return answer


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
