"""Locations with their opening hours, and re-encoded images."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id


class Location(TenantBase):
    """A shop, or a stall. `opening_hours`: "0" (Monday) to "6", [["08:00", "17:30"], …]; {}: always open."""

    __tablename__ = "location"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(300), default="")
    opening_hours: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime]
    frozen_at: Mapped[dt.datetime | None]  # not offered at the counter until the plan holds it


class Image(TenantBase):
    """A picture that was decoded and encoded again by us, so that it holds nothing but pixels."""

    __tablename__ = "image"
    __table_args__ = (CheckConstraint("purpose IN ('logo')", name="purpose"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    purpose: Mapped[str] = mapped_column(String(10))
    version: Mapped[str] = mapped_column(String(16))
    content: Mapped[bytes]
    created_at: Mapped[dt.datetime]
