"""Members, what they are tagged and sorted by, the browsers they are signed in with, and links to recover a card."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, validates

from saas.db import TenantBase, new_id
from tenants.members.rules import sort_name, words_of

NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _made(make: Callable[[str], str]) -> Callable[[Any], str]:
    """A column's value made of the name, for statements that insert rows without the mapped class."""
    return lambda context: make(
        str(context.get_current_parameters(isolate_multiinsert_groups=True).get("first_name") or "")
    )


class Member(TenantBase):
    """A person with a card. `number` is 8 characters, the last one a check digit (see rules.py).

    `words` and `sort_name` are made of the name by rules.py, so that a search without accents finds it, and the list's
    order is the same on every server. A birthday in the year 1904 is one whose year isn't known; `birthday_at` is when
    it was said last.
    """

    __tablename__ = "member"
    __table_args__ = (
        Index("member_email_lower_ix", func.lower(text("email"))),
        Index("member_last_seen_at_ix", "last_seen_at"),
        Index(
            "member_seen_id_ix", text("coalesce(last_seen_at, '1970-01-01 00:00:00+00'::timestamptz)"), "id"
        ),
        Index("member_joined_at_id_ix", "joined_at", "id"),
        Index("member_sort_name_id_ix", "sort_name", "id"),
        Index("member_words_ix", "words", postgresql_using="gin"),
        Index(
            "member_tags_ix",
            "tags",
            postgresql_using="gin",
            postgresql_ops={"tags": "jsonb_path_ops"},
            postgresql_where=text("tags <> '[]'"),
        ),
        Index(
            "member_phone_end_ix", func.reverse(text("phone")), postgresql_ops={"reverse": "text_pattern_ops"}
        ),
        CheckConstraint("source IN ('card', 'counter', 'console', 'import', 'api')", name="source"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(8), unique=True)
    first_name: Mapped[str] = mapped_column(String(120))
    sort_name: Mapped[str] = mapped_column(String(120), default=_made(sort_name), server_default="")
    words: Mapped[str] = mapped_column(TSVECTOR, default=_made(words_of), server_default="")
    tags: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(20), index=True)
    language: Mapped[str] = mapped_column(String(5))
    birthday: Mapped[dt.date | None]
    birthday_at: Mapped[dt.datetime | None]
    source: Mapped[str] = mapped_column(String(10), default="card")
    external_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    consent_text: Mapped[str | None] = mapped_column(String(500))
    consent_at: Mapped[dt.datetime | None]
    joined_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime | None]

    @validates("first_name")
    def _spell(self, _key: str, name: str) -> str:
        self.sort_name, self.words = sort_name(name), words_of(name)
        return name


class MemberTag(TenantBase):
    """A word that members of this shop are tagged with, so that editors offer it."""

    __tablename__ = "member_tag"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[dt.datetime]


class Segment(TenantBase):
    """A filter of members that is kept. `terms` are those of segments.rules.Terms; programs and coupons ask for it by
    its name, which stays as it is."""

    __tablename__ = "segment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(200), unique=True)
    terms: Mapped[dict[str, Any]]
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime]


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
