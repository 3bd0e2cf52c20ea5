"""The day that a merchant's state of billing is about, where every page can read it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("merchant", sa.Column("billing_until", sa.DateTime(timezone=True), nullable=True))
