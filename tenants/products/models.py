"""Products, and the files that they are read from."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id

STARTABLE = ("uploaded", "failed")
FORSAKEN_AFTER = dt.timedelta(minutes=10)


class Product(TenantBase):
    """Something that is sold; its price is in minor units of the merchant's currency.

    `sku_key`, `sort_key` and `words` are made by rules.py of the other columns, so that letters compare alike on every
    server: what the SKU is known by, the list's order, and what the search finds.
    """

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price_minor"),
        CheckConstraint("source IN ('console', 'import', 'purchase', 'api')", name="source"),
        Index("product_is_active_sort_key_id_ix", "is_active", "sort_key", "id"),
        Index("product_category_sort_key_id_ix", "category", "sort_key", "id"),
        Index("product_words_ix", "words", postgresql_using="gin"),
        Index("product_tags_ix", "tags", postgresql_using="gin", postgresql_ops={"tags": "jsonb_path_ops"}),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    sku: Mapped[str] = mapped_column(String(80))
    sku_key: Mapped[str] = mapped_column(String(240), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    sort_key: Mapped[str] = mapped_column(String(200))
    words: Mapped[str] = mapped_column(TSVECTOR)
    category: Mapped[str] = mapped_column(String(80), default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    is_excluded_from_earning: Mapped[bool] = mapped_column(default=False)
    is_excluded_from_redeeming: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str] = mapped_column(String(10), default="console")
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class ProductImport(TenantBase):
    """One reading of one file: uploaded, then previewed, then running, then done (or failed)."""

    __tablename__ = "product_import"
    __table_args__ = (CheckConstraint("status IN ('uploaded', 'running', 'done', 'failed')", name="status"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    filename: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(10), default="uploaded")
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_refused: Mapped[int] = mapped_column(default=0)
    products_added: Mapped[int] = mapped_column(default=0)
    products_changed: Mapped[int] = mapped_column(default=0)
    products_same: Mapped[int] = mapped_column(default=0)
    refusals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    begun_at: Mapped[dt.datetime | None]
    touched_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]

    def is_startable(self, now: dt.datetime) -> bool:
        """Not yet started, failed, or running without a sign of life: its job was lost."""
        return self.status in STARTABLE or (
            self.status == "running" and self.touched_at < now - FORSAKEN_AFTER
        )
