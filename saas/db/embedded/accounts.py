"""The account that PostgreSQL runs as when we are root, and what the kernel allows it."""

import contextlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saas.db.embedded.faults import DataFolderError, user_name


@dataclass(frozen=True)
class Account:
    """The unprivileged account that PostgreSQL runs as when we are root; it refuses to run as root itself."""

    name: str
    uid: int
    gid: int

    def popen_options(self) -> dict[str, Any]:
        """The arguments of `subprocess.Popen` that make a child drop to this account for good."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def choose(cluster: Path) -> Account | None:
    """As root: the account that already owns the cluster, else `postgres`, else `nobody`."""
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner != os.geteuid():
            raise DataFolderError(
                f"The data folder {cluster} belongs to {user_name(owner)}: run as that account "
                "(or as root), or choose another folder with REGULARS_DATA."
            )
        return None
    candidates: list[int | str] = [owner] if owner else []
    for candidate in [*candidates, "postgres", "nobody"]:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(candidate) if isinstance(candidate, str) else pwd.getpwuid(candidate)
            return Account(found.pw_name, found.pw_uid, found.pw_gid)
    raise DataFolderError("PostgreSQL doesn't run as root and there is no account `nobody` to run it as.")


def can_execute(account: Account | None, path: Path) -> bool:
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
