"""A schema that a test altered is never handed to the next one."""

from __future__ import annotations

import pytest
from psycopg import sql
from sqlalchemy.engine import URL

from saas.db.migrations import connect
from tests.factories.schemas import Schemas


@pytest.mark.parametrize(
    ("change", "is_as_made"),
    [
        (
            "INSERT INTO {name}.segment VALUES (gen_random_uuid(), 'New', 'new', '{{}}', 'Ann', now(), now())",
            True,
        ),
        ("UPDATE {name}.schema_version SET version_num = '0000'", False),
        ("DELETE FROM {name}.schema_version", False),
        ("DROP TABLE {name}.refund_line", False),
        ("ALTER TABLE {name}.member ADD COLUMN shoe_size int", False),
        ("GRANT UPDATE ON {name}.entry TO {name}", False),
        ("ALTER ROLE {name} BYPASSRLS", False),
        ("DROP SCHEMA {name} CASCADE", False),
    ],
)
def test_what_was_altered_is_not_used_again(control_url: URL, change: str, is_as_made: bool) -> None:
    schemas = Schemas(control_url)
    name = schemas.take()
    with connect(control_url) as connection:
        connection.execute(sql.SQL(change).format(name=sql.Identifier(name)))  # type: ignore[arg-type]
    assert schemas.is_as_made(name) is is_as_made
    with connect(control_url) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))
