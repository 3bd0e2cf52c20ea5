"""Migrating all merchants: one alone first, then several at a time; a failure is reported and taken up again."""

from __future__ import annotations

import re

import pytest

from saas.config import ROOT
from saas.db import migrations, provisioning, rendering
from saas.db.migrations import connect

SECRET = "development-only-secret-that-production-refuses"
STEP = "ALTER TABLE location ADD COLUMN note text; UPDATE schema_version SET version_num = 'next';"


@pytest.fixture
def control(new_database):
    url = new_database("regulars_migrations")
    provisioning.prepare(url, SECRET)
    return url


@pytest.fixture
def merchants(control):
    """Five merchants, the oldest first."""
    schemas = [provisioning.new_schema_name() for _ in range(5)]
    with connect(control) as connection:
        for number, schema in enumerate(schemas):
            provisioning.provision(control, schema)
            connection.execute(
                "INSERT INTO platform.merchant (id, slug, schema_name, name, category, country, currency, time_zone,"
                " language, languages, status, brand_colour, member_contact, is_contact_required,"
                " is_counter_code_on, is_member_code_on, created_at) VALUES (gen_random_uuid(), %s, %s, 'Shop', 'cafe',"
                " 'GR', 'EUR', 'UTC', 'en', '[]', 'active', '#0f766e', 'any', false, true, true,"
                " now() + make_interval(secs => %s))",
                [f"shop-{number}", schema, number],
            )
    return schemas


@pytest.fixture
def before():
    """The newest version there really is."""
    return migrations.head("tenant")


@pytest.fixture
def next_version(before, monkeypatch):
    """A newer version of the tenant history."""
    monkeypatch.setattr(migrations, "head", lambda history: "next")
    monkeypatch.setattr(migrations, "tenant_sql", lambda schema, start=None: STEP)


def spoil(control, schema):
    """Make the next version impossible in one schema."""
    with connect(control) as connection:
        connection.execute(f"ALTER TABLE {schema}.location ADD COLUMN note text")


def mend(control, schema):
    with connect(control) as connection:
        connection.execute(f"ALTER TABLE {schema}.location DROP COLUMN note")


def test_a_new_schema_is_at_the_head(control, merchants):
    with connect(control) as connection:
        versions = migrations.tenant_versions(connection)
    assert versions == dict.fromkeys(merchants, migrations.head("tenant"))
    assert migrations.migrate_tenants(control).migrated == []


@pytest.mark.usefixtures("next_version")
def test_a_failure_is_reported_the_others_go_on_and_a_second_run_takes_it_up(control, merchants):
    spoil(control, merchants[3])
    said = []
    report = migrations.migrate_tenants(control, progress=lambda *what: said.append(what[:2]))
    assert sorted(report.migrated) == sorted(set(merchants) - {merchants[3]})
    assert list(report.failures) == [merchants[3]]
    assert 'column "note"' in report.failures[merchants[3]]
    assert said[0] == (1, 5)
    assert (5, 5) in said
    mend(control, merchants[3])
    again = migrations.migrate_tenants(control)
    assert (again.migrated, again.failures) == ([merchants[3]], {})
    assert set(again.versions.values()) == {"next"}


@pytest.mark.usefixtures("next_version")
def test_a_failing_first_one_stops_the_run(control, merchants, before):
    spoil(control, merchants[0])
    report = migrations.migrate_tenants(control)
    assert report.migrated == []
    assert list(report.failures) == [merchants[0]]
    with connect(control) as connection:
        assert set(migrations.tenant_versions(connection).values()) == {before}


@pytest.mark.usefixtures("next_version")
def test_a_schema_that_is_locked_is_left_for_the_next_run(control, merchants):
    with connect(control) as holder:
        holder.execute("BEGIN")
        holder.execute(f"SELECT 1 FROM {merchants[2]}.location")
        report = migrations.migrate_tenants(control)
        holder.execute("COMMIT")
    assert list(report.failures) == [merchants[2]]
    assert "lock timeout" in report.failures[merchants[2]]
    assert len(report.migrated) == 4


@pytest.mark.parametrize("history", migrations.HISTORIES)
def test_the_newest_version_is_alembics(history: str) -> None:
    assert migrations.head(history) == rendering.script(history).get_current_head()


def test_a_worker_does_not_carry_alembic_along():
    """Nine megabytes for each, which only migrating and opening a shop need: one module imports it, and that one is
    imported where it is used.
    """
    sources = [path for room in ("saas", "tenants") for path in (ROOT / room).rglob("*.py")]
    asking = {
        path.name: line
        for path in sources
        for line in path.read_text().splitlines()
        if re.match(
            r"(from alembic|import alembic|from saas\.db\.rendering|from saas\.db import .*rendering)", line
        )
    }
    assert set(asking) == {"rendering.py"}
