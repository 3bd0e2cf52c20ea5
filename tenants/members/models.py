"""Members, the browsers they are signed in with, and links to recover a card."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id


class Member(TenantBase):
    """A person with a card. `number` is 8 characters, the last one a check digit (see rules.py)."""

    __tablename__ = "member"
    __table_args__ = (
        Index("member_email_lower_ix", func.lower(text("email"))),
        Index("member_last_seen_at_ix", "last_seen_at"),
        Index("member_joined_at_ix", "joined_at"),
        Index(
            "member_name_lower_ix",
            func.lower(text("first_name")),
            postgresql_ops={"lower": "text_pattern_ops"},
        ),
        CheckConstraint("source IN ('card', 'counter', 'console', 'import', 'api')", name="source"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(8), unique=True)
    first_name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(20), index=True)
    language: Mapped[str] = mapped_column(String(5))
    birthday: Mapped[dt.date | None]
    source: Mapped[str] = mapped_column(String(10), default="card")
    external_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    consent_text: Mapped[str | None] = mapped_column(String(500))
    consent_at: Mapped[dt.datetime | None]
    joined_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime | None]


class MemberSession(TenantBase):
    """A browser that holds a member's card."""

    __tablename__ = "member_session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Member.id), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[dt.datetime]


class RecoveryLink(TenantBase):
    """A mailed one-use link that gives a browser its card back; opening it changes nothing, the button does."""

    __tablename__ = "recovery_link"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Member.id), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
