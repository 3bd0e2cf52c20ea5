"""Previews of programs over past purchases, and what they found for each member."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from saas.db.migrations import TENANT_SCHEMA

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "program_preview",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("purchases_total", sa.Integer(), nullable=False),
        sa.Column("purchases_done", sa.Integer(), nullable=False),
        sa.Column("after_member_id", sa.Uuid(), nullable=True),
        sa.Column("totals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('running', 'done', 'failed')", name=op.f("program_preview_status_ck")),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("program_preview_program_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("program_preview_pk")),
    )
    op.create_index("program_preview_program_id_ix", "program_preview", ["program_id"], unique=False)
    op.create_table(
        "preview_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("preview_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("purchases", sa.Integer(), nullable=False),
        sa.Column("before_units", sa.BigInteger(), nullable=False),
        sa.Column("after_units", sa.BigInteger(), nullable=False),
        sa.Column("before_rewards", sa.Integer(), nullable=False),
        sa.Column("after_rewards", sa.Integer(), nullable=False),
        sa.Column("gain", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["preview_id"], ["program_preview.id"], name=op.f("preview_member_preview_id_fk")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("preview_member_member_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("preview_member_pk")),
        sa.UniqueConstraint("preview_id", "member_id", name="preview_member_preview_id_member_id_uq"),
    )
    op.create_index(
        "preview_member_preview_id_gain_ix", "preview_member", ["preview_id", "gain"], unique=False
    )
    for table in ("program_preview", "preview_member"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {TENANT_SCHEMA}")
