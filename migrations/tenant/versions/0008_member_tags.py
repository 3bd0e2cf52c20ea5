"""Members found without accents, tags, kept segments, and when a birthday was said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from saas.db.migrations import TENANT_SCHEMA

revision = "0008"
down_revision = "0007"

# What rules.py makes of names, as near as SQL comes to it; a member's next change makes it anew.
PLAIN = (
    "translate(lower(regexp_replace(normalize(first_name, NFKD), '[\\u0300-\\u036f]', '', 'g')), "
    "'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩς', 'αβγδεζηθικλμνξοπρστυφχψωσ')"
)


def upgrade() -> None:
    op.add_column("member", sa.Column("sort_name", sa.String(length=120), server_default="", nullable=False))
    op.add_column("member", sa.Column("words", postgresql.TSVECTOR(), server_default="", nullable=False))
    op.add_column(
        "member",
        sa.Column(
            "tags", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
    )
    op.add_column("member", sa.Column("birthday_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(f"UPDATE member SET sort_name = {PLAIN}, words = to_tsvector('simple', {PLAIN})")
    op.drop_index("member_name_lower_ix", table_name="member")
    op.drop_index("member_joined_at_ix", table_name="member")
    op.create_index(
        "member_seen_id_ix",
        "member",
        [sa.text("coalesce(last_seen_at, '1970-01-01 00:00:00+00'::timestamptz)"), "id"],
    )
    op.create_index("member_joined_at_id_ix", "member", ["joined_at", "id"])
    op.create_index("member_sort_name_id_ix", "member", ["sort_name", "id"])
    op.create_index("member_words_ix", "member", ["words"], postgresql_using="gin")
    op.create_index(
        "member_tags_ix",
        "member",
        ["tags"],
        postgresql_using="gin",
        postgresql_ops={"tags": "jsonb_path_ops"},
        postgresql_where=sa.text("tags <> '[]'"),
    )
    op.create_index(
        "member_phone_end_ix",
        "member",
        [sa.text("reverse(phone) text_pattern_ops")],
    )
    op.create_table(
        "member_tag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("member_tag_pk")),
        sa.UniqueConstraint("name", name=op.f("member_tag_name_uq")),
    )
    op.create_table(
        "segment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("segment_pk")),
        sa.UniqueConstraint("name_key", name=op.f("segment_name_key_uq")),
    )
    for table in ("member_tag", "segment"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {TENANT_SCHEMA}")
