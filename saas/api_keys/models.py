"""API keys as rows of the platform: whose, for what, made by whom, used when."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from saas.accounts.models import User
from saas.db import PlatformBase, new_id
from saas.merchants.models import Merchant


class ApiKey(PlatformBase):
    """One key; `scopes` are words of scopes.SCOPES. It is never deleted: entries of the ledger name it."""

    __tablename__ = "api_key"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    merchant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Merchant.id), index=True)
    name: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[list[str]]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    last_four: Mapped[str] = mapped_column(String(4))
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(User.id))
    created_by_name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]
    revoked_by_name: Mapped[str | None] = mapped_column(String(120))
    revoked_at: Mapped[dt.datetime | None]
