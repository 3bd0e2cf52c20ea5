"""The API: answers kept by their idempotency key; members that a till or a site has added."""

import sqlalchemy as sa
from alembic import op

from saas.db.migrations import TENANT_SCHEMA

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request", sa.String(length=300), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("idempotency_key_pk")),
    )
    op.create_index("idempotency_key_created_at_ix", "idempotency_key", ["created_at"], unique=False)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_key TO {TENANT_SCHEMA}")
    # A wider list loses no guarantee, and members are few enough to be looked through in milliseconds.
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE member DROP CONSTRAINT member_source_ck")
    op.execute(
        "ALTER TABLE member ADD CONSTRAINT member_source_ck"
        " CHECK (source IN ('card', 'counter', 'console', 'import', 'api')) NOT VALID"
    )
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "ALTER TABLE member VALIDATE CONSTRAINT member_source_ck"
    )
