"""A process of ours: its lines are shown, it is stopped with us, and its end is told."""

import collections
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 10.0
PROJECT = Path(__file__).resolve().parents[2]


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
