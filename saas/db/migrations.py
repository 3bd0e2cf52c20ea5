"""The two migration histories: rendered once as SQL, then run in each schema that is behind, several at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from saas.config import ROOT

TENANT_SCHEMA = "tenant_schema_placeholder"
HISTORIES = ("platform", "tenant")
ATTEMPTS = 3
REVISION = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
BEFORE = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)


@dataclass
class Report:
    """What a run did, merchant by merchant: schema → version it is at now, and schema → why it stayed behind."""

    versions: dict[str, str] = field(default_factory=dict)
    migrated: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


Progress = Callable[[int, int, str], None]


@cache
def head(history: str) -> str:
    """The newest version of a history: the one that no other comes after. Read without Alembic, which a worker that
    only asks for this would carry along for nothing.
    """
    texts = [path.read_text() for path in (ROOT / "migrations" / history / "versions").glob("*.py")]
    versions = {found[1] for text in texts if (found := REVISION.search(text))}
    newest = versions - {found[1] for text in texts if (found := BEFORE.search(text))}
    if len(newest) != 1:
        raise RuntimeError(f"migrations/{history} ends in {len(newest)} versions")
    return newest.pop()


@cache
def render(history: str, start: str | None, end: str = "head") -> str:
    """The SQL that leads from one version to another, with the version table's row; unqualified, so the path decides.

    A tenant's script names its own role by the placeholder TENANT_SCHEMA (role and schema share their name).
    """
    from saas.db import rendering  # Alembic takes 9 MB, which only those who migrate or open a shop shall pay

    return rendering.render(history, start, end)


def tenant_sql(schema: str, start: str | None = None) -> str:
    """The tenant history's SQL for one schema."""
    return render("tenant", start).replace(TENANT_SCHEMA, schema)


def connect(url: URL) -> psycopg.Connection[tuple[object, ...]]:
    """A connection to the control address, in autocommit, that may run several statements in one round trip."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True, prepare_threshold=None, connect_timeout=5)


def platform_version(connection: psycopg.Connection[tuple[object, ...]]) -> str | None:
    """The platform's version, None before the first migration."""
    found = connection.execute("SELECT to_regclass('platform.schema_version')").fetchone()
    if found is None or found[0] is None:
        return None
    row = connection.execute("SELECT version_num FROM platform.schema_version").fetchone()
    return str(row[0]) if row else None


def tenant_versions(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, str | None]:
    """Every merchant's schema with its version, found by one UNION ALL."""
    schemas = [
        str(row[0])
        for row in connection.execute(
            "SELECT m.schema_name FROM platform.merchant m JOIN pg_catalog.pg_namespace n ON n.nspname = m.schema_name"
            " ORDER BY m.created_at"
        )
    ]
    if not schemas:
        return {}
    query = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {name}, version_num FROM {table}").format(
            name=sql.Literal(schema), table=sql.Identifier(schema, "schema_version")
        )
        for schema in schemas
    )
    found = {str(row[0]): str(row[1]) for row in connection.execute(query)}
    return {schema: found.get(schema) for schema in schemas}


def migrate_platform(control: URL) -> bool:
    """Bring the platform's schema to its head; True when something was done."""
    with connect(control) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('regulars migrate'))")
        connection.execute("CREATE SCHEMA IF NOT EXISTS platform")
        current = platform_version(connection)
        if current == head("platform"):
            return False
        _run(connection, "platform", render("platform", current))
        return True


def migrate_tenants(control: URL, *, workers: int = 4, progress: Progress | None = None) -> Report:
    """Bring every merchant that is behind to the head: the oldest one alone first, then several at a time.

    Each schema is one transaction; a failure is reported and the others go on, but a failing first one stops the run.
    Running it again takes up only those that are still behind.
    """
    with connect(control) as connection:
        before = tenant_versions(connection)
    report = Report(versions={schema: version or "none" for schema, version in before.items()})
    behind = [schema for schema, version in before.items() if version != head("tenant")]
    done = 0

    def one(schema: str) -> None:
        nonlocal done
        error = _migrate_tenant(control, schema, before[schema])
        done += 1
        if error is None:
            report.migrated.append(schema)
            report.versions[schema] = head("tenant")
        else:
            report.failures[schema] = error
        if progress:
            progress(done, len(behind), schema)

    if behind:
        one(behind[0])
        if report.failures:
            return report
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, behind[1:]))
    return report


def _migrate_tenant(control: URL, schema: str, current: str | None) -> str | None:
    """Migrate one schema with short waits for locks; answers the error after the last attempt, or None."""
    error = ""
    for _ in range(ATTEMPTS):
        try:
            with connect(control) as connection:
                _run(connection, schema, tenant_sql(schema, current))
            return None
        except psycopg.Error as problem:
            error = str(problem).strip().splitlines()[0]
    return error


def _run(connection: psycopg.Connection[tuple[object, ...]], schema: str, script_sql: str) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '5s'")
        connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema)))
        connection.execute(script_sql.encode())
