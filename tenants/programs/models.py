"""Programs with versions, enrolments, the append-only entries, and rewards."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id
from tenants.members.models import Member


class Program(TenantBase):
    """A reward program. `draft` holds the terms being written (a mapping, see terms.py); versions the published. One
    that the plan does not hold is frozen: cards go on, nobody new takes part."""

    __tablename__ = "program"
    __table_args__ = (
        CheckConstraint("kind IN ('stamp_card', 'points', 'cashback', 'tiers', 'bonus')", name="kind"),
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
    frozen_at: Mapped[dt.datetime | None]


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
    """A member's part in a program. `balance` is the sum of its entries, negative where more was taken back than was
    there; `version_id` holds the terms of the card under way. A tier is held until `tier_kept_until`, then reviewed."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("member_id", "program_id"),
        Index(
            "enrolment_tier_kept_until_ix",
            "tier_kept_until",
            postgresql_where=text("tier_kept_until IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Program.id), index=True)
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Member.id))
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(ProgramVersion.id))
    balance: Mapped[int] = mapped_column(default=0)
    last_earned_at: Mapped[dt.datetime | None]
    tier: Mapped[str | None] = mapped_column(String(100))
    tier_kept_until: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]


class Reward(TenantBase):
    """What units became: issued, then fulfilled once, or cancelled or expired, which gives back what it cost.

    `key` is the engine's name where it has one; `terms` the reward as it was promised (None: as its version says);
    `cost_pieces` the pieces of lots that it cost; `stock_taken` what it holds of the merchandise.
    """

    __tablename__ = "reward"
    __table_args__ = (
        CheckConstraint("status IN ('issued', 'fulfilled', 'cancelled', 'expired')", name="status"),
        Index("reward_enrolment_id_ix", "enrolment_id"),
        Index("reward_fulfilled_at_ix", "fulfilled_at"),
        Index(
            "reward_expires_at_ix",
            "expires_at",
            postgresql_where=text("status = 'issued' AND expires_at IS NOT NULL"),
        ),
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
    key: Mapped[str | None] = mapped_column(String(120))
    terms: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    cost_pieces: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    expires_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    stock_taken: Mapped[int | None]


class Entry(TenantBase):
    """One signed line of the ledger. `request_key` makes a retry harmless; `reverses_id` names what it takes back.

    `cause` says by what: counter_code, member_code, purchase, card_full, undo, refund, reward, expiry, adjustment or an
    occasion. `actor_kind` says who: staff, member, system, api. `occurred_at` is when it happened in the shop,
    `recorded_at` when it was written. `why` holds the engine's reasons as mappings, `lot_key` the lot it is about,
    `pieces` what a correction took of each lot.
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
    why: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    lot_key: Mapped[str | None] = mapped_column(String(120))
    pieces: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    occurred_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]
