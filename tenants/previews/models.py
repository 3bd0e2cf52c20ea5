"""Previews and what they found for each member."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id
from tenants.members.models import Member
from tenants.programs.models import Program


class ProgramPreview(TenantBase):
    """One replay: `terms` are the draft as it was, `version_id` what was in force; `totals` adds up what was found."""

    __tablename__ = "program_preview"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'done', 'failed')", name="status"),
        Index("program_preview_program_id_ix", "program_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Program.id))
    status: Mapped[str] = mapped_column(String(10), default="running")
    terms: Mapped[dict[str, Any]]
    version_id: Mapped[uuid.UUID | None]
    purchases_total: Mapped[int] = mapped_column(default=0)
    purchases_done: Mapped[int] = mapped_column(default=0)
    after_member_id: Mapped[uuid.UUID | None]
    totals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[str] = mapped_column(String(120))
    begun_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]


class PreviewMember(TenantBase):
    """What a member would have by the version in force and by the draft; `gain` says by how much the draft is better,
    in what can be compared: money, rewards, tiers or units."""

    __tablename__ = "preview_member"
    __table_args__ = (
        UniqueConstraint("preview_id", "member_id"),
        Index("preview_member_preview_id_gain_ix", "preview_id", "gain"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    preview_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(ProgramPreview.id))
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Member.id))
    purchases: Mapped[int]
    before_units: Mapped[int] = mapped_column(BigInteger)
    after_units: Mapped[int] = mapped_column(BigInteger)
    before_rewards: Mapped[int]
    after_rewards: Mapped[int]
    gain: Mapped[int] = mapped_column(BigInteger)
