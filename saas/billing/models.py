"""What is kept of billing: copies of what Stripe knows, the events as they came, trials, and usage by day."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from saas.billing.standing import STATES
from saas.db import PlatformBase
from saas.merchants.models import Merchant

EVENT_STATES = ("waiting", "done", "ignored", "failed")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Subscription(PlatformBase):
    """One merchant's plan. `state` and `plan` are what standing() said when the row was last written.

    Everything named stripe_ is a copy made by sync; `paid_plan` is the plan of the subscription at Stripe, None
    where its price isn't one of ours.
    """

    __tablename__ = "subscription"
    __table_args__ = (CheckConstraint(_one_of("state", STATES), name="state"),)

    merchant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Merchant.id), primary_key=True)
    plan: Mapped[str] = mapped_column(String(10), default="free")
    state: Mapped[str] = mapped_column(String(12), default="free", index=True)
    paid_plan: Mapped[str | None] = mapped_column(String(10))
    interval: Mapped[str | None] = mapped_column(String(5))
    currency: Mapped[str | None] = mapped_column(String(3))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    stripe_customer_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    stripe_subscription_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    stripe_status: Mapped[str | None] = mapped_column(String(20))
    stripe_price_id: Mapped[str | None] = mapped_column(String(255))
    trial_ends_at: Mapped[dt.datetime | None]
    period_ends_at: Mapped[dt.datetime | None]
    cancel_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime | None]
    past_due_since: Mapped[dt.datetime | None]
    grace_ends_at: Mapped[dt.datetime | None]
    paused_at: Mapped[dt.datetime | None]
    is_disputed: Mapped[bool] = mapped_column(default=False)
    is_refunded: Mapped[bool] = mapped_column(default=False)
    kept_choices: Mapped[dict[str, Any]] = mapped_column(default=dict)
    notice: Mapped[str | None] = mapped_column(
        Text
    )  # what the operator should know, such as an unknown price
    sync_version: Mapped[int] = mapped_column(default=0)  # counts the copies, so that an older one is noticed
    synced_at: Mapped[dt.datetime | None]
    changed_at: Mapped[dt.datetime]


class BillingEvent(PlatformBase):
    """One event of Stripe's, stored once under Stripe's own id, and what became of it."""

    __tablename__ = "billing_event"
    __table_args__ = (
        CheckConstraint(_one_of("state", EVENT_STATES), name="state"),
        Index("billing_event_received_at_ix", "received_at", "id"),
        Index("billing_event_customer_id_ix", "customer_id"),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    object_id: Mapped[str | None] = mapped_column(String(255))
    customer_id: Mapped[str | None] = mapped_column(String(255))
    merchant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Merchant.id), index=True)
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]  # when it happened, as Stripe says
    received_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    error: Mapped[str | None] = mapped_column(Text)  # why it failed or was ignored, for the operator
    attempts: Mapped[int] = mapped_column(default=0)
    processed_at: Mapped[dt.datetime | None]


class Invoice(PlatformBase):
    """A copy of an invoice, for the owner's list and the operator's sums. Amounts in minor units of `currency`."""

    __tablename__ = "invoice"
    __table_args__ = (Index("invoice_merchant_id_created_at_ix", "merchant_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    merchant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Merchant.id))
    number: Mapped[str | None] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    tax_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    plan: Mapped[str | None] = mapped_column(String(10))
    hosted_url: Mapped[str | None] = mapped_column(Text)
    pdf_url: Mapped[str | None] = mapped_column(Text)
    period_starts_at: Mapped[dt.datetime | None]
    period_ends_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    paid_at: Mapped[dt.datetime | None]


class TrialGrant(PlatformBase):
    """That a business had its trial: the SHA-256 of its owner's e-mail address, once for ever."""

    __tablename__ = "trial_grant"

    business_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Merchant.id), unique=True)
    granted_at: Mapped[dt.datetime]


class BillingNotice(PlatformBase):
    """That a mail about billing was written: its key is what it was about, so that none is sent twice."""

    __tablename__ = "billing_notice"

    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    merchant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Merchant.id), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    sent_at: Mapped[dt.datetime]


class UsageDay(PlatformBase):
    """What a merchant used on a day; `active_members` looks back 30 days, `api_calls` are those of the day."""

    __tablename__ = "usage_day"

    merchant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Merchant.id), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    active_members: Mapped[int] = mapped_column(default=0)
    api_calls: Mapped[int] = mapped_column(default=0)
    counted_at: Mapped[dt.datetime]
