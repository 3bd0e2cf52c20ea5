"""The lean way for the hottest path: a transaction bound like any other, in pipelined round trips without the ORM.

Same binding, same roles, same pool as `transaction()`, PostgreSQL's extended protocol by psycopg's wrapper of libpq:
what its pipeline sends statement by statement goes out here as one message a round trip. Statements are constants,
never built from input.
"""

from __future__ import annotations

import re
import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any, cast

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result

from saas.db.session import Binding, bind_statement, db

Row = tuple[Any, ...]
PATIENCE_SECONDS = 60  # the server itself gives up on a statement after 30


@lru_cache(maxsize=256)
def numbered(statement: str) -> bytes:
    """A statement as libpq takes it: parameters written %s become $1, $2, …"""
    numbers = count(1)
    return re.sub("%s", lambda found: f"${next(numbers)}", statement).encode()


class Lean:
    """One bound transaction: `ask` only queues, `answers` sends what is queued and waits for all of it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._line = connection.pgconn
        self._transformer = Transformer(connection)
        self._poll = select.poll()
        self._poll.register(self._line.socket, select.POLLIN)
        self._asked = 0

    def ask(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        values = self._transformer.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters))
        self._line.send_query_params(
            numbered(statement), values, self._transformer.types, self._transformer.formats
        )
        self._asked += 1

    def answers(self) -> list[list[Row]]:
        """The rows of each queued statement, in order; raises the first error, after which nothing can be asked."""
        self._line.pipeline_sync()
        while self._line.flush():
            select.select([], [self._line.socket], [], PATIENCE_SECONDS)
        rows, failure = [], None
        for _ in range(self._asked):
            result = self._next()
            failure = failure or self._failure(result)
            rows.append([] if failure else self._rows(result))
            self._next()  # the None that ends a statement's results
        self._next()  # the answer to the sync
        self._asked = 0
        if failure is not None:
            raise failure
        return rows

    def done(self) -> None:
        """Commit; whatever was queued has been done when this returns."""
        self.ask("COMMIT")
        self.answers()

    def _next(self) -> pq.abc.PGresult | None:
        while self._line.is_busy():
            if not self._poll.poll(PATIENCE_SECONDS * 1000):
                raise psycopg.OperationalError("the database doesn't answer")
            self._line.consume_input()
        return self._line.get_result()

    def _failure(self, result: pq.abc.PGresult | None) -> psycopg.Error | None:
        if result is None or self._line.status == pq.ConnStatus.BAD:
            return psycopg.OperationalError("the connection is lost")
        failed = result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)
        return error_from_result(result) if failed else None

    def _rows(self, result: pq.abc.PGresult | None) -> list[Row]:
        if result is None or result.status != pq.ExecStatus.TUPLES_OK:
            return []
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)


@contextmanager
def lean(binding: Binding, fact: tuple[str, Sequence[Any]] = ("NULL", ())) -> Iterator[Lean]:
    """Open a transaction bound to `binding`; without done() everything is rolled back.

    The first answer belongs to BEGIN, the second to the statement that binds: its last column is `fact`, a query of
    one value over the platform's tables. PostgreSQL checks the permissions of a statement before it runs, so before
    this one sets the role.
    """
    pooled = db.engine.raw_connection()
    broken = False
    try:
        connection = cast("psycopg.Connection[Any]", pooled.driver_connection)
        try:
            connection.pgconn.enter_pipeline_mode()
            statement, parameters = bind_statement(binding)
            work = Lean(connection)
            work.ask("BEGIN")
            work.ask(f"{statement}, ({fact[0]})", (*parameters, *fact[1]))
            yield work
        except psycopg.OperationalError as error:
            broken = True
            raise LeanLineLost from error
        finally:
            broken = broken or not _is_idle(connection)
    finally:
        if broken:
            pooled.invalidate()
        pooled.close()


def _is_idle(connection: psycopg.Connection[Any]) -> bool:
    """Leave pipeline mode and what is open; False when the connection is of no more use."""
    try:
        connection.pgconn.exit_pipeline_mode()
        connection.rollback()
    except psycopg.Error:
        return False
    return True


class LeanLineLost(Exception):
    """The connection broke in the middle: whether it was committed is unknown; the request key makes a retry safe."""
