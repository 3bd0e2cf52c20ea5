"""What all tests share: a throwaway PostgreSQL for the process, the app on it, and a cast of shops and roles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import URL

from saas.config import psycopg_url
from saas.db import db, provisioning, transaction
from saas.db.embedded import EmbeddedServer
from saas.merchants import registry
from saas.merchants.registry import Record
from saas.web import throttle
from saas.web.clock import utcnow
from tests.factories import cast
from tests.factories.schemas import Schemas
from tests.saas.billing import checked


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The address of a PostgreSQL of this process; `TEST_DATABASE_URL` names another server instead."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield psycopg_url(given)
        return
    with EmbeddedServer(Path(tmp_path_factory.mktemp("postgres")), durable=False) as server:
        yield psycopg_url(server.url())


@pytest.fixture(scope="session")
def new_database(server_url: URL) -> Callable[[str], URL]:
    """Makes an empty database on this process's server."""

    def make(name: str) -> URL:
        name = f"{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        address = server_url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        return server_url.set(database=name)

    return make


def environ_for(control: URL) -> dict[str, str]:
    return {
        "REGULARS_ENV": "testing",
        "DATABASE_URL": control.render_as_string(hide_password=False),
        "REGULARS_BASE_URL": "http://localhost",
    }


@pytest.fixture(scope="session")
def control_url(new_database: Callable[[str], URL]) -> URL:
    url = new_database("regulars_test")
    provisioning.prepare(url, "development-only-secret-that-production-refuses")
    return url


@pytest.fixture(scope="session")
def app(control_url: URL) -> Iterator[Flask]:
    from saas.app import create_app
    from tenants.rooms import blueprints

    app = create_app(blueprints(), environ_for(control_url))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def _one_throttle_window() -> Iterator[None]:
    """Throttles count in the window in which the tests began, so that none turns over in the middle of a test."""
    from tenants.card import stamps

    began, real = utcnow(), throttle.window
    with pytest.MonkeyPatch.context() as patch:
        for module in (throttle, stamps):
            patch.setattr(module, "window", lambda _now, seconds: real(began, seconds))
        yield


@pytest.fixture(autouse=True)
def _fresh_registry() -> None:
    registry.forget_all()


@pytest.fixture(scope="session")
def schemas(control_url: URL) -> Schemas:
    """The schemas that one test leaves to the next."""
    return Schemas(control_url)


@pytest.fixture
def bakery(app: Flask, control_url: URL, schemas: Schemas) -> Iterator[Record]:
    """A bakery in Greece with an owner, a manager and a cashier, and nothing else; gone when the test is over."""
    shop = cast.open_shop(
        app, control_url, "Bakery", "bakery", "GR", "EUR", "Europe/Athens", schema=schemas.take()
    )
    yield shop
    schemas.give_back(shop)


@pytest.fixture
def florist(app: Flask, control_url: URL, schemas: Schemas) -> Iterator[Record]:
    """A florist in Sweden with an owner, a manager and a cashier, and nothing else; gone when the test is over."""
    shop = cast.open_shop(
        app, control_url, "Florist", "florist", "SE", "SEK", "Europe/Stockholm", schema=schemas.take()
    )
    yield shop
    schemas.give_back(shop)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which nobody is logged in."""
    return app.test_client()


@pytest.fixture
def as_role(app: Flask) -> Callable[[Record, str], FlaskClient]:
    """Gives a browser in which the merchant's owner, manager or cashier is logged in."""

    def log_in(merchant: Record, role: str) -> FlaskClient:
        return cast.logged_in(app, merchant, role)

    return log_in


@pytest.fixture
def within(app: Flask) -> Callable[[Record], AbstractContextManager[None]]:
    """Opens an app context and a transaction in a merchant's schema."""

    @contextmanager
    def enter(merchant: Record) -> Iterator[None]:
        with app.app_context(), transaction(merchant.binding):
            yield

    return enter


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(StripeReport(), "stripe report")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of pytest-xdist hands its counts to the one that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["stripe_checked"] = dict(checked.calls)


class StripeReport:
    """Says at the end of the run how much of what is asked of Stripe was checked."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        checked.add(getattr(node, "workeroutput", {}).get("stripe_checked", {}))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if checked.calls:
            terminalreporter.write_line(checked.line(checked.calls))
