"""The real thing for browsers: PostgreSQL, gunicorn and a worker of this process, and shops to walk into."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import BrowserContext
from sqlalchemy.engine import URL

from saas.billing.local_stripe.server import StandIn
from saas.config import ROOT, psycopg_url
from saas.db import db, provisioning, transaction
from saas.db.embedded import EmbeddedServer
from saas.merchants import registry
from saas.merchants.registry import Record
from tests.factories import cast

SECRET = "development-only-secret-that-production-refuses"


@dataclass(frozen=True)
class Live:
    """A running service: where it answers, an app on the same database for preparing and looking, and its Stripe."""

    url: str
    app: Flask
    control: URL
    stand_in: StandIn


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Web and worker as in production, on a throwaway PostgreSQL, once for the process."""
    with (
        EmbeddedServer(Path(tmp_path_factory.mktemp("postgres")), durable=False) as server,
        StandIn(tmp_path_factory.mktemp("stripe") / "stripe.sqlite", after_retries="unpaid") as stand_in,
    ):
        server.ensure_database("live")
        control = psycopg_url(server.url("live"))
        provisioning.prepare(control, SECRET)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environ = {
            **os.environ,
            "REGULARS_ENV": "development",
            "DATABASE_URL": control.render_as_string(hide_password=False),
            "REGULARS_BASE_URL": url,
            "REGULARS_WEBHOOK_LOOPBACK": "1",
            "REGULARS_STRIPE_URL": stand_in.url,
            "STRIPE_WEBHOOK_SECRET": "whsec_of_the_browser_tests",
        }
        stand_in.listen(f"{url}/webhooks/stripe", "whsec_of_the_browser_tests")
        log = (tmp_path_factory.mktemp("logs") / "web.log").open("w")
        commands = [
            [
                "-m",
                "gunicorn",
                "wsgi:app",
                "-k",
                "gthread",
                "-w",
                "1",
                "--threads",
                "4",
                "-b",
                f"127.0.0.1:{port}",
            ],
            ["-m", "saas.cli", "worker"],
        ]
        running = [
            subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environ, stdout=log, stderr=log)
            for command in commands
        ]
        try:
            wait_ready(url, running[0], Path(log.name))
            from saas.app import create_app
            from tenants.rooms import blueprints

            app = create_app(blueprints(), {**environ, "REGULARS_ENV": "testing"})
            yield Live(url, app, control, stand_in)
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()
        finally:
            for process in running:
                process.terminate()
            for process in running:
                gone(process)
            log.close()


def gone(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was told to stop; a busy machine takes longer than any of the tests' business allows."""
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_ready(url: str, web: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if web.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the web server did not become ready:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
    ]
    executable = os.environ.get("E2E_CHROMIUM")
    options = {**browser_type_launch_args, "args": arguments}
    return {**options, "executable_path": executable} if executable else options


@pytest.fixture(scope="session")
def base_url(live: Live) -> str:
    return live.url


@pytest.fixture(autouse=True)
def _fresh_registry() -> None:
    registry.forget_all()


@pytest.fixture
def bakery(live: Live) -> Record:
    """A bakery in Greece with an owner, a manager and a cashier, and nothing else."""
    return cast.open_shop(live.app, live.control, "Bakery", "bakery", "GR", "EUR", "Europe/Athens")


@pytest.fixture
def florist(live: Live) -> Record:
    return cast.open_shop(live.app, live.control, "Florist", "florist", "SE", "SEK", "Europe/Stockholm")


@pytest.fixture
def within(live: Live) -> Callable[[Record], AbstractContextManager[None]]:
    """Opens an app context and a transaction in a merchant's schema."""

    @contextmanager
    def enter(merchant: Record) -> Iterator[None]:
        with live.app.app_context(), transaction(merchant.binding):
            yield

    return enter


@pytest.fixture
def log_in(live: Live) -> Callable[[BrowserContext, Record, str], None]:
    """Logs a browser in as a merchant's owner, manager or cashier."""

    def enter(context: BrowserContext, merchant: Record, role: str) -> None:
        token = cast.session_cookie(live.app, merchant, role)
        context.add_cookies([{"name": "session", "value": token, "url": live.url}])

    return enter


def database(live: Live) -> psycopg.Connection[Any]:
    address = live.control.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)
