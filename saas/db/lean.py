"""The lean way for the hottest path: a transaction bound like any other, in pipelined round trips without the ORM.

Same binding, same roles, same pool as `transaction()`. Statements are constants with parameters, never built.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString, cast

import psycopg
from psycopg.rows import TupleRow

from saas.db.session import Binding, bind_statement, db

Row = TupleRow


class Lean:
    """One bound transaction on a driver's connection; `ask` only queues, reading a result waits for it."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        self.is_done = False

    def ask(self, statement: LiteralString, parameters: Sequence[Any]) -> psycopg.Cursor[Row]:
        return self._connection.execute(statement, parameters, prepare=False)

    def done(self) -> None:
        """Commit; whatever was queued has been done when this returns."""
        self._connection.commit()
        self.is_done = True


@contextmanager
def lean(
    binding: Binding, unbound: Sequence[tuple[LiteralString, Sequence[Any]]] = ()
) -> Iterator[tuple[Lean, list[Any]]]:
    """Open a pipelined transaction bound to `binding`; without done() everything is rolled back.

    `unbound` are reads of the platform that go out in the same round trip, before the role is set. Answers the
    transaction and their cursors.
    """
    pooled = db.engine.raw_connection()
    broken = False
    try:
        connection = cast("psycopg.Connection[Row]", pooled.driver_connection)
        try:
            with connection.pipeline():
                work = Lean(connection)
                answers = [work.ask(statement, parameters) for statement, parameters in unbound]
                statement, parameters = bind_statement(binding)
                work.ask(statement, parameters)
                yield work, answers
        except psycopg.OperationalError as error:
            broken = True
            raise LeanLineLost from error
        finally:
            if not broken and not connection.closed and connection.info.transaction_status:
                connection.rollback()
    finally:
        if broken:
            pooled.invalidate()
        pooled.close()


class LeanLineLost(Exception):
    """The connection broke in the middle: whether it was committed is unknown; the request key makes a retry safe."""
