"""Since when a merchant has more active members than its plan holds; staff whom a smaller plan leaves out."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("merchant", sa.Column("over_limit_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff", sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True))
