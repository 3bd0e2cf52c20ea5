"""A merchant's first schema: locations, members, programs with their ledger, codes, purchases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

from saas.db.migrations import TENANT_SCHEMA

revision = "0001"
down_revision = None

CHANGING = [
    "enrolment",
    "image",
    "location",
    "member",
    "member_session",
    "one_time_code",
    "program",
    "purchase_import",
    "recovery_link",
    "reward",
]
# The role has no right to change or delete what these hold.
APPEND_ONLY = ["entry", "program_version", "purchase"]


def upgrade() -> None:
    op.create_table(
        "image",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('logo')", name=op.f("image_purpose_ck")),
        sa.PrimaryKeyConstraint("id", name=op.f("image_pk")),
    )
    op.create_table(
        "location",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("opening_hours", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("location_pk")),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("first_name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("consent_text", sa.String(length=500), nullable=True),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "source IN ('card', 'counter', 'console', 'import')", name=op.f("member_source_ck")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("member_pk")),
        sa.UniqueConstraint("external_id", name=op.f("member_external_id_uq")),
        sa.UniqueConstraint("number", name=op.f("member_number_uq")),
    )
    op.create_index("member_email_lower_ix", "member", [sa.literal_column("lower(email)")], unique=False)
    op.create_index("member_joined_at_ix", "member", ["joined_at"], unique=False)
    op.create_index("member_last_seen_at_ix", "member", ["last_seen_at"], unique=False)
    op.create_index(
        "member_name_lower_ix",
        "member",
        [sa.literal_column("lower(first_name)")],
        unique=False,
        postgresql_ops={"lower": "text_pattern_ops"},
    )
    op.create_index(op.f("member_phone_ix"), "member", ["phone"], unique=False)
    op.create_table(
        "one_time_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("digits", sa.String(length=8), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=True),
        sa.Column("reward_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("staff_name", sa.String(length=120), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('stamp', 'reward')", name=op.f("one_time_code_kind_ck")),
        sa.PrimaryKeyConstraint("id", name=op.f("one_time_code_pk")),
        sa.UniqueConstraint("token", name=op.f("one_time_code_token_uq")),
    )
    op.create_index("one_time_code_expires_at_ix", "one_time_code", ["expires_at"], unique=False)
    op.create_index("one_time_code_kind_digits_ix", "one_time_code", ["kind", "digits"], unique=False)
    op.create_table(
        "program",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("draft", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('stamp_card')", name=op.f("program_kind_ck")),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'paused', 'archived')", name=op.f("program_status_ck")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("program_pk")),
    )
    op.create_table(
        "purchase_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("members_added", sa.Integer(), nullable=False),
        sa.Column("purchases_added", sa.Integer(), nullable=False),
        sa.Column("purchases_known", sa.Integer(), nullable=False),
        sa.Column("stamps_added", sa.Integer(), nullable=False),
        sa.Column("rows_refused", sa.Integer(), nullable=False),
        sa.Column("refusals", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('uploaded', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("purchase_import_status_ck"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_import_pk")),
    )
    op.create_table(
        "member_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("member_session_member_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("member_session_pk")),
        sa.UniqueConstraint("token_hash", name=op.f("member_session_token_hash_uq")),
    )
    op.create_index(op.f("member_session_member_id_ix"), "member_session", ["member_id"], unique=False)
    op.create_table(
        "program_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("program_version_program_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("program_version_pk")),
        sa.UniqueConstraint("program_id", "number", name=op.f("program_version_program_id_number_uq")),
    )
    op.create_table(
        "purchase",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("receipt_number", sa.String(length=80), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("purchase_amount_minor_ck")),
        sa.CheckConstraint("quantity >= 1", name=op.f("purchase_quantity_ck")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("purchase_member_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_pk")),
        sa.UniqueConstraint("request_key", name=op.f("purchase_request_key_uq")),
    )
    op.create_index(
        "purchase_member_id_occurred_at_ix", "purchase", ["member_id", "occurred_at"], unique=False
    )
    op.create_index("purchase_occurred_at_ix", "purchase", ["occurred_at"], unique=False)
    op.create_table(
        "recovery_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("recovery_link_member_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("recovery_link_pk")),
        sa.UniqueConstraint("token_hash", name=op.f("recovery_link_token_hash_uq")),
    )
    op.create_index(op.f("recovery_link_member_id_ix"), "recovery_link", ["member_id"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.Column("last_earned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("balance >= 0", name=op.f("enrolment_balance_ck")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("enrolment_member_id_fk")),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("enrolment_program_id_fk")),
        sa.ForeignKeyConstraint(["version_id"], ["program_version.id"], name=op.f("enrolment_version_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("enrolment_pk")),
        sa.UniqueConstraint("member_id", "program_id", name=op.f("enrolment_member_id_program_id_uq")),
    )
    op.create_index(op.f("enrolment_program_id_ix"), "enrolment", ["program_id"], unique=False)
    op.create_table(
        "entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=True),
        sa.Column("reward_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("request_digest", sa.LargeBinary(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('staff', 'member', 'system', 'api')", name=op.f("entry_actor_kind_ck")
        ),
        sa.CheckConstraint(
            "kind IN ('earn', 'redeem', 'expire', 'adjust', 'reverse')", name=op.f("entry_kind_ck")
        ),
        sa.CheckConstraint("units <> 0", name=op.f("entry_units_ck")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("entry_enrolment_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("entry_pk")),
    )
    op.create_index(
        "entry_enrolment_id_occurred_at_ix", "entry", ["enrolment_id", "occurred_at"], unique=False
    )
    op.create_index("entry_occurred_at_ix", "entry", ["occurred_at"], unique=False)
    op.create_index(
        "entry_request_key_uq",
        "entry",
        ["request_key"],
        unique=True,
        postgresql_where=sa.text("request_key IS NOT NULL"),
    )
    op.create_index(
        "entry_reverses_id_uq",
        "entry",
        ["reverses_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )
    op.create_table(
        "reward",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fulfilled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fulfilled_by", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('issued', 'fulfilled', 'cancelled', 'expired')", name=op.f("reward_status_ck")
        ),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("reward_enrolment_id_fk")),
        sa.ForeignKeyConstraint(["version_id"], ["program_version.id"], name=op.f("reward_version_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("reward_pk")),
    )
    op.create_index("reward_enrolment_id_ix", "reward", ["enrolment_id"], unique=False)
    op.create_index("reward_fulfilled_at_ix", "reward", ["fulfilled_at"], unique=False)
    for table in CHANGING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {TENANT_SCHEMA}")
    for table in APPEND_ONLY:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {TENANT_SCHEMA}")
