"""Purchases with their lines, refunds, and the runs that read purchases from files."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id
from tenants.members.models import Member


class Purchase(TenantBase):
    """A visit with what was charged, in minor units of `currency`; never changed, refunds are rows of their own.

    `amount_minor` is the total after discounts, `due_minor` what was left to pay in money. `result` is the engine's
    answer, kept for refunds; a purchase read from a file has none, nor lines.
    """

    __tablename__ = "purchase"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        CheckConstraint("quantity >= 1", name="quantity"),
        Index("purchase_member_id_occurred_at_ix", "member_id", "occurred_at"),
        Index("purchase_occurred_at_ix", "occurred_at"),
        Index(
            "purchase_receipt_number_uq",
            "receipt_number",
            unique=True,
            postgresql_where=text("receipt_number IS NOT NULL AND import_id IS NULL"),
        ),
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
    request_digest: Mapped[bytes | None]
    discount_minor: Mapped[int | None] = mapped_column(BigInteger)
    due_minor: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    actor_kind: Mapped[str | None] = mapped_column(String(8))
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str | None] = mapped_column(String(120))
    occurred_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]


class PurchaseLine(TenantBase):
    """One line as it was charged; `discount_minor` is the till's own discount, `net_minor` what is left after all."""

    __tablename__ = "purchase_line"
    __table_args__ = (
        UniqueConstraint("purchase_id", "key"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("net_minor >= 0", name="net_minor"),
        Index("purchase_line_sku_ix", "sku"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    purchase_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Purchase.id))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(500))
    product_id: Mapped[uuid.UUID | None]
    sku: Mapped[str] = mapped_column(String(500), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    categories: Mapped[list[str]]
    tags: Mapped[list[str]]
    quantity: Mapped[Decimal] = mapped_column(Numeric(24, 6))
    unit_price_minor: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    is_delivery: Mapped[bool] = mapped_column(default=False)


class Refund(TenantBase):
    """What was returned of a purchase at once. `number` counts a purchase's refunds: two at once can't be the same."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("purchase_id", "number"),
        CheckConstraint("amount_minor >= 0", name="amount_minor"),
        CheckConstraint("money_minor >= 0", name="money_minor"),
        Index("refund_occurred_at_ix", "occurred_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    purchase_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Purchase.id))
    number: Mapped[int]
    request_key: Mapped[str] = mapped_column(String(64), unique=True)
    request_digest: Mapped[bytes]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    money_minor: Mapped[int] = mapped_column(BigInteger)
    is_everything: Mapped[bool]
    result: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(300), default="")
    actor_kind: Mapped[str] = mapped_column(String(8))
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str | None] = mapped_column(String(120))
    location_id: Mapped[uuid.UUID | None]
    occurred_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]


class RefundLine(TenantBase):
    """So much of a line that was returned; the key of a purchase without lines is empty."""

    __tablename__ = "refund_line"
    __table_args__ = (
        UniqueConstraint("refund_id", "key"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    refund_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Refund.id))
    key: Mapped[str] = mapped_column(String(500))
    quantity: Mapped[Decimal] = mapped_column(Numeric(24, 6))
    amount_minor: Mapped[int] = mapped_column(BigInteger)


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
