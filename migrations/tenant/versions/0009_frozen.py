"""Programs and locations that a smaller plan leaves out: since when."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("program", sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("location", sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True))
