"""Billing: subscriptions as copied from Stripe, its events and invoices, trials, notices, usage by day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "billing_event",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=True),
        sa.Column("customer_id", sa.String(length=255), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'ignored', 'failed')", name=op.f("billing_event_state_ck")
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("billing_event_merchant_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("billing_event_pk")),
    )
    op.create_index("billing_event_customer_id_ix", "billing_event", ["customer_id"], unique=False)
    op.create_index(op.f("billing_event_merchant_id_ix"), "billing_event", ["merchant_id"], unique=False)
    op.create_index("billing_event_received_at_ix", "billing_event", ["received_at", "id"], unique=False)
    op.create_table(
        "billing_notice",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("billing_notice_merchant_id_fk")),
        sa.PrimaryKeyConstraint("key", name=op.f("billing_notice_pk")),
    )
    op.create_index(op.f("billing_notice_merchant_id_ix"), "billing_notice", ["merchant_id"], unique=False)
    op.create_table(
        "invoice",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.String(length=10), nullable=True),
        sa.Column("hosted_url", sa.Text(), nullable=True),
        sa.Column("pdf_url", sa.Text(), nullable=True),
        sa.Column("period_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("invoice_merchant_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("invoice_pk")),
    )
    op.create_index(
        "invoice_merchant_id_created_at_ix", "invoice", ["merchant_id", "created_at"], unique=False
    )
    op.create_table(
        "subscription",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("plan", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("paid_plan", sa.String(length=10), nullable=True),
        sa.Column("interval", sa.String(length=5), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("stripe_customer_id", sa.String(length=255), nullable=True),
        sa.Column("stripe_subscription_id", sa.String(length=255), nullable=True),
        sa.Column("stripe_status", sa.String(length=20), nullable=True),
        sa.Column("stripe_price_id", sa.String(length=255), nullable=True),
        sa.Column("trial_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("past_due_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grace_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_disputed", sa.Boolean(), nullable=False),
        sa.Column("is_refunded", sa.Boolean(), nullable=False),
        sa.Column("kept_choices", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("sync_version", sa.Integer(), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('free', 'trial', 'active', 'incomplete', 'past_due', 'restricted', 'paused', 'cancelling', 'cancelled', 'refunded', 'disputed')",
            name=op.f("subscription_state_ck"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("subscription_merchant_id_fk")),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("subscription_pk")),
        sa.UniqueConstraint("stripe_customer_id", name=op.f("subscription_stripe_customer_id_uq")),
        sa.UniqueConstraint("stripe_subscription_id", name=op.f("subscription_stripe_subscription_id_uq")),
    )
    op.create_index(op.f("subscription_state_ix"), "subscription", ["state"], unique=False)
    op.create_table(
        "trial_grant",
        sa.Column("business_key", sa.String(length=64), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("trial_grant_merchant_id_fk")),
        sa.PrimaryKeyConstraint("business_key", name=op.f("trial_grant_pk")),
        sa.UniqueConstraint("merchant_id", name=op.f("trial_grant_merchant_id_uq")),
    )
    op.create_table(
        "usage_day",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("active_members", sa.Integer(), nullable=False),
        sa.Column("api_calls", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("usage_day_merchant_id_fk")),
        sa.PrimaryKeyConstraint("merchant_id", "day", name=op.f("usage_day_pk")),
    )
    op.add_column("merchant", sa.Column("plan", sa.String(length=10), server_default="free", nullable=False))
    op.add_column(
        "merchant", sa.Column("billing_state", sa.String(length=12), server_default="free", nullable=False)
    )
