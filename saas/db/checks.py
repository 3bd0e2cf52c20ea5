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


SCHEMAS_WITHOUT_MERCHANT = """
    SELECT n.nspname FROM pg_namespace n
    WHERE n.nspname ~ '^m_[0-9a-f]{{16}}$'
      AND NOT EXISTS (SELECT FROM platform.merchant m WHERE m.schema_name = n.nspname)
"""
MERCHANTS_WITHOUT_SCHEMA = """
    SELECT m.slug, m.schema_name FROM platform.merchant m
    WHERE NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = m.schema_name)
"""
MERCHANTS_WITHOUT_ROLE = """
    SELECT m.slug, m.schema_name FROM platform.merchant m
    WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = m.schema_name AND NOT r.rolcanlogin)
"""
# Roles belong to the whole server: only those that hold this database's group or app are this service's.
ROLES_WITHOUT_MERCHANT = """
    SELECT r.rolname FROM pg_roles r
    JOIN pg_auth_members a ON a.member = r.oid
    JOIN pg_roles g ON g.oid = a.roleid AND g.rolname = {tenant}
    WHERE NOT EXISTS (SELECT FROM platform.merchant m WHERE m.schema_name = r.rolname)
"""
ROLE_ATTRIBUTES = """
    SELECT r.rolname FROM pg_roles r
    WHERE (r.rolname IN ({app}, {tenant}) OR r.rolname IN (SELECT schema_name FROM platform.merchant))
      AND (r.rolsuper OR r.rolcreatedb OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls)
"""
APP_INHERITS = """
    SELECT rolname FROM pg_roles WHERE rolname = {app} AND rolinherit
    UNION
    SELECT g.rolname FROM pg_auth_members a
    JOIN pg_roles r ON r.oid = a.member AND r.rolname = {app}
    JOIN pg_roles g ON g.oid = a.roleid
    WHERE (to_jsonb(a) ->> 'inherit_option')::boolean
"""
# What is granted to anyone but the owner, on a merchant's schema, other than USAGE to its own role.
FOREIGN_SCHEMAS = """
    WITH tenant_schema AS (
        SELECT n.oid, n.nspname, n.nspacl FROM pg_namespace n
        WHERE n.nspname IN (SELECT schema_name FROM platform.merchant) AND n.nspacl IS NOT NULL
    )
    SELECT COALESCE(r.rolname, 'PUBLIC'), s.nspname, g.privilege_type
    FROM tenant_schema s
    CROSS JOIN LATERAL aclexplode(s.nspacl) g
    LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE g.grantee <> (SELECT nspowner FROM pg_namespace WHERE oid = s.oid)
      AND (r.rolname IS DISTINCT FROM s.nspname OR g.privilege_type <> 'USAGE')
"""
FOREIGN_TABLES = """
    SELECT COALESCE(r.rolname, 'PUBLIC'), n.nspname || '.' || c.relname, g.privilege_type
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL aclexplode(c.relacl) g
    LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE n.nspname IN (SELECT schema_name FROM platform.merchant)
      AND c.relacl IS NOT NULL AND g.grantee <> c.relowner
      AND r.rolname IS DISTINCT FROM n.nspname
"""
# A merchant's role may be a member of the group of all merchants' roles, and of nothing else.
INHERITED = """
    SELECT r.rolname, g.rolname FROM pg_auth_members a
    JOIN pg_roles r ON r.oid = a.member
    JOIN pg_roles g ON g.oid = a.roleid
    WHERE r.rolname IN (SELECT schema_name FROM platform.merchant) AND g.rolname <> {tenant}
"""
OUTSIDE = """
    SELECT {app}::text, m.schema_name FROM platform.merchant m
    JOIN pg_namespace n ON n.nspname = m.schema_name
    WHERE has_schema_privilege({app}, n.oid, 'USAGE')
"""
GROUP_IN_PLATFORM = """
    SELECT COALESCE(r.rolname, 'PUBLIC'), c.relname, g.privilege_type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'platform'
    CROSS JOIN LATERAL aclexplode(c.relacl) g
    LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE c.relacl IS NOT NULL AND g.grantee <> c.relowner AND r.rolname IS DISTINCT FROM {app}
    UNION ALL
    SELECT COALESCE(r.rolname, 'PUBLIC'), p.proname || '()', g.privilege_type
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'platform'
    CROSS JOIN LATERAL aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) g
    LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE g.grantee <> p.proowner AND r.rolname IS DISTINCT FROM {app}
      AND NOT (p.proname = 'defer_job' AND r.rolname = {tenant})
"""
APPEND_ONLY = """
    SELECT n.nspname, c.relname, g.privilege_type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL aclexplode(c.relacl) g
    JOIN pg_roles r ON r.oid = g.grantee AND r.rolname = n.nspname
    WHERE c.relname = ANY({append_only}) AND n.nspname IN (SELECT schema_name FROM platform.merchant)
      AND c.relacl IS NOT NULL AND g.grantee <> c.relowner AND g.privilege_type NOT IN ('SELECT', 'INSERT')
    UNION ALL
    SELECT n.nspname, c.relname || '.' || a.attname, g.privilege_type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL aclexplode(a.attacl) g
    JOIN pg_roles r ON r.oid = g.grantee AND r.rolname = n.nspname
    WHERE c.relname = ANY({append_only}) AND n.nspname IN (SELECT schema_name FROM platform.merchant)
      AND a.attacl IS NOT NULL AND g.privilege_type NOT IN ('SELECT', 'INSERT')
"""
PLATFORM_APPEND_ONLY = """
    SELECT c.relname, g.privilege_type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'platform'
    CROSS JOIN LATERAL aclexplode(c.relacl) g
    JOIN pg_roles r ON r.oid = g.grantee AND r.rolname = {app}
    WHERE c.relname = 'operator_action' AND g.privilege_type NOT IN ('SELECT', 'INSERT')
"""
SET_CONFIG_IS_OPEN = """
    SELECT p.proname FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'pg_catalog'
    WHERE p.proname = 'set_config' AND has_function_privilege({tenant}, p.oid, 'EXECUTE')
"""


