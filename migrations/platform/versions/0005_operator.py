"""Operators of the service, their log-ins and visits, the chain of what they did, and why a merchant is suspended."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "operator",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("link_hash", sa.LargeBinary(), nullable=True),
        sa.Column("link_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_salt", sa.String(length=40), nullable=False),
        sa.Column("totp_counter", sa.BigInteger(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("operator_pk")),
        sa.UniqueConstraint("link_hash", name=op.f("operator_link_hash_uq")),
    )
    op.create_index("operator_email_lower_ix", "operator", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "operator_action",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=True),
        sa.Column("operator_name", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "action IN ('added', 'link_made', 'removed', 'enrolled', 'logged_in', 'recovery_used', 'suspended', 'restored', 'trial_extended', 'visit_began', 'visit_ended', 'job_retried', 'event_processed')",
            name=op.f("operator_action_action_ck"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("operator_action_pk")),
    )
    op.create_index(
        "operator_action_merchant_id_number_ix", "operator_action", ["merchant_id", "number"], unique=False
    )
    op.create_table(
        "operator_recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name=op.f("operator_recovery_code_operator_id_fk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("operator_recovery_code_pk")),
    )
    op.create_index(
        "operator_recovery_code_operator_id_code_hash_uq",
        "operator_recovery_code",
        ["operator_id", "code_hash"],
        unique=True,
    )
    op.create_table(
        "operator_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name=op.f("operator_session_operator_id_fk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("operator_session_pk")),
        sa.UniqueConstraint("token_hash", name=op.f("operator_session_token_hash_uq")),
    )
    op.create_index(
        op.f("operator_session_operator_id_ix"), "operator_session", ["operator_id"], unique=False
    )
    op.create_table(
        "operator_visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > began_at", name=op.f("operator_visit_ends_at_ck")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("operator_visit_merchant_id_fk")),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name=op.f("operator_visit_operator_id_fk")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["operator_session.id"], name=op.f("operator_visit_session_id_fk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("operator_visit_pk")),
    )
    op.create_index(op.f("operator_visit_merchant_id_ix"), "operator_visit", ["merchant_id"], unique=False)
    op.create_index(op.f("operator_visit_operator_id_ix"), "operator_visit", ["operator_id"], unique=False)
    op.create_index(op.f("operator_visit_session_id_ix"), "operator_visit", ["session_id"], unique=False)
    op.add_column("merchant", sa.Column("suspended_reason", sa.String(length=300), nullable=True))
