"""A shop on a durable PostgreSQL and two web workers, both to be killed, and clients that keep a journal."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from flask import Flask

from saas.config import DEVELOPMENT_SECRET, ROOT, psycopg_url
from saas.db import db, new_id, provisioning, transaction
from saas.db.embedded import EmbeddedServer
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.members import operations as members
from tenants.programs.queries import running
from tests.factories import cast, ledger

MEMBERS = 24
ANSWER_SECONDS = 10
GIVE_UP_SHARE = 0.2


@dataclass
class Journal:
    """What clients sent and what they were told; a request key stands for one member and its units."""

    sent: dict[str, tuple[uuid.UUID, int]] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    refused: list[tuple[str, int, str]] = field(default_factory=list)
    failures: Counter[int] = field(default_factory=Counter)
    retries: int = 0


@dataclass(frozen=True)
class Card:
    """A member and the cookie of their phone."""

    member_id: uuid.UUID
    cookie: str


class Shop:
    """The whole service of one bakery; its methods do what power cuts and OOM killers do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = EmbeddedServer(folder / "data", durable=True)
        self.server.start()
        self.server.ensure_database("kill")
        self.control = psycopg_url(self.server.url("kill"))
        provisioning.prepare(self.control, DEVELOPMENT_SECRET)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.environ = {
            **os.environ,
            "REGULARS_ENV": "development",
            "DATABASE_URL": self.control.render_as_string(hide_password=False),
            "REGULARS_BASE_URL": f"http://127.0.0.1:{self.port}",
            "REGULARS_TRUSTED_PROXIES": "1",
        }
        self._fill()
        self.web = self._start_web()

    def _fill(self) -> None:
        from saas.app import create_app
        from tenants.rooms import blueprints

        self.app: Flask = create_app(blueprints(), {**self.environ, "REGULARS_ENV": "testing"})
        self.merchant: Record = cast.open_shop(
            self.app, self.control, "Bakery", "bakery", "GR", "EUR", "Europe/Athens"
        )
        self.cashier = cast.session_cookie(self.app, self.merchant, "cashier")
        with self.app.app_context(), transaction(self.merchant.binding):
            ledger.stamp_card(10)
            self.program_id = running()[0][0].id
            joined = [ledger.member(f"Member {number}") for number in range(MEMBERS)]
            tokens = [members.sign_in(member.id, utcnow()) for member in joined]
        slug = self.merchant.slug
        self.cards = [
            Card(member.id, f"card-{slug}={token}") for member, token in zip(joined, tokens, strict=True)
        ]
        with self.app.app_context():
            db.engine.dispose()

    def _start_web(self) -> subprocess.Popen[bytes]:
        self.log = (self.folder / "web.log").open("wb")
        command = ["gunicorn", "wsgi:app", "-k", "gthread", "-w", "2", "--threads", "4"]
        return subprocess.Popen(
            [sys.executable, "-m", *command, "-b", f"127.0.0.1:{self.port}"],
            cwd=ROOT,
            env=self.environ,
            stdout=self.log,
            stderr=self.log,
        )

    def stop(self) -> None:
        self.web.terminate()
        self.web.wait(20)
        self.log.close()
        self.server.stop()

    def kill_database(self) -> None:
        """SIGKILL the postmaster and every backend, then start PostgreSQL again over what they left."""
        postmaster = self.server.pid
        children = _children(postmaster)
        for pid in (postmaster, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while self.server.is_running():
            time.sleep(0.001)
        self.server.start()

    def kill_worker(self) -> None:
        """SIGKILL one of the web workers; gunicorn starts another."""
        workers = _children(self.web.pid)
        if workers:
            os.kill(random.choice(workers), signal.SIGKILL)

    def connect(self) -> psycopg.Connection[Any]:
        address = self.control.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(address, autocommit=True)
        connection.execute("SELECT set_config('search_path', %s, false)", [self.merchant.binding.schema])
        return connection

    def show_codes(self, count: int) -> list[tuple[uuid.UUID, str]]:
        """Counter codes that work for ten minutes: their ids and tokens."""
        codes = [(new_id(), uuid.uuid4().hex) for _ in range(count)]
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO one_time_code"
                " (id, kind, digits, token, units, program_id, created_at, expires_at)"
                " VALUES (%s, 'stamp', '000000', %s, 1, %s, now(), now() + interval '10 minutes')",
                [(code, token, self.program_id) for code, token in codes],
            )
        return codes

    def ask(
        self, method: str, path: str, cookie: str, form: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """One request on its own connection: status, cookies, body; raises OSError or HTTPException."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        headers = {
            "Cookie": cookie,
            "Content-Type": "application/x-www-form-urlencoded",
            "HX-Request": "true" if form else "false",
            # Everybody has an address of their own, so that the throttles are not what is tried here.
            "X-Forwarded-For": f"10.{random.randrange(250)}.{random.randrange(250)}.{random.randrange(250)}",
        }
        try:
            connection.request(method, path, urlencode(form or {}), headers)
            answer = connection.getresponse()
            body = answer.read().decode()
            return answer.status, answer.getheader("Set-Cookie") or "", body
        finally:
            connection.close()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextlib.contextmanager
def open_shop() -> Iterator[Shop]:
    # Under /tmp itself, with a short path: the socket's address stays the same over every start.
    folder = Path(tempfile.mkdtemp(prefix="regulars-kill-"))
    folder.chmod(0o755)
    shop = None
    try:
        shop = Shop(folder)
        yield shop
    finally:
        if shop is not None:
            shop.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Client(threading.Thread):
    """Sends stamps one by one, each until it is answered, under one key, as the counter's script does.

    After a failure a share of them gives up instead: those may be stored or not, but never twice.
    """

    def __init__(self, shop: Shop, journal: Journal, stop: threading.Event, number: int) -> None:
        super().__init__(daemon=True)
        self.shop, self.journal, self.stop = shop, journal, stop
        self.random = random.Random(number)
        self.number = number
        self.crash: BaseException | None = None
        self.cookies = ""
        self.token = ""

    def run(self) -> None:
        try:
            for turn in itertools.count():
                if self.stop.is_set():
                    return
                self.one(turn)
        except BaseException as error:
            self.crash = error

    def one(self, turn: int) -> None:
        raise NotImplementedError

    def deliver(self, key: str, path: str, cookie: str, form: dict[str, str], accepted: set[int]) -> None:
        gives_up = self.random.random() < GIVE_UP_SHARE
        while True:
            try:
                status, _, body = self.shop.ask("POST", path, cookie, form)
            except (OSError, http.client.HTTPException):
                status, body = 599, ""  # no answer
            if status in accepted:
                self.journal.acknowledged.add(key)
                return
            if status < 500 and status != 429:
                self.journal.refused.append((key, status, body[:300]))
                return
            if status != 599:
                self.journal.failures[status] += 1
            self.journal.retries += 1
            if gives_up:
                return
            time.sleep(0.05)

    def form_token(self, path: str, cookie: str) -> tuple[str, str]:
        """The token of a page's forms and the cookie that it belongs to."""
        for _ in range(200):
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, given, body = self.shop.ask("GET", path, cookie)
                found = re.search(r'name="csrf-token" content="([^"]+)"', body)
                form_cookie = re.search(r"\bform=[^;]+", given)
                if status == 200 and found and form_cookie:
                    return found.group(1), form_cookie.group(0)
            time.sleep(0.1)
        raise RuntimeError(f"{path} gave no form token")


class Tablet(Client):
    """A counter: one to three stamps by the member's code, with a request key."""

    def run(self) -> None:
        login = f"session={self.shop.cashier}"
        try:
            self.token, form_cookie = self.form_token(f"/counter/{self.shop.merchant.slug}", login)
        except BaseException as error:
            self.crash = error
            return
        self.cookies = f"{login}; {form_cookie}"
        super().run()

    def one(self, turn: int) -> None:
        card, units, key = self.random.choice(self.shop.cards), self.random.randint(1, 3), str(uuid.uuid4())
        self.journal.sent[key] = (card.member_id, units)
        path = f"/counter/{self.shop.merchant.slug}/members/{card.member_id}/stamps"
        form = {
            "csrf_token": self.token,
            "request_key": key,
            "program_id": str(self.shop.program_id),
            "units": str(units),
        }
        self.deliver(key, path, self.cookies, form, {200})


class Phone(Client):
    """Members who type the counter's one-use codes into their cards."""

    def __init__(
        self,
        shop: Shop,
        journal: Journal,
        stop: threading.Event,
        number: int,
        codes: list[tuple[uuid.UUID, str]],
    ) -> None:
        super().__init__(shop, journal, stop, number)
        self.codes = codes

    def run(self) -> None:
        try:
            self.token, self.cookies = self.form_token(
                f"/c/{self.shop.merchant.slug}", self.shop.cards[0].cookie
            )
        except BaseException as error:
            self.crash = error
            return
        super().run()

    def one(self, turn: int) -> None:
        if not self.codes:
            time.sleep(0.1)
            return
        code_id, token = self.codes.pop()
        card, key = self.random.choice(self.shop.cards), f"code:{code_id}"
        self.journal.sent[key] = (card.member_id, 1)
        path = f"/c/{self.shop.merchant.slug}/stamps"
        form = {"csrf_token": self.token, "code": token}
        self.deliver(key, path, f"{card.cookie}; {self.cookies}", form, {200, 303})
