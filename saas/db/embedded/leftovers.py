"""What a killed owner left running in a cluster: found by its working folder, and stopped."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from saas.db.embedded.faults import AlreadyRunningError

STOP_SECONDS = 10.0


def stop_leftover(cluster: Path) -> None:
    """Stop what a killed owner left running in the cluster: postmaster and, without one, its backends."""
    recorded = recorded_pid(cluster)
    leftovers = postgres_in(cluster, recorded)
    if recorded in leftovers:
        end([recorded], signal.SIGINT, STOP_SECONDS, cluster)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        leftovers = postgres_in(cluster, recorded)
        if leftovers:
            end(leftovers, number, STOP_SECONDS / 2, cluster)
    if postgres_in(cluster, recorded):
        raise AlreadyRunningError(
            f"A PostgreSQL (process {recorded}) still runs on {cluster} and does not stop."
        )


def recorded_pid(cluster: Path) -> int | None:
    try:
        return abs(int((cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]))
    except (OSError, ValueError):
        return None


def postgres_in(cluster: Path, recorded: int | None) -> list[int]:
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


def end(pids: list[int], number: int, seconds: float, cluster: Path) -> None:
    """Signal and wait until none of them is a postgres in the cluster any more."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and set(pids) & set(postgres_in(cluster, pids[0])):
        time.sleep(0.02)
