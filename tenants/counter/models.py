"""One-use codes: the counter's changing code for a stamp, and the member's changing code for a reward."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import TenantBase, new_id


class OneTimeCode(TenantBase):
    """A code that works once, for one person, for under a minute.

    `digits` is what a person types, `token` what a QR code carries. `stamp` codes are shown by the counter
    and burnt by a member; `reward` codes are shown by a member and burnt by the counter.
    """

    __tablename__ = "one_time_code"
    __table_args__ = (
        CheckConstraint("kind IN ('stamp', 'reward')", name="kind"),
        Index("one_time_code_kind_digits_ix", "kind", "digits"),
        Index("one_time_code_expires_at_ix", "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(6))
    digits: Mapped[str] = mapped_column(String(8))
    token: Mapped[str] = mapped_column(String(32), unique=True)
    units: Mapped[int] = mapped_column(default=1)
    program_id: Mapped[uuid.UUID | None]
    reward_id: Mapped[uuid.UUID | None]
    location_id: Mapped[uuid.UUID | None]
    staff_id: Mapped[uuid.UUID | None]
    staff_name: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    used_by: Mapped[uuid.UUID | None]
