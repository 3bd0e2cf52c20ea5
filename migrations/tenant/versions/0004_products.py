"""Products, and the files that they are read from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

from saas.db.migrations import TENANT_SCHEMA

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "product",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(length=80), nullable=False),
        sa.Column("sku_key", sa.String(length=240), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sort_key", sa.String(length=200), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.Column("category", sa.String(length=80), nullable=False),
        sa.Column("tags", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("is_excluded_from_earning", sa.Boolean(), nullable=False),
        sa.Column("is_excluded_from_redeeming", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price_minor >= 0", name=op.f("product_price_minor_ck")),
        sa.CheckConstraint(
            "source IN ('console', 'import', 'purchase', 'api')", name=op.f("product_source_ck")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("product_pk")),
        sa.UniqueConstraint("sku_key", name=op.f("product_sku_key_uq")),
    )
    op.create_index("product_is_active_sort_key_id_ix", "product", ["is_active", "sort_key", "id"])
    op.create_index("product_category_sort_key_id_ix", "product", ["category", "sort_key", "id"])
    op.create_index("product_words_ix", "product", ["words"], postgresql_using="gin")
    op.create_index(
        "product_tags_ix",
        "product",
        ["tags"],
        postgresql_using="gin",
        postgresql_ops={"tags": "jsonb_path_ops"},
    )
    op.create_table(
        "product_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_refused", sa.Integer(), nullable=False),
        sa.Column("products_added", sa.Integer(), nullable=False),
        sa.Column("products_changed", sa.Integer(), nullable=False),
        sa.Column("products_same", sa.Integer(), nullable=False),
        sa.Column("refusals", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('uploaded', 'running', 'done', 'failed')", name=op.f("product_import_status_ck")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("product_import_pk")),
    )
    for table in ("product", "product_import"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {TENANT_SCHEMA}")
