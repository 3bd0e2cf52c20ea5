"""The platform's first schema: merchants, accounts, throttles, kept mail and the job queue."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# Merchants' roles may put a job into the queue, and nothing else: they can't read it, nor any other platform table.
DEFER_JOB = """
CREATE FUNCTION defer_job(task text, args jsonb, lock text, queueing_lock text, scheduled_at timestamptz)
RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = platform, pg_temp AS $$
    INSERT INTO platform.procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    VALUES ('default', task, 0, lock, queueing_lock, args, scheduled_at)
    ON CONFLICT DO NOTHING
    RETURNING id
$$;
REVOKE EXECUTE ON FUNCTION defer_job FROM PUBLIC;
"""


def upgrade() -> None:
    op.create_table(
        "kept_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("kept_mail_pk")),
    )
    op.create_index(op.f("kept_mail_recipient_ix"), "kept_mail", ["recipient"], unique=False)
    op.create_table(
        "merchant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("schema_name", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("languages", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("brand_colour", sa.String(length=7), nullable=False),
        sa.Column("logo_version", sa.String(length=16), nullable=True),
        sa.Column("member_contact", sa.String(length=8), nullable=False),
        sa.Column("is_contact_required", sa.Boolean(), nullable=False),
        sa.Column("is_counter_code_on", sa.Boolean(), nullable=False),
        sa.Column("is_member_code_on", sa.Boolean(), nullable=False),
        sa.Column("poster_printed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("brand_colour ~ '^#[0-9a-f]{6}$'", name=op.f("merchant_brand_colour_ck")),
        sa.CheckConstraint(
            "member_contact IN ('none', 'email', 'phone', 'any')", name=op.f("merchant_member_contact_ck")
        ),
        sa.CheckConstraint("slug ~ '^[a-z0-9]([a-z0-9-]{1,38}[a-z0-9])$'", name=op.f("merchant_slug_ck")),
        sa.CheckConstraint("status IN ('active', 'suspended', 'closed')", name=op.f("merchant_status_ck")),
        sa.PrimaryKeyConstraint("id", name=op.f("merchant_pk")),
        sa.UniqueConstraint("schema_name", name=op.f("merchant_schema_name_uq")),
        sa.UniqueConstraint("slug", name=op.f("merchant_slug_uq")),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("throttle_pk")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("user_account_pk")),
    )
    op.create_index(
        "user_account_email_lower_ix", "user_account", [sa.literal_column("lower(email)")], unique=True
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'manager', 'cashier')", name=op.f("invitation_role_ck")),
        sa.ForeignKeyConstraint(["invited_by"], ["user_account.id"], name=op.f("invitation_invited_by_fk")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("invitation_merchant_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("invitation_pk")),
        sa.UniqueConstraint("token_hash", name=op.f("invitation_token_hash_uq")),
    )
    op.create_index(op.f("invitation_merchant_id_ix"), "invitation", ["merchant_id"], unique=False)
    op.create_table(
        "mailed_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('confirm', 'reset')", name=op.f("mailed_link_purpose_ck")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("mailed_link_user_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("mailed_link_pk")),
        sa.UniqueConstraint("token_hash", name=op.f("mailed_link_token_hash_uq")),
    )
    op.create_index(op.f("mailed_link_user_id_ix"), "mailed_link", ["user_id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'manager', 'cashier')", name=op.f("staff_role_ck")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("staff_merchant_id_fk")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("staff_user_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_pk")),
    )
    op.create_index("staff_merchant_id_user_id_uq", "staff", ["merchant_id", "user_id"], unique=True)
    op.create_index(op.f("staff_user_id_ix"), "staff", ["user_id"], unique=False)
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("user_session_user_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("user_session_pk")),
        sa.UniqueConstraint("token_hash", name=op.f("user_session_token_hash_uq")),
    )
    op.create_index(op.f("user_session_user_id_ix"), "user_session", ["user_id"], unique=False)
    op.execute(SchemaManager.get_schema())
    op.execute(DEFER_JOB)
