"""Programs with versions, enrolments, the append-only entries, and rewards."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id
from tenants.members.models import Member


class Program(TenantBase):
    """A reward program. `draft` holds the terms being written (rules.Terms as a mapping); versions the published."""

    __tablename__ = "program"
    __table_args__ = (
        CheckConstraint("kind IN ('stamp_card')", name="kind"),
        CheckConstraint("status IN ('draft', 'published', 'paused', 'archived')", name="status"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20), default="stamp_card")
    name: Mapped[str] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(10), default="draft")
    draft: Mapped[dict[str, Any]]
    version_number: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class ProgramVersion(TenantBase):
    """The terms as they were published; never changed afterwards."""

    __tablename__ = "program_version"
    __table_args__ = (UniqueConstraint("program_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Program.id))
    number: Mapped[int]
    terms: Mapped[dict[str, Any]]
    published_at: Mapped[dt.datetime]
    published_by: Mapped[str] = mapped_column(String(120))


class Enrolment(TenantBase):
    """A member's card in a program. `balance` is the sum of its entries; `version_id` its terms under way."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("member_id", "program_id"),
        CheckConstraint("balance >= 0", name="balance"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Program.id), index=True)
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Member.id))
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(ProgramVersion.id))
    balance: Mapped[int] = mapped_column(default=0)
    last_earned_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]


class Reward(TenantBase):
    """What a full card became: issued, then fulfilled once, or cancelled when its last stamp was undone."""

    __tablename__ = "reward"
    __table_args__ = (
        CheckConstraint("status IN ('issued', 'fulfilled', 'cancelled', 'expired')", name="status"),
        Index("reward_enrolment_id_ix", "enrolment_id"),
        Index("reward_fulfilled_at_ix", "fulfilled_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Enrolment.id))
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(ProgramVersion.id))
    name: Mapped[str] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(10), default="issued")
    issued_at: Mapped[dt.datetime]
    fulfilled_at: Mapped[dt.datetime | None]
    fulfilled_by: Mapped[uuid.UUID | None]
    location_id: Mapped[uuid.UUID | None]


class Entry(TenantBase):
    """One signed line of the ledger. `request_key` makes a retry harmless; `reverses_id` names what it takes back.

    `cause` says by what: counter_code, member_code, purchase, card_full, undo. `actor_kind` says who: staff, member,
    system. `occurred_at` is when it happened in the shop, `recorded_at` when it was written.
    """

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint("kind IN ('earn', 'redeem', 'expire', 'adjust', 'reverse')", name="kind"),
        CheckConstraint("units <> 0", name="units"),
        CheckConstraint("actor_kind IN ('staff', 'member', 'system', 'api')", name="actor_kind"),
        Index("entry_enrolment_id_occurred_at_ix", "enrolment_id", "occurred_at"),
        Index("entry_occurred_at_ix", "occurred_at"),
        Index(
            "entry_request_key_uq",
            "request_key",
            unique=True,
            postgresql_where=text("request_key IS NOT NULL"),
        ),
        Index(
            "entry_reverses_id_uq",
            "reverses_id",
            unique=True,
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Enrolment.id))
    kind: Mapped[str] = mapped_column(String(8))
    units: Mapped[int]
    version_id: Mapped[uuid.UUID]
    cause: Mapped[str] = mapped_column(String(20))
    cause_id: Mapped[uuid.UUID | None]
    reward_id: Mapped[uuid.UUID | None]
    reverses_id: Mapped[uuid.UUID | None]
    actor_kind: Mapped[str] = mapped_column(String(8))
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str | None] = mapped_column(String(120))
    location_id: Mapped[uuid.UUID | None]
    request_key: Mapped[str | None] = mapped_column(String(64))
    request_digest: Mapped[bytes | None]
    occurred_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]
