"""A cluster's folder and what PostgreSQL is told about it: refused where no server of ours could open it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from saas.db.embedded.accounts import Account
from saas.db.embedded.faults import DataFolderError

MAJOR = "18"
PORT = 5432
# Sorted by bytes, but lower() knows Greek and accented letters, as a search by name needs it.
MADE_WITH = (
    *("-U", "postgres", "-A", "trust", "-E", "UTF8", "-k", "--no-instructions"),
    *("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)


def check(cluster: Path, account: Account | None) -> None:
    """Refuse a folder that no server of this version could open."""
    advice = f"Move it away to begin with an empty database: mv '{cluster}' '{cluster}.broken'"
    try:
        version = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError, IsADirectoryError):
        raise DataFolderError(
            f"The data folder {cluster} is broken (no readable PG_VERSION). {advice}"
        ) from None
    if version != MAJOR:
        raise DataFolderError(
            f"The data folder {cluster} was made by PostgreSQL {version or '?'}, this is {MAJOR}. {advice}"
        )
    if not (cluster / "global" / "pg_control").is_file():
        raise DataFolderError(f"The data folder {cluster} is broken (no global/pg_control). {advice}")
    if account is not None and cluster.stat().st_uid != account.uid:
        for folder, _, names in os.walk(cluster):
            for path in [folder, *(os.path.join(folder, name) for name in names)]:
                os.chown(path, account.uid, account.gid, follow_symlinks=False)
    cluster.chmod(0o700)


def is_ready(cluster: Path, pid: int) -> bool:
    """The postmaster writes its own number and, last, its state into its pid file."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def flags(socket_dir: Path, durable: bool) -> Iterator[str]:
    """A server's settings: one socket for us, no network, safe on disk unless it is for tests."""
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(socket_dir),
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
    settings |= dict.fromkeys(durability, "on" if durable else "off")
    for name, value in settings.items():
        yield "-c"
        yield f"{name}={value}"


def environment() -> dict[str, str]:
    """Ours without what would steer PostgreSQL elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
