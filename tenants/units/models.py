"""Lots of units, qualifying units, uses of rules with a limit, and merchandise with stock."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id
from tenants.programs.models import Enrolment


class Lot(TenantBase):
    """Units earned together. `key` is the engine's name; `units_left` may still be spent. A lot that is empty stays,
    since units that come back go where they came from. `warned_at`: the member was told that it will expire."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "key"),
        CheckConstraint("units_left >= 0", name="units_left"),
        Index(
            "lot_expires_at_ix",
            "expires_at",
            postgresql_where=text("units_left > 0 AND expires_at IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Enrolment.id))
    key: Mapped[str] = mapped_column(String(120))
    units_left: Mapped[int]
    earned_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    available_at: Mapped[dt.datetime | None]
    warned_at: Mapped[dt.datetime | None]


class Qualification(TenantBase):
    """Units that count towards a tier, dated as the purchase was; what a refund takes back is a negative row."""

    __tablename__ = "qualification"
    __table_args__ = (
        CheckConstraint("units <> 0", name="units"),
        Index("qualification_enrolment_id_occurred_at_ix", "enrolment_id", "occurred_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Enrolment.id))
    units: Mapped[int]
    purchase_id: Mapped[uuid.UUID]
    refund_id: Mapped[uuid.UUID | None]
    occurred_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]


class RuleUse(TenantBase):
    """That a member used a rule or reward whose terms limit the uses: +1 by a purchase, -1 when it was returned."""

    __tablename__ = "rule_use"
    __table_args__ = (
        CheckConstraint("count <> 0", name="count"),
        Index("rule_use_enrolment_id_ix", "enrolment_id"),
        Index("rule_use_purchase_id_ix", "purchase_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Enrolment.id))
    key: Mapped[str] = mapped_column(String(500))
    count: Mapped[int]
    purchase_id: Mapped[uuid.UUID]
    recorded_at: Mapped[dt.datetime]


class Merchandise(TenantBase):
    """Something to hand out, by the `item` that rewards name. `stock` counts down; None is as many as are asked for."""

    __tablename__ = "merchandise"
    __table_args__ = (CheckConstraint("stock >= 0", name="stock"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    item: Mapped[str] = mapped_column(String(500), unique=True)
    stock: Mapped[int | None]
    changed_at: Mapped[dt.datetime]
