"""Endpoints, the events told to them, their deliveries, and each attempt with its answer."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id


class Endpoint(TenantBase):
    """An address of the merchant's own that is told of chosen events; events from `position` on are read for it.

    The secret is derived from `secret_salt` and the service's key (signing.py); `previous_salt` signs as well until
    `previous_until`. `failing_since` is the first failure after the last success.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint("disabled_reason IN ('owner', 'gone', 'failing')", name="disabled_reason"),
        CheckConstraint("is_enabled = (disabled_reason IS NULL)", name="is_enabled"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    url: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(String(120))
    event_types: Mapped[list[str]]
    secret_salt: Mapped[bytes]
    previous_salt: Mapped[bytes | None]
    previous_until: Mapped[dt.datetime | None]
    position: Mapped[dt.datetime]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    disabled_reason: Mapped[str | None] = mapped_column(String(10))
    disabled_at: Mapped[dt.datetime | None]
    failing_since: Mapped[dt.datetime | None]
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]


class WebhookEvent(TenantBase):
    """Something that happened, as it is told: `body` is sent byte by byte as it stands here.

    `source_id` is the row that tells of it, or is derived from it where a row tells more than once.
    """

    __tablename__ = "webhook_event"
    __table_args__ = (Index("webhook_event_created_at_ix", "created_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[uuid.UUID]
    body: Mapped[str] = mapped_column(Text)
    occurred_at: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime]


class Delivery(TenantBase):
    """An event on its way to an endpoint: pending, then delivered, or failed after the last attempt."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status"),
        UniqueConstraint("event_id", "endpoint_id"),
        Index("webhook_delivery_endpoint_id_id_ix", "endpoint_id", "id"),
        Index(
            "webhook_delivery_due_ix",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=sql_text("status = 'pending'"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    endpoint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Endpoint.id))
    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(WebhookEvent.id))
    status: Mapped[str] = mapped_column(String(10), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]


class Attempt(TenantBase):
    """One request: `outcome` is one of sending.OUTCOMES, `answer` the beginning of what came back."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (UniqueConstraint("delivery_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    delivery_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Delivery.id))
    number: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(12))
    status_code: Mapped[int | None]
    answer: Mapped[str] = mapped_column(Text)
    duration_ms: Mapped[int]
    attempted_at: Mapped[dt.datetime]
