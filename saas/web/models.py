"""What HTTP itself keeps: throttle counters and, outside production, the mail that was not sent."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import PlatformBase, new_id


class Throttle(PlatformBase):
    """How often something was tried in a fixed window of time."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    window_start: Mapped[dt.datetime]
    count: Mapped[int]


class KeptMail(PlatformBase):
    """A mail that stays in the mailbox page because no SMTP server is configured."""

    __tablename__ = "kept_mail"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    recipient: Mapped[str] = mapped_column(String(254), index=True)
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
