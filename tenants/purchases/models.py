"""Purchases, and the runs that read them from files."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id
from tenants.members.models import Member


class Purchase(TenantBase):
    """A visit with what was paid, in minor units of `currency`."""

    __tablename__ = "purchase"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        CheckConstraint("quantity >= 1", name="quantity"),
        Index("purchase_member_id_occurred_at_ix", "member_id", "occurred_at"),
        Index("purchase_occurred_at_ix", "occurred_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    member_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Member.id))
    location_id: Mapped[uuid.UUID | None]
    import_id: Mapped[uuid.UUID | None]
    receipt_number: Mapped[str | None] = mapped_column(String(80))
    quantity: Mapped[int] = mapped_column(default=1)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    request_key: Mapped[str] = mapped_column(String(64), unique=True)
    occurred_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]


class PurchaseImport(TenantBase):
    """One reading of one file: uploaded, then previewed, then running, then done (or failed, with what was
    not done).
    """

    __tablename__ = "purchase_import"
    __table_args__ = (
        CheckConstraint("status IN ('uploaded', 'running', 'done', 'failed', 'cancelled')", name="status"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    filename: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(10), default="uploaded")
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    members_added: Mapped[int] = mapped_column(default=0)
    purchases_added: Mapped[int] = mapped_column(default=0)
    purchases_known: Mapped[int] = mapped_column(default=0)
    stamps_added: Mapped[int] = mapped_column(default=0)
    rows_refused: Mapped[int] = mapped_column(default=0)
    refusals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str | None] = mapped_column(String(300))
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
