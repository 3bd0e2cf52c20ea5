"""What every bench stands on: a durable PostgreSQL, gunicorn as in production, clients that write and read bytes."""

from __future__ import annotations

import http.client
import json
import os
import platform
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import URL

from saas.config import DEVELOPMENT_SECRET, ROOT, app_url, psycopg_url
from saas.db import provisioning
from saas.db.embedded import EmbeddedServer

CLIENTS = 8
Message = Callable[[int], bytes]


@dataclass
class Result:
    """What one run of one way came to."""

    rate: float
    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else 0.0


class Rig:
    """A database of its own that keeps what is committed (fsync, full_page_writes, synchronous_commit on)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = EmbeddedServer(folder / "data", durable=True)

    def start(self) -> None:
        self.server.start()
        self.server.ensure_database("bench")
        self.control: URL = psycopg_url(self.server.url("bench"))
        provisioning.prepare(self.control, DEVELOPMENT_SECRET)

    def stop(self) -> None:
        self.server.stop()

    def connect(self, role: str | None = None) -> psycopg.Connection[Any]:
        url = self.control.set(username=role) if role else self.control
        return psycopg.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
        )


class Web:
    """gunicorn with two workers of four threads, as in production."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        environ = {
            **os.environ,
            "REGULARS_ENV": "production",
            "REGULARS_SECRET_KEY": "a secret of the bench's own, long enough for production",
            "REGULARS_APP_DATABASE_URL": app_url(rig.control, DEVELOPMENT_SECRET).render_as_string(
                hide_password=False
            ),
            "DATABASE_URL": rig.control.render_as_string(hide_password=False),
            "REGULARS_BASE_URL": f"https://127.0.0.1:{self.port}",
            "REGULARS_SMTP_URL": "smtp://127.0.0.1:1",  # no mail is sent
            "REGULARS_TRUSTED_PROXIES": "0",
        }
        command = ["gunicorn", "wsgi:app", "-k", "gthread", "-w", "2", "--threads", "4", "--keep-alive", "60"]
        log = (rig.folder / "web.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command, "-b", f"127.0.0.1:{self.port}"],
            cwd=ROOT,
            env=environ,
            stdout=log,
            stderr=log,
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError((self.rig.folder / "web.log").read_text()[-2000:])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def worker_memory(self) -> list[float]:
        """Resident memory of each worker, in MB."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [memory(int(pid), "VmRSS") for pid in children]

    def get(self, path: str, cookie: str) -> tuple[int, list[tuple[str, str]], str]:
        """One page, read to its end: its status, its headers, its text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read().decode()

    def drive(self, seconds: float, message: Message, expected: int, clients: int = CLIENTS) -> Result:
        """Send messages, numbered from 0 on, by some clients at once for a while; each waits for its answer."""
        result, lock = Result(0.0), threading.Lock()
        until = time.perf_counter() + seconds

        def client(number: int) -> None:
            latencies, failures, turn = [], 0, 0
            with socket.create_connection(("127.0.0.1", self.port)) as line:
                while time.perf_counter() < until:
                    content = message(turn * clients + number)
                    turn += 1
                    started = time.perf_counter()
                    line.sendall(content)
                    status = read_answer(line)
                    latencies.append(time.perf_counter() - started)
                    failures += status != expected
            with lock:
                result.latencies += latencies
                result.failures += failures

        threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        result.rate = len(result.latencies) / seconds
        return result


def request(method: str, path: str, headers: str = "", body: str = "") -> bytes:
    """A request as bytes: http.client would cost as much as the page that is measured. `headers` end with CR LF."""
    content = body.encode()
    length = f"Content-Length: {len(content)}\r\n" if method != "GET" else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n{headers}{length}\r\n"
    return head.encode() + content


def read_answer(line: socket.socket) -> int:
    """Read one answer to its end; its status."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(line)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if length is None:
        raise RuntimeError(f"no length in {head!r}")
    missing = int(length.group(1)) - len(body)
    while missing > 0:
        missing -= len(_more(line))
    return int(head.split(b" ", 2)[1])


def _more(line: socket.socket) -> bytes:
    data = line.recv(65536)
    if not data:
        raise RuntimeError("the web server closed the connection")
    return data


def memory(pid: int, name: str) -> float:
    """A figure of /proc/<pid>/status, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def table(titles: dict[str, str], rows: list[dict[str, Any]]) -> list[str]:
    """Rows as a table in Markdown; `titles` are the columns by the names of their values."""
    lines = ["| " + " | ".join(titles.values()) + " |", "|" + "---|" * len(titles)]
    return lines + ["| " + " | ".join(str(one[name]) for name in titles) + " |" for one in rows]


def tell(report: dict[str, Any], text: str, file: Path | None) -> None:
    """Print the tables, and the same as JSON to a file or below them."""
    print(text)
    if file:
        file.write_text(json.dumps(report, indent=2) + "\n")
    else:
        print(json.dumps(report))
