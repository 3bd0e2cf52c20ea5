"""What `regulars run` does: database, migrations, demo, web server and worker, started and stopped as one."""

import collections
import contextlib
import errno
import hashlib
import http.client
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import psycopg

from saas.db.embedded import EmbeddedError, EmbeddedServer

PROJECT = Path(__file__).resolve().parent.parent
DATABASE = "regulars"
PORT_SECONDS = 2.0
READY_SECONDS = 120.0
STOP_SECONDS = 10.0
OLDEST_POSTGRESQL = 15
LOOPBACK = ("127.0.0.1", "::1", "localhost")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class RunError(Exception):
    """The service can't run; the message says why and what to do."""


class StopRequested(BaseException):
    """A signal to stop came: raised wherever the supervisor is at that moment."""


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
        _require_secret(settings_env, host)
        _require_free_port(host, port)
        if server is not None:
            with _step("Starting PostgreSQL"):
                server.start()
                server.ensure_database(DATABASE)
            database_url = server.url(DATABASE)
        _require_database(str(database_url))
        environment = _environment(settings_env, port, host, data_dir, str(database_url))
        environment = _with_stand_in(environment, children)
        development = environment["REGULARS_ENV"] != "production"
        _command("Preparing the database", environment, "migrate")
        if development:
            _command("Filling the demo, if the database is empty", environment, "demo", "--if-empty")
        with _step("Starting web and worker"):
            children.append(Child("worker", [sys.executable, "-m", "saas.cli", "worker"], environment))
            children.append(Child("web", _gunicorn(host, port), environment))
            _wait_until_ready(host, port, children)
        _say(f"\nRegulars is at {_address(host, port)}\n")
        if development:
            _cli(environment, "demo", "--print")
        _say("Ctrl-C stops it.")
        _watch(children, server)
    except StopRequested:
        _say("\nStopping…")
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


class Child:
    """A process in a session of its own, whose lines are shown and the last of them kept.

    It is told to stop when we die without stopping it: a watchdog reads until our pipe closes.
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self.last_lines: collections.deque[str] = collections.deque(maxlen=6)
        self.process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        script = 'read -r _; kill -s TERM -- "-$1"; sleep 10; kill -s KILL -- "-$1"'
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", script, "regulars-watchdog", str(self.process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"{name} output", daemon=True)
        self._reader.start()

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process.poll() is None

    def obituary(self) -> str:
        """What it ended with, and its last lines."""
        self._reader.join(1)
        lines = "".join(f"\n  {line}" for line in self.last_lines)
        return (
            f"The {self.name} process ended by itself, code {self.process.returncode}. It said last:{lines}"
        )

    def stop(self, hurry: threading.Event) -> None:
        """Ask it to end; after ten seconds, or at once when in a hurry, end it and its children."""
        self._watchdog.kill()
        self._watchdog.wait()
        if self.is_running():
            self.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while self.is_running() and time.monotonic() < deadline and not hurry.wait(0.05):
            pass
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(1)
        for pipe in (self._watchdog.stdin, self.process.stdout):
            if pipe is not None and not self._reader.is_alive():
                pipe.close()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.last_lines.append(line.rstrip())
            print(f"{self.name}: {line}", end="", flush=True)


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


def needs_stand_in(environment: Mapping[str, str]) -> bool:
    """Whether plans are paid in play money: no key, not in production, not switched off, and no other stand-in."""
    named = ("STRIPE_SECRET_KEY", "REGULARS_STRIPE_URL", "REGULARS_BILLING")
    return environment["REGULARS_ENV"] != "production" and not any(environment.get(name) for name in named)


def stand_in_environment(environment: Mapping[str, str], port: int) -> dict[str, str]:
    """What web and worker are told of the stand-in: its address, and a secret for its events that they share."""
    key = environment.get("REGULARS_SECRET_KEY") or environment["REGULARS_DATA"]
    secret = hashlib.sha256(f"stand-in {key}".encode()).hexdigest()[:40]
    return {"REGULARS_STRIPE_URL": f"http://127.0.0.1:{port}", "STRIPE_WEBHOOK_SECRET": f"whsec_{secret}"}


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _with_stand_in(environment: dict[str, str], children: list[Child]) -> dict[str, str]:
    if not needs_stand_in(environment):
        return environment
    told = {**environment, **stand_in_environment(environment, free_port())}
    children.append(Child("stripe", _stand_in(told), told))
    return told


def _stand_in(environment: Mapping[str, str]) -> list[str]:
    host, port = environment["HOST"], environment["PORT"]
    command = [sys.executable, "-m", "saas.cli", "local-stripe", "--data", environment["REGULARS_DATA"]]
    command += ["--port", environment["REGULARS_STRIPE_URL"].rpartition(":")[2]]
    return [*command, "--webhook", f"{_address(host, int(port))}webhooks/stripe"]


def _gunicorn(host: str, port: int) -> list[str]:
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"{_bracketed(host)}:{port}"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "8"]
    command += ["--no-control-socket", "--log-level", "warning"]
    # A worker's sign of life is a file: on a slow disk it would be taken for dead.
    memory = Path("/dev") / "shm"
    if os.access(memory, os.W_OK | os.X_OK):
        command += ["--worker-tmp-dir", str(memory)]
    return command


def _require_secret(settings_env: Mapping[str, str], host: str) -> None:
    """Whoever knows the key can make counter codes and forms' tokens, and everybody knows the default."""
    if not settings_env.get("REGULARS_SECRET_KEY") and host not in LOOPBACK:
        raise RunError(
            f"HOST={host} lets other machines in, so give this one a key of its own first: "
            "export REGULARS_SECRET_KEY=$(openssl rand -hex 32)"
        )


