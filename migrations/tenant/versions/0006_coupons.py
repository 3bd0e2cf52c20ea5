"""Coupons, their versions, codes, batches, uses and counters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from saas.db.migrations import TENANT_SCHEMA

revision = "0006"
down_revision = "0005"

CHANGING = ("coupon", "coupon_batch", "coupon_code", "coupon_counter")


def upgrade() -> None:
    op.create_table(
        "coupon",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sort_key", sa.String(length=240), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("draft", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(length=10), nullable=False),
        sa.Column("code_key", sa.String(length=60), nullable=True),
        sa.Column("max_uses", sa.Integer(), nullable=False),
        sa.Column("max_per_member", sa.Integer(), nullable=False),
        sa.Column("max_per_period", sa.Integer(), nullable=False),
        sa.Column("max_per_member_period", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=5), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("holdout_percent", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("period IN ('day', 'week', 'month', 'year')", name=op.f("coupon_period_ck")),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'paused', 'archived')", name=op.f("coupon_status_ck")
        ),
        sa.CheckConstraint("trigger IN ('automatic', 'code', 'personal')", name=op.f("coupon_trigger_ck")),
        sa.CheckConstraint("holdout_percent BETWEEN 0 AND 90", name=op.f("coupon_holdout_percent_ck")),
        sa.PrimaryKeyConstraint("id", name=op.f("coupon_pk")),
        sa.UniqueConstraint("code_key", name=op.f("coupon_code_key_uq")),
    )
    op.create_index("coupon_sort_key_id_ix", "coupon", ["sort_key", "id"], unique=False)
    op.create_index("coupon_status_trigger_ix", "coupon", ["status", "trigger"], unique=False)
    op.create_table(
        "coupon_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("coupon_version_coupon_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("coupon_version_pk")),
        sa.UniqueConstraint("coupon_id", "number", name="coupon_version_coupon_id_number_uq"),
    )
    op.create_table(
        "coupon_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("choice", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("to_hold_back", sa.Integer(), nullable=False),
        sa.Column("held_back", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('made', 'imported', 'given')", name=op.f("coupon_batch_kind_ck")),
        sa.CheckConstraint(
            "status IN ('uploaded', 'running', 'done', 'failed', 'void')", name=op.f("coupon_batch_status_ck")
        ),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("coupon_batch_coupon_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("coupon_batch_pk")),
    )
    op.create_index("coupon_batch_coupon_id_ix", "coupon_batch", ["coupon_id"], unique=False)
    op.create_table(
        "coupon_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("is_holdout", sa.Boolean(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("granted_source", sa.String(length=80), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('issued', 'used', 'void')", name=op.f("coupon_code_state_ck")),
        sa.ForeignKeyConstraint(["batch_id"], ["coupon_batch.id"], name=op.f("coupon_code_batch_id_fk")),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("coupon_code_coupon_id_fk")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("coupon_code_member_id_fk")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["coupon_version.id"], name=op.f("coupon_code_version_id_fk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("coupon_code_pk")),
    )
    op.create_index(
        "coupon_code_batch_id_id_ix",
        "coupon_code",
        ["batch_id", "id"],
        unique=False,
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_index(
        "coupon_code_code_ix",
        "coupon_code",
        ["code"],
        unique=True,
        postgresql_ops={"code": "text_pattern_ops"},
    )
    op.create_index("coupon_code_coupon_id_id_ix", "coupon_code", ["coupon_id", "id"], unique=False)
    op.create_index(
        "coupon_code_coupon_id_state_id_ix", "coupon_code", ["coupon_id", "state", "id"], unique=False
    )
    op.create_index(
        "coupon_code_granted_by_ix",
        "coupon_code",
        ["granted_by"],
        unique=False,
        postgresql_where=sa.text("granted_by IS NOT NULL"),
    )
    op.create_index(
        "coupon_code_member_id_ix",
        "coupon_code",
        ["member_id"],
        unique=False,
        postgresql_where=sa.text("member_id IS NOT NULL"),
    )
    op.create_table(
        "coupon_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("code_id", sa.Uuid(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["code_id"], ["coupon_code.id"], name=op.f("coupon_use_code_id_fk")),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("coupon_use_coupon_id_fk")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("coupon_use_member_id_fk")),
        sa.ForeignKeyConstraint(["version_id"], ["coupon_version.id"], name=op.f("coupon_use_version_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("coupon_use_pk")),
    )
    op.create_index("coupon_use_coupon_id_used_at_ix", "coupon_use", ["coupon_id", "used_at"], unique=False)
    op.create_index(
        "coupon_use_member_id_ix",
        "coupon_use",
        ["member_id"],
        unique=False,
        postgresql_where=sa.text("member_id IS NOT NULL"),
    )
    op.create_index("coupon_use_purchase_id_ix", "coupon_use", ["purchase_id"], unique=False)
    op.create_table(
        "coupon_counter",
        sa.Column("coupon_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("coupon_counter_used_ck")),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("coupon_counter_coupon_id_fk")),
        sa.PrimaryKeyConstraint("coupon_id", "key", name=op.f("coupon_counter_pk")),
    )
    for table in CHANGING:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {TENANT_SCHEMA}")
    op.execute(f"GRANT SELECT, INSERT ON coupon_version TO {TENANT_SCHEMA}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE (given_back_at) ON coupon_use TO {TENANT_SCHEMA}")
