"""Answers that were given under an idempotency key."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase


class IdempotencyKey(TenantBase):
    """A key with what was asked under it and the answer; `id` is made of the key, so that it is there once.

    Written in the transaction of the change: of two requests at once the second waits for the first.
    """

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("idempotency_key_created_at_ix", "created_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255))
    request: Mapped[str] = mapped_column(String(300))
    digest: Mapped[bytes]
    status: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