def _require_free_port(host: str, port: int) -> None:
    """Bind and let go; the grace is for the web server of a run that was killed a moment ago."""
    if not 0 < port < 65536:
        raise RunError(f"There is no port {port}: take one from 1024 to 65535, such as PORT=8000.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise RunError(f"There is no address {host} ({error}): check HOST.") from error
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
                return
            except PermissionError as error:
                raise RunError(f"No permission for port {port}: take one from 1024 on, PORT=8000.") from error
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise RunError(f"This machine has no address {host} to listen at: check HOST.") from error
                if time.monotonic() > deadline:
                    raise RunError(
                        f"Port {port} of {host} is in use: stop the program that listens there, "
                        f"or choose another port: PORT={port + 1} bin/run"
                    ) from error
        time.sleep(0.1)


def _require_database(url: str) -> None:
    """One connection, so that a wrong DATABASE_URL is one line and not a child's traceback."""
    address = url.replace("postgres://", "postgresql://", 1).replace(
        "postgresql+psycopg://", "postgresql://", 1
    )
    try:
        with psycopg.connect(address, connect_timeout=10) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise RunError(f"No PostgreSQL answers, check DATABASE_URL: {reason}") from error
    if version < OLDEST_POSTGRESQL:
        raise RunError(f"DATABASE_URL is a PostgreSQL {version}; {OLDEST_POSTGRESQL} or newer is needed.")


def _wait_until_ready(host: str, port: int, children: Sequence[Child]) -> None:
    here = _reachable(host)
    deadline = time.monotonic() + READY_SECONDS
    answer = "nothing"
    while time.monotonic() < deadline:
        _require_alive(children)
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


def _require_alive(children: Sequence[Child]) -> None:
    for child in children:
        if not child.is_running():
            raise RunError(child.obituary())


def _watch(children: Sequence[Child], server: EmbeddedServer | None) -> None:
    while True:
        _require_alive(children)
        if server is not None and not server.is_running():
            raise RunError(f"PostgreSQL ended by itself: see {server.log_path}, then run again.")
        time.sleep(0.2)


def _command(label: str, environment: Mapping[str, str], *arguments: str) -> None:
    """A command of ours as one step; its words are shown only when it fails."""
    with _step(label):
        outcome = _cli(environment, *arguments, captured=True)
    if outcome.returncode != 0:
        lines = "".join(f"\n  {line}" for line in outcome.stdout.splitlines()[-15:])
        raise RunError(f"{label} failed (regulars {' '.join(arguments)}):{lines}")


def _cli(
    environment: Mapping[str, str], *arguments: str, captured: bool = False
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "saas.cli", *arguments],
        cwd=PROJECT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if captured else None,
        stderr=subprocess.STDOUT if captured else None,
        text=True,
        errors="replace",
        check=False,
    )


@contextlib.contextmanager
def _step(label: str) -> Iterator[None]:
    """Show what takes long and for how long: counting on a terminal, one line when done elsewhere."""
    started = time.monotonic()
    done = threading.Event()
    terminal = sys.stdout.isatty()

    def count() -> None:
        while not done.wait(0.1):
            print(f"\r{label}… {time.monotonic() - started:.1f} s", end="", flush=True)

    counter = threading.Thread(target=count, daemon=True)
    if terminal:
        counter.start()
    try:
        yield
    except BaseException:
        done.set()
        if terminal:
            print()
        raise
    done.set()
    if terminal:
        counter.join()
    print(f"{chr(13) if terminal else ''}{label}… {time.monotonic() - started:.1f} s", flush=True)


def _say(words: str) -> None:
    print(words, flush=True)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _address(host: str, port: int) -> str:
    return f"http://{_bracketed(_reachable(host))}:{port}/"


def _reachable(host: str) -> str:
    """Where a browser on this machine finds it: "all addresses" is none to go to."""
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            return "127.0.0.1" if address.version == 4 else "::1"
    return host
