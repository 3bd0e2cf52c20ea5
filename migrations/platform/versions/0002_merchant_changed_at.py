"""When a merchant's row changed last, so that each process asks for changes and not for every merchant again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

STAMP_CHANGE = """
CREATE FUNCTION stamp_merchant_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER merchant_changed BEFORE UPDATE ON merchant
    FOR EACH ROW EXECUTE FUNCTION stamp_merchant_change();
"""


def upgrade() -> None:
    op.add_column(
        "merchant",
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_index(op.f("merchant_changed_at_ix"), "merchant", ["changed_at"], unique=False)
    op.execute(STAMP_CHANGE)