def check_platform(control: URL, append_only: Iterable[str]) -> list[Finding]:
    """What the catalogue proves: no orphans, no foreign rights, append-only tables, the version."""
    questions: list[tuple[LiteralString, str, bool]] = [
        (SCHEMAS_WITHOUT_MERCHANT, "{0}: a schema that no merchant owns", True),
        (ROLES_WITHOUT_MERCHANT, "{0}: a role that no merchant owns", True),
        (MERCHANTS_WITHOUT_SCHEMA, "{0}: its schema {1} is missing", True),
        (MERCHANTS_WITHOUT_ROLE, "{0}: its role {1} is missing, or may log in", True),
        (ROLE_ATTRIBUTES, "{0}: a role with more than ordinary powers", True),
        (APP_INHERITS, "{0}: the app's role inherits its rights without a binding", True),
        (FOREIGN_SCHEMAS, "{0}: holds {2} on the schema {1}", True),
        (FOREIGN_TABLES, "{0}: holds {2} on {1}", True),
        (INHERITED, "{0}: is a member of {1}", True),
        (OUTSIDE, "{0}: may enter {1} without a binding", True),
        (GROUP_IN_PLATFORM, "{0}: holds {2} on the platform's {1}", True),
        (APPEND_ONLY, "{0}: may {2} in {1}, which is append-only", True),
        (PLATFORM_APPEND_ONLY, "the app: may {1} in the platform's {0}, which is append-only", True),
        (
            SET_CONFIG_IS_OPEN,
            "{0}: a merchant's role may call it, and so leave its binding by a SELECT",
            False,
        ),
    ]
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
            for question, words, is_error in questions
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


