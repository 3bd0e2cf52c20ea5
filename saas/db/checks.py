"""Proofs over the whole database, by the control address: rights, schemas, roles, versions, sums.

Each proof is one query over the catalogue or one per merchant, and says what is wrong in one line each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from saas.config import app_role
from saas.db import migrations
from saas.db.provisioning import tenant_role
from saas.db.rights import QUESTIONS

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be; a warning alone is no failure."""

    where: str
    what: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{'error' if self.is_error else 'warning'}: {self.where}: {self.what}"


@dataclass(frozen=True)
class Proof:
    """A query over one schema; every row is a finding, whose columns fill `{0}`, `{1}`… of the words."""

    query: LiteralString
    words: str


def check_platform(control: URL, append_only: Iterable[str]) -> list[Finding]:
    """What the catalogue proves: no orphans, no foreign rights, append-only tables, the version."""
    names = {
        "app": sql.Literal(app_role(control)),
        "tenant": sql.Literal(tenant_role(control)),
        "append_only": sql.Literal(list(append_only)),
    }
    with migrations.connect(control) as connection:
        version = migrations.platform_version(connection)
        if version is None:
            return [Finding("platform", "was never migrated")]
        findings = [
            Finding(
                "rights" if "holds" in words or "may" in words else "registry", words.format(*row), is_error
            )
            for question, words, is_error in QUESTIONS
            for row in connection.execute(sql.SQL(question).format(**names))
        ]
        if version != migrations.head("platform"):
            findings.append(
                Finding("platform", f"is at version {version}, not {migrations.head('platform')}")
            )
    return findings


def schemas(control: URL) -> dict[str, str]:
    """The schema and slug of every merchant whose schema exists."""
    with migrations.connect(control) as connection:
        rows = connection.execute(
            "SELECT m.schema_name, m.slug FROM platform.merchant m"
            " JOIN pg_namespace n ON n.nspname = m.schema_name ORDER BY m.created_at"
        )
        return {str(schema): str(slug) for schema, slug in rows}


def check_merchants(control: URL, proofs: Iterable[Proof], *, workers: int = 4) -> list[Finding]:
    """Every merchant's version, and the proofs in every schema at the head; several schemas at a time."""
    known = schemas(control)
    proofs = list(proofs)

    def several(part: list[str]) -> list[Finding]:
        with migrations.connect(control) as connection:
            return [finding for schema in part for finding in _one(connection, schema, known[schema], proofs)]

    names = list(known)
    parts = [names[start::workers] for start in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        return [finding for found in pool.map(several, parts) for finding in found]


def _one(connection: Connection, schema: str, slug: str, proofs: list[Proof]) -> Iterator[Finding]:
    """One merchant's findings, from one moment of its data."""
    try:
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(schema)))
            row = connection.execute("SELECT version_num FROM schema_version").fetchone()
            if row is None or row[0] != migrations.head("tenant"):
                yield Finding(
                    slug, f"is at version {row[0] if row else 'none'}, not {migrations.head('tenant')}"
                )
                return
            for proof in proofs:
                for found in connection.execute(proof.query):
                    yield Finding(slug, proof.words.format(*found))
    except psycopg.Error as error:
        yield Finding(slug, f"could not be checked: {str(error).strip().splitlines()[0]}")
