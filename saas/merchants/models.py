"""The merchant as the platform knows it."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, FetchedValue, String, false, func
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import PlatformBase, new_id


class Merchant(PlatformBase):
    """One shop (or chain) that uses Regulars; `schema_name` is also the name of its database role."""

    __tablename__ = "merchant"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'suspended', 'closed')", name="status"),
        CheckConstraint("member_contact IN ('none', 'email', 'phone', 'any')", name="member_contact"),
        CheckConstraint("brand_colour ~ '^#[0-9a-f]{6}$'", name="brand_colour"),
        CheckConstraint("slug ~ '^[a-z0-9]([a-z0-9-]{1,38}[a-z0-9])$'", name="slug"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    schema_name: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    category: Mapped[str] = mapped_column(String(40))
    country: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(5))
    languages: Mapped[list[str]]
    status: Mapped[str] = mapped_column(String(12), default="active")
    brand_colour: Mapped[str] = mapped_column(String(7), default="#0f766e")
    logo_version: Mapped[str | None] = mapped_column(String(16))
    member_contact: Mapped[str] = mapped_column(String(8), default="any")
    is_contact_required: Mapped[bool] = mapped_column(default=False)
    is_birthday_asked: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_counter_code_on: Mapped[bool] = mapped_column(default=True)
    is_member_code_on: Mapped[bool] = mapped_column(default=True)
    poster_printed_at: Mapped[dt.datetime | None]
    # Plan, state and its day are kept by billing.
    plan: Mapped[str] = mapped_column(String(10), default="free", server_default="free")
    billing_state: Mapped[str] = mapped_column(String(12), default="free", server_default="free")
    billing_until: Mapped[dt.datetime | None]  # the day that billing_state is about
    over_limit_since: Mapped[dt.datetime | None]  # more active members than the plan holds
    suspended_reason: Mapped[str | None] = mapped_column(String(300))  # told to its owner
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime] = mapped_column(  # a trigger keeps it true
        server_default=func.now(), server_onupdate=FetchedValue(), index=True
    )
