"""What the catalogue proves of rights: questions whose every row is something that is not as it must be."""

from __future__ import annotations

from typing import LiteralString

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

# Each with its words, which the columns of a row fill, and whether a row is an error or a warning.
QUESTIONS: tuple[tuple[LiteralString, str, bool], ...] = (
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
)
