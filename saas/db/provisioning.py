"""Roles and schemas: what the platform needs once, and one merchant's schema made in one round trip."""

from __future__ import annotations

import re
import secrets

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from saas.config import app_password, app_role
from saas.db.migrations import connect, migrate_platform, tenant_sql
from saas.db.session import Binding

SCHEMA_NAME = re.compile(r"m_[0-9a-f]{16}")


def new_schema_name() -> str:
    """A name that says nothing about the merchant and is never used twice."""
    return f"m_{secrets.token_hex(8)}"


def tenant_binding(schema: str) -> Binding:
    """The binding of a merchant's schema; its role has the same name. Raises ValueError on any other text."""
    if not SCHEMA_NAME.fullmatch(schema):
        raise ValueError(f"{schema!r} is not a merchant's schema")
    return Binding(schema=schema, role=schema)


def tenant_role(control: URL) -> str:
    """The group of all merchants' roles: it may use the queue's one function, nothing else."""
    return f"{control.database}_tenant"


def prepare(control: URL, secret_key: str) -> None:
    """Make the platform ready, or find that it is: roles, schema at its head, rights. May be run at any time."""
    app, tenant = app_role(control), tenant_role(control)
    with connect(control) as connection:
        _ensure_role(connection, app, "LOGIN NOINHERIT PASSWORD {}", app_password(secret_key))
        _ensure_role(connection, tenant, "NOLOGIN NOINHERIT")
    migrate_platform(control)
    with connect(control) as connection, connection.transaction():
        _run(
            connection,
            """
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            GRANT USAGE ON SCHEMA platform TO {app}, {tenant};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA platform TO {app};
            REVOKE UPDATE, DELETE ON platform.operator_action FROM {app};
            GRANT USAGE ON ALL SEQUENCES IN SCHEMA platform TO {app};
            REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA platform FROM PUBLIC;
            GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA platform TO {app};
            GRANT EXECUTE ON FUNCTION platform.defer_job TO {tenant};
            """,
            app=app,
            tenant=tenant,
        )
        if is_superuser(connection):
            _run(
                connection,
                """
                REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
                GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO {app};
                """,
                app=app,
                tenant=tenant,
            )


def is_superuser(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def provision(control: URL, schema: str) -> None:
    """Create a merchant's role and schema at the head of the tenant history, whole or not at all, in one round trip."""
    tenant_binding(schema)
    script = sql.SQL(
        """
        BEGIN;
        CREATE ROLE {schema} NOLOGIN;
        GRANT {schema} TO {app};
        GRANT {tenant} TO {schema};
        CREATE SCHEMA {schema};
        GRANT USAGE ON SCHEMA {schema} TO {schema};
        SET LOCAL search_path = {schema};
        """
    ).format(
        schema=sql.Identifier(schema),
        app=sql.Identifier(app_role(control)),
        tenant=sql.Identifier(tenant_role(control)),
    )
    with connect(control) as connection:
        try:
            connection.execute(script.as_bytes(connection) + tenant_sql(schema).encode() + b"COMMIT;")
        except psycopg.Error:
            connection.execute("ROLLBACK")
            raise


def is_entered(control: URL, schema: str) -> bool:
    """Whether a committed merchant has this schema; waits for commits that are under way."""
    tenant_binding(schema)
    with connect(control) as connection, connection.transaction():
        connection.execute("LOCK TABLE platform.merchant IN SHARE MODE")
        found = connection.execute("SELECT 1 FROM platform.merchant WHERE schema_name = %s", [schema])
        return found.fetchone() is not None


def drop(control: URL, schema: str) -> None:
    """Remove a merchant's schema and role, as after a sign-up that failed half way; missing ones are no error."""
    tenant_binding(schema)
    with connect(control) as connection, connection.transaction():
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(schema)))


def _ensure_role(
    connection: psycopg.Connection[tuple[object, ...]], role: str, options: str, password: str | None = None
) -> None:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if found else "CREATE"
    text = sql.SQL(f"{verb} ROLE {{role}} {options.format('{password}')}")
    connection.execute(text.format(role=sql.Identifier(role), password=sql.Literal(password or "")))


def _run(connection: psycopg.Connection[tuple[object, ...]], script: str, *, app: str, tenant: str) -> None:
    text = sql.SQL(script)
    connection.execute(
        text.format(app=sql.Identifier(app), tenant=sql.Identifier(tenant)).as_bytes(connection)
    )


def analyze(control: URL, schema: str) -> None:
    """Renew the planner's statistics of a merchant's tables, as after an import; the merchant's own role may not."""
    tenant_binding(schema)
    with connect(control) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]
        ).fetchall()
        if tables:
            names = sql.SQL(", ").join(sql.Identifier(schema, str(row[0])) for row in tables)
            connection.execute(sql.SQL("ANALYZE {}").format(names))
