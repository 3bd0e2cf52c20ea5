"""The lean way: bound like any transaction, all or nothing, and a pool that is clean whatever happened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.engine import URL

from saas.db import PLATFORM, db, transaction
from saas.db.lean import LeanLineLost, lean, numbered
from saas.db.migrations import connect
from saas.merchants.registry import Record
from tenants.locations.models import Location

Within = Callable[[Record], AbstractContextManager[None]]
NEW = "INSERT INTO location (id, name, address, opening_hours, is_active, created_at)"
VALUES = " VALUES (gen_random_uuid(), %s, '', '{}', true, now())"


def divide(merchant: Record) -> None:
    """A statement fails between others that are sent with it."""
    with lean(merchant.binding) as work:
        work.ask(NEW + VALUES, ("Gone",))
        work.ask("SELECT 1 / %s::int", (0,))
        work.ask("SELECT 1")
        work.done()


def leave(merchant: Record) -> None:
    """Our own code fails while something is queued and not sent."""
    with lean(merchant.binding) as work:
        work.ask(NEW + VALUES, ("Gone too",))
        raise LookupError


def lose(merchant: Record, control_url: URL) -> None:
    """The line breaks in the middle."""
    with lean(merchant.binding) as work:
        work.ask("SELECT pg_backend_pid()")
        *_, [(pid,)] = work.answers()
        with connect(control_url) as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        work.ask("SELECT 1")
        work.done()


def names(within: Within, merchant: Record) -> list[str]:
    with within(merchant):
        return list(db.session.scalars(select(Location.name).order_by(Location.name)))


def test_parameters_are_numbered() -> None:
    assert numbered("SELECT %s, '100%', %s") == b"SELECT $1, '100%', $2"


def test_bound_and_committed(app: Flask, within: Within, bakery: Record, florist: Record) -> None:
    before, other = names(within, bakery), names(within, florist)
    with app.app_context(), lean(bakery.binding) as work:
        work.ask(NEW + VALUES, ("Second shop",))
        work.ask("SELECT current_setting('role'), current_setting('search_path')")
        *_, [(role, path)] = work.answers()
        work.done()
    assert role == path == bakery.schema_name
    assert names(within, bakery) == sorted([*before, "Second shop"])
    assert names(within, florist) == other


def test_a_fact_of_the_platform_comes_with_the_binding(app: Flask, bakery: Record) -> None:
    fact = ("SELECT name FROM platform.merchant WHERE slug = %s", (bakery.slug,))
    with app.app_context(), lean(bakery.binding, fact) as work:
        _, [[*_, name]] = work.answers()
        work.ask("SELECT 1 FROM platform.merchant")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            work.answers()
    assert name == bakery.name


def test_without_done_nothing_is_kept(app: Flask, within: Within, bakery: Record) -> None:
    before = names(within, bakery)
    with app.app_context(), lean(bakery.binding) as work:
        work.ask(NEW + VALUES, ("Gone",))
        work.answers()
    assert names(within, bakery) == before


def test_an_error_takes_everything_back_and_spoils_no_connection(
    app: Flask, within: Within, bakery: Record
) -> None:
    before = names(within, bakery)
    with app.app_context():
        with pytest.raises(psycopg.errors.DivisionByZero):
            divide(bakery)
        with pytest.raises(LookupError):
            leave(bakery)
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a pool that queues counts
        with transaction(PLATFORM):
            assert db.session.scalar(select(func.current_setting("search_path"))) == "platform"
    assert names(within, bakery) == before


def test_a_lost_line_says_so(app: Flask, control_url: URL, bakery: Record) -> None:
    with app.app_context(), pytest.raises(LeanLineLost):
        lose(bakery, control_url)
    with app.app_context(), transaction(PLATFORM):
        assert db.session.scalar(select(func.count()).select_from(select(1).subquery())) == 1
