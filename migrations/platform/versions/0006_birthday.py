"""Whether a merchant asks members for their birthday."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "merchant",
        sa.Column("is_birthday_asked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
