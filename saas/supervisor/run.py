"""A run: everything is started in its order, watched, and stopped in the opposite one."""

import http.client
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from saas.db.embedded import EmbeddedError, EmbeddedServer
from saas.supervisor.addresses import address, bracketed, reachable
from saas.supervisor.child import PROJECT, Child
from saas.supervisor.conditions import RunError, require_database, require_free_port, require_secret
from saas.supervisor.stand_in import with_stand_in
from saas.supervisor.steps import cli, command, say, step

DATABASE = "regulars"
READY_SECONDS = 120.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """A signal to stop came: raised wherever the run is at that moment."""


def main() -> int:
    """Run by the environment: PORT, HOST, REGULARS_DATA, DATABASE_URL; the exit code."""
    port = os.environ.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit():
        print(f"PORT is {port!r}; it must be a number, such as PORT=8000.", file=sys.stderr)
        return 1
    data_dir = Path(os.environ.get("REGULARS_DATA") or PROJECT / ".data").expanduser().absolute()
    host = os.environ.get("HOST") or "127.0.0.1"
    return supervise(os.environ, int(port), host, data_dir, os.environ.get("DATABASE_URL") or None)


def supervise(
    settings_env: Mapping[str, str], port: int, host: str, data_dir: Path, database_url: str | None
) -> int:
    """Run everything until a signal comes (0) or a part dies (1)."""
    for number in STOP_SIGNALS:
        signal.signal(number, _request_stop)
    children: list[Child] = []
    server = None if database_url else EmbeddedServer(data_dir / "postgresql")
    code = 0
    try:
        require_secret(settings_env, host)
        require_free_port(host, port)
        if server is not None:
            with step("Starting PostgreSQL"):
                server.start()
                server.ensure_database(DATABASE)
            database_url = server.url(DATABASE)
        require_database(str(database_url))
        environment = _environment(settings_env, port, host, data_dir, str(database_url))
        environment = with_stand_in(environment, children)
        development = environment["REGULARS_ENV"] != "production"
        command("Preparing the database", environment, "migrate")
        if development:
            command("Filling the demo, if the database is empty", environment, "demo", "--if-empty")
        with step("Starting web and worker"):
            children.append(Child("worker", [sys.executable, "-m", "saas.cli", "worker"], environment))
            children.append(Child("web", _gunicorn(host, port), environment))
            _wait_until_ready(host, port, children)
        say(f"\nRegulars is at {address(host, port)}\n")
        if development:
            cli(environment, "demo", "--print")
        say("Ctrl-C stops it.")
        _watch(children, server)
    except StopRequested:
        say("\nStopping…")
    except (RunError, EmbeddedError) as error:
        print(f"\n{error}" if children else str(error), file=sys.stderr, flush=True)
        code = 1
    finally:
        hurry = threading.Event()
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: hurry.set())
        for child in reversed(children):
            child.stop(hurry)
        if server is not None:
            server.stop()
    return code


def _request_stop(*_: object) -> NoReturn:
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise StopRequested


def _environment(
    settings_env: Mapping[str, str], port: int, host: str, data_dir: Path, database_url: str
) -> dict[str, str]:
    return {
        **settings_env,
        "DATABASE_URL": database_url,
        "HOST": host,
        "PORT": str(port),
        "REGULARS_DATA": str(data_dir),
        "REGULARS_ENV": settings_env.get("REGULARS_ENV") or "development",
        "PYTHONUNBUFFERED": "1",
    }


def _gunicorn(host: str, port: int) -> list[str]:
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"{bracketed(host)}:{port}"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "8"]
    command += ["--no-control-socket", "--log-level", "warning"]
    # A worker's sign of life is a file: on a slow disk it would be taken for dead.
    memory = Path("/dev") / "shm"
    if os.access(memory, os.W_OK | os.X_OK):
        command += ["--worker-tmp-dir", str(memory)]
    return command


def _wait_until_ready(host: str, port: int, children: Sequence[Child]) -> None:
    here = reachable(host)
    deadline = time.monotonic() + READY_SECONDS
    answer = "nothing"
    while time.monotonic() < deadline:
        require_alive(children)
        connection = http.client.HTTPConnection(here, port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            answer = f"{response.status} {response.read(300).decode(errors='replace')}"
            if response.status == 200:
                return
        except (OSError, http.client.HTTPException) as error:
            answer = str(error)
        finally:
            connection.close()
        time.sleep(0.1)
    raise RunError(f"The web server is not ready after {READY_SECONDS:.0f} s; /readyz says: {answer}")


def require_alive(children: Sequence[Child]) -> None:
    for child in children:
        if not child.is_running():
            raise RunError(child.obituary())


def _watch(children: Sequence[Child], server: EmbeddedServer | None) -> None:
    while True:
        require_alive(children)
        if server is not None and not server.is_running():
            raise RunError(f"PostgreSQL ended by itself: see {server.log_path}, then run again.")
        time.sleep(0.2)
