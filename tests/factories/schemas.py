"""Merchants' schemas that are used again: emptied after a test, instead of made anew for the next one.

Making a schema costs some twenty times what emptying one does, and tests ask for a thousand. One that a test
altered (a table, a right, a role, the version it is at) is not used again: all that a schema consists of was made in
one transaction, which each row of PostgreSQL's own tables names as long as nobody touches it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Column, Table
from sqlalchemy.engine import URL

from saas.db import PlatformBase, provisioning
from saas.db.migrations import connect
from saas.merchants.models import Merchant
from saas.merchants.registry import Record

MADE_BY = sql.SQL("""
SELECT count(*), count(DISTINCT made_by::text) FROM (
  SELECT n.xmin AS made_by FROM pg_namespace n WHERE n.nspname = %(name)s
  UNION ALL SELECT r.xmin FROM pg_authid r WHERE r.rolname = %(name)s
  UNION ALL SELECT m.xmin FROM pg_auth_members m WHERE %(name)s::regrole IN (m.roleid, m.member)
  UNION ALL SELECT p.xmin FROM pg_proc p WHERE p.pronamespace = %(name)s::regnamespace
  UNION ALL SELECT o.xmin FROM pg_constraint o WHERE o.connamespace = %(name)s::regnamespace
  UNION ALL SELECT v.xmin FROM {version} v
  UNION ALL SELECT unnest(ARRAY[c.xmin, a.xmin, i.xmin, t.xmin, p.xmin])
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_index i ON i.indexrelid = c.oid
    LEFT JOIN pg_trigger t ON t.tgrelid = c.oid LEFT JOIN pg_policy p ON p.polrelid = c.oid
    WHERE c.relnamespace = %(name)s::regnamespace
) AS everything WHERE made_by IS NOT NULL
""")


@dataclass
class Schemas:
    """The empty schemas of one database; `pieces` is of how many rows of the catalogue a fresh one consists."""

    control: URL
    empty: list[str] = field(default_factory=list)
    pieces: int = 0

    def take(self) -> str:
        """An empty schema at the head of the history."""
        if self.empty:
            return self.empty.pop()
        name = provisioning.new_schema_name()
        provisioning.provision(self.control, name)
        if not self.pieces:
            with connect(self.control) as connection:
                self.pieces, _makers = _made_by(connection, name) or (0, 0)
        return name

    def is_as_made(self, name: str) -> bool:
        """Whether nobody altered a schema that was taken, whatever its tables hold."""
        with connect(self.control) as connection:
            return _made_by(connection, name) == (self.pieces, 1)

    def give_back(self, merchant: Record) -> None:
        """Forget the merchant, its staff and its jobs; keep its schema, emptied, if it is as it was made."""
        name = merchant.schema_name
        if not self.is_as_made(name):
            return
        with connect(self.control) as connection:
            with connection.transaction():
                connection.execute(
                    "SET LOCAL lock_timeout = '5s'; SET LOCAL session_replication_role = replica"
                )
                emptied = [
                    sql.SQL("DELETE FROM {}").format(sql.Identifier(name, one))
                    for one in _tables(connection, name)
                ]
                connection.execute(sql.SQL("; ").join(emptied))
            with connection.transaction():
                connection.execute("SET LOCAL lock_timeout = '5s'; SET LOCAL search_path = platform")
                connection.execute(
                    "DELETE FROM procrastinate_jobs WHERE args ->> 'slug' = %s", [merchant.slug]
                )
                for table in reversed(PlatformBase.metadata.sorted_tables):
                    if condition := _belongs(table):
                        connection.execute(f"DELETE FROM {table.name} WHERE {condition}", {"id": merchant.id})
        self.empty.append(name)


def _made_by(connection: psycopg.Connection[Any], name: str) -> tuple[int, int] | None:
    """Of how many rows a schema and its role consist, and how many transactions wrote them; None if one is gone."""
    there = connection.execute(
        "SELECT to_regrole(%s), to_regclass(format('%%I.schema_version', %s::text))", [name, name]
    ).fetchone()
    if not there or None in there:
        return None
    asked = MADE_BY.format(version=sql.Identifier(name, "schema_version"))
    row = connection.execute(asked, {"name": name}).fetchone()
    return (row[0], row[1]) if row else None


def _tables(connection: psycopg.Connection[Any], name: str) -> list[str]:
    """The tables to be emptied; not the one that says at which version the schema is."""
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [name]).fetchall()
    return [str(row[0]) for row in found if row[0] != "schema_version"]


def _belongs(table: Table) -> str:
    """Which rows of a platform's table are a merchant's, as SQL; "" where none can be."""
    if table is Merchant.__table__:
        return "id = %(id)s"
    found = []
    for column in table.columns:
        for key in column.foreign_keys:
            above: Column[Any] = key.column
            if above.table is not table and (rows := _belongs(above.table)):
                found.append(f"{column.name} IN (SELECT {above.name} FROM {above.table.name} WHERE {rows})")
    return " OR ".join(found)
