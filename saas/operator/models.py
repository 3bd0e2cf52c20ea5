"""Operators, where they are logged in, their recovery codes, their visits to merchants, and what they did."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import PlatformBase, new_id
from saas.merchants.models import Merchant

ACTIONS = (
    "added",
    "link_made",
    "removed",
    "enrolled",
    "logged_in",
    "recovery_used",
    "suspended",
    "restored",
    "trial_extended",
    "visit_began",
    "visit_ended",
    "job_retried",
    "event_processed",
)


class Operator(PlatformBase):
    """Somebody who runs the service. The second factor's secret is derived from the service's key and `totp_salt`.

    `totp_counter` is the time step of the last code that was taken, so that none is taken twice.
    """

    __tablename__ = "operator"
    __table_args__ = (Index("operator_email_lower_ix", func.lower(text("email")), unique=True),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    link_hash: Mapped[bytes | None] = mapped_column(
        unique=True
    )  # of the link that sets the password, used once
    link_expires_at: Mapped[dt.datetime | None]
    totp_salt: Mapped[str] = mapped_column(String(40))
    totp_counter: Mapped[int | None] = mapped_column(BigInteger)
    enrolled_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    last_login_at: Mapped[dt.datetime | None]
    removed_at: Mapped[dt.datetime | None]


class RecoveryCode(PlatformBase):
    """A code for the day the phone is lost; each works once."""

    __tablename__ = "operator_recovery_code"
    __table_args__ = (
        Index("operator_recovery_code_operator_id_code_hash_uq", "operator_id", "code_hash", unique=True),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Operator.id))
    code_hash: Mapped[bytes]
    used_at: Mapped[dt.datetime | None]


class OperatorSession(PlatformBase):
    """One browser of an operator; before the second factor is proven it opens only the page that asks for it."""

    __tablename__ = "operator_session"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Operator.id), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    is_verified: Mapped[bool] = mapped_column(default=False)
    ip_address: Mapped[str] = mapped_column(String(45), default="")
    created_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class OperatorVisit(PlatformBase):
    """An operator's look into one merchant's console, for a reason and for half an hour at most."""

    __tablename__ = "operator_visit"
    __table_args__ = (CheckConstraint("ends_at > began_at", name="ends_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Operator.id), index=True)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(OperatorSession.id), index=True)
    merchant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Merchant.id), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    began_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class OperatorAction(PlatformBase):
    """Something an operator did. Rows are added, never changed; each holds the hash of the one before.

    `number` counts without gaps; `hash` is of all other columns, so a row that was changed or taken away is named by
    `regulars check`.
    """

    __tablename__ = "operator_action"
    __table_args__ = (
        CheckConstraint(f"action IN ({', '.join(repr(action) for action in ACTIONS)})", name="action"),
        Index("operator_action_merchant_id_number_ix", "merchant_id", "number"),
    )

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    operator_id: Mapped[uuid.UUID | None]
    operator_name: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(20))
    merchant_id: Mapped[uuid.UUID | None]
    subject: Mapped[str] = mapped_column(String(300), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    at: Mapped[dt.datetime]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]
