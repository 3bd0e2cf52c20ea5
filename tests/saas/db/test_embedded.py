"""The embedded PostgreSQL starts, stops, and comes back after every way of dying that we know of."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from saas.db.embedded import AlreadyRunningError, DataFolderError, EmbeddedError, EmbeddedServer

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def used_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one row in it, its server stopped; tests run one after the other on it."""
    folder = tmp_path_factory.mktemp("embedded")
    with EmbeddedServer(folder) as server:
        run(server, "CREATE TABLE visit (id int)")
        run(server, "INSERT INTO visit VALUES (1)")
    return folder


@pytest.fixture
def server(used_folder: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(used_folder) as started:
        yield started


def connect(server: EmbeddedServer) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True)


def run(server: EmbeddedServer, statement: str) -> None:
    with connect(server) as connection:
        connection.execute(statement.encode())


def count(server: EmbeddedServer) -> object:
    with connect(server) as connection:
        row = connection.execute("SELECT count(*) FROM visit").fetchone()
    assert row is not None
    return row[0]


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} still runs")


def test_starts_stops_and_keeps_rows_over_a_restart(server: EmbeddedServer) -> None:
    before, pid = count(server), server.pid
    run(server, "INSERT INTO visit VALUES (2)")
    server.stop()
    wait_until_gone(pid)
    assert not server.is_running()
    server.start()
    assert count(server) == int(str(before)) + 1


def test_settings_are_the_durable_ones(server: EmbeddedServer) -> None:
    names = (
        "fsync",
        "full_page_writes",
        "synchronous_commit",
        "TimeZone",
        "listen_addresses",
        "data_checksums",
    )
    with connect(server) as connection:
        values = [connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in names]
    assert values == [("on",), ("on",), ("on",), ("UTC",), ("",), ("on",)]


def test_sqlalchemy_takes_the_address(server: EmbeddedServer) -> None:
    engine = sqlalchemy.create_engine(server.url())
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    engine.dispose()


def test_killed_postmaster_comes_back_with_its_rows(server: EmbeddedServer) -> None:
    run(server, "INSERT INTO visit VALUES (3)")
    before = count(server)
    with connect(server):
        killed = server.pid
        os.kill(killed, signal.SIGKILL)
        wait_until_gone(killed)
        assert not server.is_running()
        server.start()
    assert count(server) == before


def test_orphan_of_a_killed_owner_is_replaced(used_folder: Path) -> None:
    script = (
        "import os, sys, signal, pathlib\n"
        "from saas.db.embedded import EmbeddedServer\n"
        "server = EmbeddedServer(pathlib.Path(sys.argv[1]))\n"
        "server.start()\n"
        "server._watchdog.kill()\n"
        "print(server.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    owner = subprocess.run(
        [sys.executable, "-c", script, str(used_folder)], capture_output=True, text=True, cwd=PROJECT
    )
    orphan = int(owner.stdout)
    assert Path(f"/proc/{orphan}").exists()
    with EmbeddedServer(used_folder) as server:
        assert server.pid != orphan
        wait_until_gone(orphan)
        count(server)


def test_server_follows_its_killed_owner(used_folder: Path) -> None:
    script = (
        "import os, sys, signal, pathlib\n"
        "from saas.db.embedded import EmbeddedServer\n"
        "server = EmbeddedServer(pathlib.Path(sys.argv[1]))\n"
        "server.start()\n"
        "print(server.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    owner = subprocess.run(
        [sys.executable, "-c", script, str(used_folder)], capture_output=True, text=True, cwd=PROJECT
    )
    wait_until_gone(int(owner.stdout))
    with EmbeddedServer(used_folder) as server:
        count(server)


def test_recycled_number_in_the_pid_file_is_left_alone(used_folder: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        pid_file = used_folder / "cluster" / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{used_folder}/cluster\n1700000000\n5432\n\n\n  1 1\nready   \n")
        with EmbeddedServer(used_folder) as server:
            count(server)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_second_server_on_the_same_folder_is_refused(server: EmbeddedServer, used_folder: Path) -> None:
    with pytest.raises(AlreadyRunningError, match=rf"Already running .*process {os.getpid()}"):
        EmbeddedServer(used_folder).start()
    count(server)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("PG_VERSION", "16\n", "made by PostgreSQL 16"), ("notes.txt", "hello", "no readable PG_VERSION")],
)
def test_broken_folder_is_named(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / name).write_text(content)
    with pytest.raises(DataFolderError, match=words) as caught:
        EmbeddedServer(tmp_path).start()
    assert str(tmp_path / "cluster") in str(caught.value)
    assert "mv " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(EmbeddedError, match="data"):
        EmbeddedServer(tmp_path / "data").start()


def test_long_path_with_odd_letters(tmp_path: Path) -> None:
    folder = tmp_path / "a folder, with + and % and é" / ("x" * 120)
    with EmbeddedServer(folder, durable=False) as server:
        assert run(server, "SELECT 1") is None
        assert len(server.url()) < 200
