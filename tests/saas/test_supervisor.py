"""`regulars run` says in one line why it can't, and stops what it started."""

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from saas.supervisor import Child, RunError, conditions, run, stand_in


@pytest.mark.parametrize(("port", "words"), [(0, "no port 0"), (99999, "no port 99999")])
def test_impossible_port_is_named(port: int, words: str) -> None:
    with pytest.raises(RunError, match=words):
        conditions.require_free_port("127.0.0.1", port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20"])
def test_other_machines_are_let_in_only_with_a_key_of_its_own(host: str) -> None:
    with pytest.raises(RunError, match="REGULARS_SECRET_KEY"):
        conditions.require_secret({}, host)
    conditions.require_secret({"REGULARS_SECRET_KEY": "k" * 40}, host)
    conditions.require_secret({}, "127.0.0.1")


def test_taken_port_is_named_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "PORT_SECONDS", 0.0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RunError, match=rf"Port {port} .* in use.* PORT={port + 1} bin/run"):
            conditions.require_free_port("127.0.0.1", port)


def test_unreachable_database_is_one_line_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="check DATABASE_URL") as caught:
        conditions.require_database(f"postgresql+psycopg://someone:geheim@/shop?host={tmp_path}")
    assert "\n" not in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_child_is_stopped_with_its_own_children() -> None:
    script = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(inner.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    child = Child("stubborn", [sys.executable, "-c", script], os.environ)
    for _ in range(200):
        if child.last_lines:
            break
        threading.Event().wait(0.05)
    hurry = threading.Event()
    hurry.set()
    child.stop(hurry)
    assert child.process.returncode == -signal.SIGKILL
    inner = Path(f"/proc/{child.last_lines[0]}/stat")
    for _ in range(100):  # the signal is sent; a busy machine takes a moment to carry it out
        if _is_gone(inner):
            break
        threading.Event().wait(0.05)
    assert _is_gone(inner)


def _is_gone(stat: Path) -> bool:
    try:
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_dead_child_is_reported_with_its_last_words() -> None:
    child = Child("worker", [sys.executable, "-c", "print('out of beans'); raise SystemExit(7)"], os.environ)
    child.process.wait()
    with pytest.raises(RunError, match=r"(?s)worker process ended by itself, code 7.*out of beans"):
        run.require_alive([child])
    child.stop(threading.Event())


@pytest.mark.parametrize(
    ("given", "needs"),
    [
        ({}, True),
        ({"REGULARS_ENV": "production"}, False),
        ({"STRIPE_SECRET_KEY": "sk_test_1"}, False),
        ({"REGULARS_STRIPE_URL": "http://127.0.0.1:1"}, False),
        ({"REGULARS_BILLING": "off"}, False),
    ],
)
def test_who_pays_in_play_money(given, needs):
    assert stand_in.needs_stand_in({"REGULARS_ENV": "development", **given}) is needs


def test_web_worker_and_stand_in_share_a_secret():
    told = stand_in.stand_in_environment({"REGULARS_DATA": "/data"}, 4242)
    assert told["REGULARS_STRIPE_URL"] == "http://127.0.0.1:4242"
    assert told == stand_in.stand_in_environment({"REGULARS_DATA": "/data"}, 4242)
    assert told != stand_in.stand_in_environment({"REGULARS_DATA": "/other"}, 4242)
