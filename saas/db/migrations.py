"""The two migration histories: rendered once as SQL, then run in each schema that is behind, several at a time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache

import psycopg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy.engine import URL

from saas.config import ROOT

TENANT_SCHEMA = "tenant_schema_placeholder"
HISTORIES = ("platform", "tenant")
ATTEMPTS = 3


@dataclass
class Report:
    """What a run did, merchant by merchant: schema → version it is at now, and schema → why it stayed behind."""

    versions: dict[str, str] = field(default_factory=dict)
    migrated: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


Progress = Callable[[int, int, str], None]


def script(history: str) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations" / history).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


@cache
def head(history: str) -> str:
    """The newest version of a history."""
    revision = script(history).get_current_head()
    if revision is None:
        raise RuntimeError(f"migrations/{history} holds no version")
    return revision


@cache
def render(history: str, start: str | None, end: str = "head") -> str:
    """The SQL that leads from one version to another, with the version table's row; unqualified, so the path decides.

    A tenant's script names its own role by the placeholder TENANT_SCHEMA (role and schema share their name).
    """
    directory = script(history)
    buffer = io.StringIO()

    def upgrade(revision: object, context: object) -> Iterable[object]:
        return directory._upgrade_revs(end, start or "base")

    with EnvironmentContext(
        Config(), directory, fn=upgrade, as_sql=True, starting_rev=start or "base", destination_rev=end
    ) as environment:
        environment.configure(
            dialect_name="postgresql",
            dialect_opts={"paramstyle": "named"},
            output_buffer=buffer,
            transactional_ddl=False,
            version_table="schema_version",
        )
        environment.run_migrations()
    return buffer.getvalue()


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
