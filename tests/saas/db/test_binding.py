"""The tenant binding: fails closed, carries nothing over, and a bound transaction can't leave its merchant."""

from __future__ import annotations

import os
import random
from importlib import import_module

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, ProgrammingError

from saas.config import ROOT, Settings
from saas.db import PLATFORM, NestedTransaction, Unbound, configure_engine, db, provisioning, transaction
from saas.web import access
from saas.web.clock import utcnow
from tenants.locations.models import Location
from tests.conftest import environ_for

ROUNDS = int(os.environ.get("BINDING_ROUNDS", "1500"))


def driver(statement: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.session.connection().exec_driver_sql(statement)]


def test_nothing_runs_unbound(app):
    with app.app_context(), pytest.raises(Unbound):
        db.session.execute(select(Location))


@pytest.mark.parametrize(("status", "kept"), [(303, 1), (399, 1), (400, 0), (422, 0), (500, 0)])
def test_what_answers_400_or_more_keeps_nothing(app, bakery, status, kept):
    def run():
        db.session.add(Location(name="Harbour", created_at=utcnow()))
        db.session.flush()
        return "", status

    with app.test_request_context():
        assert access.in_transaction(bakery.binding, run).status_code == status
        with transaction(bakery.binding):
            assert len(db.session.scalars(select(Location).where(Location.name == "Harbour")).all()) == kept


def test_a_transaction_inside_another_is_refused(app, bakery, florist):
    with (
        app.app_context(),
        transaction(bakery.binding),
        pytest.raises(NestedTransaction),
        transaction(florist.binding),
    ):
        pass


def test_each_transaction_sees_its_own_merchant_only(within, bakery, florist):
    for merchant in (bakery, florist, bakery):
        with within(merchant):
            assert [location.name for location in db.session.scalars(select(Location))] == [merchant.name]
            assert driver("SELECT current_user, current_schema()") == [(merchant.schema_name,) * 2]


def test_the_binding_holds_after_a_commit_inside(within, bakery):
    with within(bakery):
        db.session.commit()
        assert driver("SELECT current_schema()") == [(bakery.schema_name,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT set_config('role', 'none', false)",
        "SELECT set_config('search_path', '{other}', true)",
        "SELECT name FROM {other}.location",
        "INSERT INTO {other}.location SELECT * FROM location",
        "SELECT slug FROM platform.merchant",
        "SELECT * FROM platform.procrastinate_jobs",
        "SELECT token_hash FROM platform.user_session",
        "UPDATE entry SET units = 99",
        "DELETE FROM entry",
        "CREATE TABLE mine (id int)",
        "SELECT 1; SELECT 2",
    ],
)
def test_a_bound_transaction_can_not_leave_its_merchant(within, bakery, florist, statement):
    with pytest.raises((ProgrammingError, DBAPIError)), within(bakery):
        driver(statement.format(other=florist.schema_name))
    with within(bakery):
        assert driver("SELECT current_user") == [(bakery.schema_name,)]


def test_the_app_without_a_merchant_has_no_right_in_any(app, bakery):
    with pytest.raises(ProgrammingError, match="permission denied"), app.app_context(), transaction(PLATFORM):
        driver(f"SELECT name FROM {bakery.schema_name}.location")


def test_a_name_that_is_no_schema_is_refused():
    for name in ("platform", "public", 'm_"; DROP', "m_0123"):
        with pytest.raises(ValueError, match="is not a merchant's schema"):
            provisioning.tenant_binding(name)


def test_a_pool_of_one_carries_nothing_over(control_url, bakery, florist):
    """Errors, savepoints, cancels and rollbacks in any order; each transaction sees its own merchant."""
    from flask import Flask

    one = Flask("one")
    configure_engine(one, Settings.from_environ({**environ_for(control_url), "REGULARS_POOL_SIZE": "1"}))
    chance = random.Random(7)
    merchants = {bakery.schema_name: bakery, florist.schema_name: florist}
    with one.app_context():
        for _ in range(ROUNDS):
            merchant = merchants[chance.choice(list(merchants))]
            spoil = chance.choice(["nothing", "error", "savepoint", "cancel", "rollback"])
            try:
                with transaction(merchant.binding):
                    disturb(spoil)
                    assert db.session.scalars(select(Location.name)).all() == [merchant.name]
                    if spoil == "rollback":
                        raise KeyboardInterrupt
            except (DBAPIError, KeyboardInterrupt):
                continue
        db.engine.dispose()


def disturb(spoil: str) -> None:
    if spoil == "error":
        driver("SELECT 1/0")
    if spoil == "cancel":
        driver("SELECT pg_catalog.pg_cancel_backend(pg_catalog.pg_backend_pid())")
    if spoil == "savepoint":
        try:
            with db.session.begin_nested():
                driver("SELECT 1/0")
        except DBAPIError:
            assert db.session.is_active


def test_a_schema_that_fails_half_way_leaves_nothing(control_url, monkeypatch):
    schema = provisioning.new_schema_name()
    monkeypatch.setattr(provisioning, "tenant_sql", lambda name: "CREATE TABLE half (id int); SELECT 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        provisioning.provision(control_url, schema)
    from saas.db.migrations import connect

    with connect(control_url) as connection:
        assert connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [schema]).fetchone() is None
        assert (
            connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone() is None
        )


def test_models_and_migrations_agree(control_url, bakery):
    """What the models say and what the histories made are the same, column by column."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    from saas.db import PlatformBase, TenantBase

    for models in ROOT.glob("*/*/models.py"):
        import_module(".".join(models.relative_to(ROOT).with_suffix("").parts))
    for schema, base in (("platform", PlatformBase), (bakery.schema_name, TenantBase)):
        engine = create_engine(control_url, connect_args={"options": f"-c search_path={schema}"})
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "compare_type": True,
                    "include_name": lambda name, kind, parents: (
                        kind != "table" or not (name.startswith("procrastinate") or name == "schema_version")
                    ),
                },
            )
            assert compare_metadata(context, base.metadata) == []
        engine.dispose()
