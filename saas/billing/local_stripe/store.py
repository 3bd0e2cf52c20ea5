"""The state of the stand-in: objects as JSON in one SQLite file, one transaction a request."""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from .faults import no_such

Obj = dict[str, Any]
LETTERS = string.ascii_letters + string.digits
SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    customer TEXT, subscription TEXT, clock TEXT, due_at INTEGER, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, customer);
CREATE INDEX IF NOT EXISTS object_due ON object (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS replay (
    key TEXT PRIMARY KEY, call TEXT NOT NULL, asked TEXT NOT NULL, at INTEGER NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, request TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL, status INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event);
CREATE TABLE IF NOT EXISTS checked (call TEXT PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """Objects by id. In one transaction the same id is the same dict, and every change to it is written at the end."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = RLock()
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
        self.moment: int | None = None  # what time it is while something due is done
        self.request_id: str | None = None
        self._held: dict[str, tuple[Obj, str]] = {}

    def close(self) -> None:
        with self.lock:
            self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """Everything inside happens, or, when it raises, nothing does."""
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            self._held = {}
            try:
                yield self
                self.flush()
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            else:
                self.db.execute("COMMIT")
            finally:
                self._held = {}
                self.moment = None

    @contextmanager
    def savepoint(self, *, keep: bool = True) -> Iterator[None]:
        """A step that is taken back when it raises, and always without `keep`. Dicts from before it are stale then."""
        self.flush()
        self.db.execute("SAVEPOINT step")
        moment = self.moment
        try:
            yield
            self.flush()
        except BaseException:
            self._take_back()
            raise
        else:
            if keep:
                self.db.execute("RELEASE step")
            else:
                self._take_back()
        finally:
            self.moment = moment

    def _take_back(self) -> None:
        self.db.execute("ROLLBACK TO step")
        self.db.execute("RELEASE step")
        self._held = {}

    def new_id(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_" + "".join(secrets.choice(LETTERS) for _ in range(length))

    def now(self, clock: str | None = None) -> int:
        """The time of a test clock; without one, the machine's plus what the demo was advanced by."""
        if self.moment is not None:
            return self.moment
        if clock:
            return int(self.need("test_helpers.test_clock", clock)["frozen_time"])
        return int(time.time()) + int(self.setting("offset", "0"))

    def get(self, id_: str | None) -> Obj | None:
        if not id_:
            return None
        if id_ in self._held:
            return self._held[id_][0]
        row = self.db.execute("SELECT body FROM object WHERE id = ?", (id_,)).fetchone()
        return self._hold(row[0]) if row else None

    def need(self, kind: str, id_: str, param: str | None = None) -> Obj:
        """The object, also where it is deleted; raises Stripe's "No such …" where there is none of this kind."""
        found = self.get(id_)
        if found is None or found["object"] != kind:
            raise no_such(kind.split(".")[-1], id_, param)
        return found

    def live(self, kind: str, id_: str, param: str | None = None) -> Obj:
        """Like need(), and a deleted one isn't there either."""
        found = self.need(kind, id_, param)
        if found.get("deleted"):
            raise no_such(kind.split(".")[-1], id_, param)
        return found

    def add(self, obj: Obj) -> Obj:
        self.db.execute("INSERT INTO object (id, kind, body) VALUES (?, ?, '')", (obj["id"], obj["object"]))
        self._held[obj["id"]] = (obj, "")
        return obj

    def remove(self, id_: str) -> None:
        self._held.pop(id_, None)
        self.db.execute("DELETE FROM object WHERE id = ?", (id_,))

    def select(self, kind: str, *, customer: str | None = None, subscription: str | None = None) -> list[Obj]:
        """All of a kind, the newest first."""
        self.flush()
        rows = self.db.execute(
            "SELECT id, body FROM object WHERE kind = ? AND (? IS NULL OR customer = ?)"
            " AND (? IS NULL OR subscription = ?) ORDER BY seq DESC",
            (kind, customer, customer, subscription, subscription),
        ).fetchall()
        return [self._held[id_][0] if id_ in self._held else self._hold(body) for id_, body in rows]

    def on_clock(self, clock: str) -> list[Obj]:
        self.flush()
        rows = self.db.execute("SELECT id FROM object WHERE clock = ? ORDER BY seq", (clock,)).fetchall()
        return [found for (id_,) in rows if (found := self.get(id_))]

    def next_due(self, clock: str | None, until: int) -> Obj | None:
        """What happens next on a clock, if it happens by then."""
        self.flush()
        row = self.db.execute(
            "SELECT id FROM object WHERE due_at <= ? AND clock IS ? ORDER BY due_at, seq LIMIT 1",
            (until, clock),
        ).fetchone()
        return self.get(row[0]) if row else None

    def flush(self) -> None:
        for id_, (obj, written) in list(self._held.items()):
            body = json.dumps(obj, separators=(",", ":"))
            if body != written:
                self.db.execute(
                    "UPDATE object SET customer = ?, subscription = ?, clock = ?, due_at = ?, body = ? WHERE id = ?",
                    (
                        _reference(obj, "customer"),
                        _subscription(obj),
                        obj.get("_clock"),
                        obj.get("_due"),
                        body,
                        id_,
                    ),
                )
                self._held[id_] = (obj, body)

    def _hold(self, body: str) -> Obj:
        obj: Obj = json.loads(body)
        self._held[obj["id"]] = (obj, body)
        return obj

    def setting(self, name: str, default: str) -> str:
        row = self.db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    def set(self, name: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))


def _reference(obj: Obj, name: str) -> str | None:
    value = obj.get(name)
    return value if isinstance(value, str) else None


def _subscription(obj: Obj) -> str | None:
    details = (obj.get("parent") or {}).get("subscription_details") or {}
    return _reference(obj, "subscription") or _reference(details, "subscription")
