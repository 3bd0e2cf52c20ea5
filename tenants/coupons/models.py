"""Coupons, their versions, issued codes, the batches that issued them, and the uses with their counters."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id
from tenants.members.models import Member


class Coupon(TenantBase):
    """An offer. `draft` is what is being written; the columns from `trigger` on are as they were published last, the
    limits 0 where there is none. `code_key` is the public code as it is compared. `time_zone` is the shop's, by which
    days and months of limits turn over."""

    __tablename__ = "coupon"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'published', 'paused', 'archived')", name="status"),
        CheckConstraint("trigger IN ('automatic', 'code', 'personal')", name="trigger"),
        CheckConstraint("period IN ('day', 'week', 'month', 'year')", name="period"),
        CheckConstraint("holdout_percent BETWEEN 0 AND 90", name="holdout_percent"),
        Index("coupon_status_trigger_ix", "status", "trigger"),
        Index("coupon_sort_key_id_ix", "sort_key", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(120))
    sort_key: Mapped[str] = mapped_column(String(240))
    status: Mapped[str] = mapped_column(String(10), default="draft")
    draft: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version_number: Mapped[int] = mapped_column(default=0)
    trigger: Mapped[str] = mapped_column(String(10), default="code")
    code_key: Mapped[str | None] = mapped_column(String(60), unique=True)
    max_uses: Mapped[int] = mapped_column(default=0)
    max_per_member: Mapped[int] = mapped_column(default=0)
    max_per_period: Mapped[int] = mapped_column(default=0)
    max_per_member_period: Mapped[int] = mapped_column(default=0)
    period: Mapped[str] = mapped_column(String(5), default="month")
    valid_days: Mapped[int] = mapped_column(default=0)
    holdout_percent: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class CouponVersion(TenantBase):
    """Terms as they were put in force; append-only."""

    __tablename__ = "coupon_version"
    __table_args__ = (UniqueConstraint("coupon_id", "number", name="coupon_version_coupon_id_number_uq"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    coupon_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Coupon.id))
    number: Mapped[int]
    terms: Mapped[dict[str, Any]]
    published_at: Mapped[dt.datetime]
    published_by: Mapped[str] = mapped_column(String(120))


class CouponBatch(TenantBase):
    """Many codes of one coupon issued by a job: made, read from a file, or given to members. `count` is how many there
    will be, `done` how many are; `cursor` is the last member that was dealt with, `held_back` of `to_hold_back` were
    drawn so far."""

    __tablename__ = "coupon_batch"
    __table_args__ = (
        CheckConstraint("status IN ('uploaded', 'running', 'done', 'failed', 'void')", name="status"),
        CheckConstraint("kind IN ('made', 'imported', 'given')", name="kind"),
        Index("coupon_batch_coupon_id_ix", "coupon_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    coupon_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Coupon.id))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120), default="")
    status: Mapped[str] = mapped_column(String(10), default="running")
    choice: Mapped[dict[str, Any]] = mapped_column(default=dict)
    count: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    to_hold_back: Mapped[int] = mapped_column(default=0)
    held_back: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[uuid.UUID | None]
    requested_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]


class CouponCode(TenantBase):
    """One issued code, for whoever shows it or for one member. What is held back (`is_holdout`) is never shown and
    never valid: it only says who was left out. `granted_by` is the purchase that it was given for, `granted_source`
    what of that purchase gave it."""

    __tablename__ = "coupon_code"
    __table_args__ = (
        CheckConstraint("state IN ('issued', 'used', 'void')", name="state"),
        Index("coupon_code_coupon_id_id_ix", "coupon_id", "id"),
        Index("coupon_code_coupon_id_state_id_ix", "coupon_id", "state", "id"),
        Index("coupon_code_batch_id_id_ix", "batch_id", "id", postgresql_where=text("batch_id IS NOT NULL")),
        Index("coupon_code_member_id_ix", "member_id", postgresql_where=text("member_id IS NOT NULL")),
        Index("coupon_code_granted_by_ix", "granted_by", postgresql_where=text("granted_by IS NOT NULL")),
        Index("coupon_code_code_ix", "code", postgresql_ops={"code": "text_pattern_ops"}, unique=True),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    coupon_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Coupon.id))
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(CouponVersion.id))
    code: Mapped[str] = mapped_column(String(60))
    member_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Member.id))
    state: Mapped[str] = mapped_column(String(6), default="issued")
    is_holdout: Mapped[bool] = mapped_column(default=False)
    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(CouponBatch.id))
    granted_by: Mapped[uuid.UUID | None]
    granted_source: Mapped[str | None] = mapped_column(String(80))
    issued_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    used_at: Mapped[dt.datetime | None]


class CouponUse(TenantBase):
    """One use; nothing of it changes but `given_back_at`."""

    __tablename__ = "coupon_use"
    __table_args__ = (
        Index("coupon_use_coupon_id_used_at_ix", "coupon_id", "used_at"),
        Index("coupon_use_purchase_id_ix", "purchase_id"),
        Index("coupon_use_member_id_ix", "member_id", postgresql_where=text("member_id IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    coupon_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Coupon.id))
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(CouponVersion.id))
    code_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(CouponCode.id))
    member_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Member.id))
    purchase_id: Mapped[uuid.UUID]
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[dt.datetime]
    given_back_at: Mapped[dt.datetime | None]


class CouponCounter(TenantBase):
    """How many uses stand under one key (see rules.py); there is a row only for what is limited."""

    __tablename__ = "coupon_counter"
    __table_args__ = (CheckConstraint("used >= 0", name="used"),)

    coupon_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Coupon.id), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    used: Mapped[int] = mapped_column(default=0)
