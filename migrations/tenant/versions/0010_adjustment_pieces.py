"""From which lots a correction took units, so that taking it back gives them their old expiry."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("entry", sa.Column("pieces", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
