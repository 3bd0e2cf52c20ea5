"""Commands as steps that are shown while they run, with the seconds that they take."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping

from saas.supervisor.child import PROJECT
from saas.supervisor.conditions import RunError


def command(label: str, environment: Mapping[str, str], *arguments: str) -> None:
    """A command of ours as one step; its words are shown only when it fails."""
    with step(label):
        outcome = cli(environment, *arguments, captured=True)
    if outcome.returncode != 0:
        lines = "".join(f"\n  {line}" for line in outcome.stdout.splitlines()[-15:])
        raise RunError(f"{label} failed (regulars {' '.join(arguments)}):{lines}")


def cli(
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
def step(label: str) -> Iterator[None]:
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


def say(words: str) -> None:
    print(words, flush=True)