LEDGER = (
    Proof(
        """
        SELECT b.id, b.balance, COALESCE(SUM(e.units), 0)
        FROM enrolment b LEFT JOIN entry e ON e.enrolment_id = b.id
        GROUP BY b.id, b.balance HAVING b.balance <> COALESCE(SUM(e.units), 0)
        """,
        "enrolment {0}: balance {1}, but its entries sum to {2}",
    ),
    Proof(
        """
        SELECT r.id, r.status FROM reward r
        WHERE r.status IN ('issued', 'fulfilled') AND NOT EXISTS (
            SELECT FROM entry e
            WHERE e.reward_id = r.id AND e.kind = 'redeem' AND e.units < 0 AND e.enrolment_id = r.enrolment_id
        )
        """,
        "reward {0}: {1}, but no entry paid for it",
    ),
    Proof(
        """
        SELECT r.id, COUNT(*) FROM reward r JOIN entry e ON e.reward_id = r.id AND e.kind = 'redeem'
        GROUP BY r.id HAVING COUNT(*) > 1
        """,
        "reward {0}: paid for {1} times",
    ),
    Proof(
        """
        SELECT r.id, r.status FROM reward r JOIN entry e ON e.reward_id = r.id AND e.kind = 'redeem'
        JOIN entry v ON v.reverses_id = e.id WHERE r.status IN ('issued', 'fulfilled')
        """,
        "reward {0}: {1}, but what it cost was given back",
    ),
    Proof(
        """
        SELECT reverses_id, COUNT(*) FROM entry WHERE reverses_id IS NOT NULL
        GROUP BY 1 HAVING COUNT(*) > 1
        """,
        "entry {0}: reversed {1} times",
    ),
    Proof(
        """
        SELECT v.id, e.id FROM entry v JOIN entry e ON e.id = v.reverses_id
        WHERE v.units <> -e.units OR v.enrolment_id <> e.enrolment_id OR v.kind <> 'reverse'
        """,
        "entry {0}: is no exact reversal of {1}",
    ),
    Proof(
        """
        SELECT v.id FROM entry v
        WHERE v.reverses_id IS NOT NULL AND NOT EXISTS (SELECT FROM entry e WHERE e.id = v.reverses_id)
        """,
        "entry {0}: reverses an entry that is not there",
    ),
    Proof(
        """
        SELECT e.id, e.cause_id FROM entry e
        WHERE e.cause = 'purchase' AND NOT EXISTS (SELECT FROM purchase p WHERE p.id = e.cause_id)
        """,
        "entry {0}: caused by the purchase {1}, which is not there",
    ),
    Proof(
        """
        SELECT b.id, b.balance, SUM(l.units_left)
        FROM enrolment b JOIN program p ON p.id = b.program_id JOIN lot l ON l.enrolment_id = b.id
        WHERE p.kind <> 'stamp_card'
        GROUP BY b.id, b.balance HAVING SUM(l.units_left) > GREATEST(b.balance, 0)
        """,
        "enrolment {0}: balance {1}, but its lots hold {2}",
    ),
    Proof(
        """
        SELECT r.id, -SUM(e.units), c.units
        FROM reward r
        JOIN entry e ON e.enrolment_id = r.enrolment_id AND e.reward_id = r.id AND e.kind = 'redeem'
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM((piece ->> 'units')::bigint), 0) AS units FROM jsonb_array_elements(r.cost_pieces) piece
        ) c
        WHERE r.cost_pieces IS NOT NULL
        GROUP BY r.id, c.units HAVING -SUM(e.units) <> c.units
        """,
        "reward {0}: cost {1}, but its pieces hold {2}",
    ),
    Proof(
        """
        SELECT p.id, p.amount_minor, SUM(l.net_minor)
        FROM purchase p JOIN purchase_line l ON l.purchase_id = p.id
        GROUP BY p.id, p.amount_minor HAVING p.amount_minor <> SUM(l.net_minor)
        """,
        "purchase {0}: total {1}, but its lines come to {2}",
    ),
    Proof(
        """
        SELECT p.id, p.amount_minor, SUM(r.amount_minor)
        FROM purchase p JOIN refund r ON r.purchase_id = p.id
        GROUP BY p.id, p.amount_minor HAVING p.amount_minor < SUM(r.amount_minor)
        """,
        "purchase {0}: {1} were charged, but {2} refunded",
    ),
    Proof(
        """
        SELECT l.purchase_id, l.key, l.quantity, SUM(b.quantity)
        FROM purchase_line l JOIN refund r ON r.purchase_id = l.purchase_id
        JOIN refund_line b ON b.refund_id = r.id AND b.key = l.key
        GROUP BY l.purchase_id, l.key, l.quantity HAVING l.quantity < SUM(b.quantity)
        """,
        "purchase {0}: of line {1} {2} were bought, but {3} returned",
    ),
    Proof(
        """
        SELECT r.id, r.amount_minor, SUM(b.amount_minor)
        FROM refund r JOIN refund_line b ON b.refund_id = r.id
        GROUP BY r.id, r.amount_minor HAVING r.amount_minor <> SUM(b.amount_minor)
        """,
        "refund {0}: {1}, but its lines come to {2}",
    ),
    Proof(
        """
        SELECT e.id, e.cause_id FROM entry e
        WHERE e.cause = 'refund' AND NOT EXISTS (SELECT FROM refund r WHERE r.id = e.cause_id)
        """,
        "entry {0}: caused by the refund {1}, which is not there",
    ),
    Proof(
        """
        SELECT enrolment_id, SUM(units) FROM qualification GROUP BY 1 HAVING SUM(units) < 0
        """,
        "enrolment {0}: {1} qualifying units are fewer than none",
    ),
    Proof(
        """
        WITH standing AS (
            SELECT u.coupon_id, u.member_id, c.period || ' ' || to_char(
                date_trunc(c.period, u.used_at AT TIME ZONE c.time_zone), 'YYYY-MM-DD'
            ) AS period
            FROM coupon_use u JOIN coupon c ON c.id = u.coupon_id WHERE u.given_back_at IS NULL
        ), counted AS (
            SELECT coupon_id, 'all' AS key, COUNT(*) AS uses FROM standing GROUP BY 1
            UNION ALL SELECT coupon_id, period, COUNT(*) FROM standing GROUP BY 1, 2
            UNION ALL SELECT coupon_id, 'member ' || member_id, COUNT(*) FROM standing
            WHERE member_id IS NOT NULL GROUP BY 1, 2
            UNION ALL SELECT coupon_id, period || ' ' || member_id, COUNT(*) FROM standing
            WHERE member_id IS NOT NULL GROUP BY 1, 2
        )
        SELECT k.coupon_id, k.key, k.used, COALESCE(n.uses, 0)
        FROM coupon_counter k LEFT JOIN counted n ON n.coupon_id = k.coupon_id AND n.key = k.key
        WHERE k.used <> COALESCE(n.uses, 0)
        """,
        "coupon {0}: counts {2} uses under {1}, but {3} stand",
    ),
    Proof(
        """
        SELECT c.id, c.state, COUNT(u.id)
        FROM coupon_code c LEFT JOIN coupon_use u ON u.code_id = c.id AND u.given_back_at IS NULL
        GROUP BY c.id, c.state HAVING COUNT(u.id) <> CASE c.state WHEN 'used' THEN 1 ELSE 0 END
        """,
        "coupon code {0}: {1}, but {2} uses of it stand",
    ),
)
