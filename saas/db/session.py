"""The tenant binding: `transaction()` sets search path and role before the first statement, or nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session, SessionTransaction

from saas.config import Settings

BIND = "SELECT set_config('search_path', %s, true), set_config('role', %s, true)"
BIND_PLATFORM = "SELECT set_config('search_path', %s, true)"


class Unbound(RuntimeError):
    """A statement was tried outside `transaction()`: a fault in the program, never shown to a person as such."""


class NestedTransaction(RuntimeError):
    """`transaction()` was entered inside another one: two merchants could have met in one transaction."""


@dataclass(frozen=True)
class Binding:
    """Where a transaction runs: a merchant's schema under the role of the same name, or the platform's schema."""

    schema: str
    role: str | None


PLATFORM = Binding(schema="platform", role=None)
ASIDE = "aside"
READ_ONLY = "SET TRANSACTION READ ONLY"
_current: ContextVar[Binding | None] = ContextVar("regulars_binding", default=None)
_is_read_only: ContextVar[bool] = ContextVar("regulars_read_only", default=False)

db = SQLAlchemy(disable_autonaming=True, session_options={"autoflush": True, "expire_on_commit": False})


def bound() -> Binding:
    """The binding in force; raises Unbound where there is none."""
    binding = _current.get()
    if binding is None:
        raise Unbound("no merchant and no platform is bound: open transaction() first")
    return binding


def bind_statement(binding: Binding) -> tuple[str, tuple[str, ...]]:
    """The one statement that binds a transaction, with its parameters, for the session and for the lean path."""
    if binding.role is None:
        return BIND_PLATFORM, (binding.schema,)
    return BIND, (binding.schema, binding.role)


@event.listens_for(Session, "after_begin")
def _bind(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:
        return  # a savepoint stands inside a transaction that is bound already, and the role may not bind again
    statement, parameters = bind_statement(bound())
    if _is_read_only.get():
        connection.exec_driver_sql(READ_ONLY)
    connection.exec_driver_sql(statement, parameters)


@contextmanager
def read_only() -> Iterator[None]:
    """Transactions that begin inside can't change a row: PostgreSQL refuses, whatever the code tries."""
    token = _is_read_only.set(True)
    try:
        yield
    finally:
        _is_read_only.reset(token)


@contextmanager
def transaction(binding: Binding) -> Iterator[Any]:
    """Open the only transaction there is, bound to `binding`; commits at the end, rolls back on any exception."""
    if _current.get() is not None:
        raise NestedTransaction("a transaction is open already")
    token = _current.set(binding)
    try:
        yield db.session
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        db.session.remove()
        _current.reset(token)


def configure_engine(app: Flask, settings: Settings) -> None:
    """Tell Flask-SQLAlchemy of the app's login: an extended protocol always, connections recycled after minutes.

    A connection keeps about 155 KB for every merchant that it served, so it is thrown away after five minutes.
    Prepared statements are off behind a pooler in transaction mode; the protocol is then simple only for statements
    without parameters, of which the app sends none that carry a person's input.
    """
    options: dict[str, Any] = {
        "pool_recycle": 300,
        "pool_timeout": 10,
        "hide_parameters": True,  # people's words and addresses stay out of the log
        "connect_args": {
            "prepare_threshold": None if settings.is_pgbouncer else 0,
            "options": "-c search_path=pg_catalog -c timezone=UTC -c statement_timeout=30000",
            "connect_timeout": 5,
            "application_name": "regulars",
        },
    }
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.app_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {**options, "pool_size": settings.pool_size, "max_overflow": 2}
    app.config["SQLALCHEMY_BINDS"] = {
        ASIDE: {"url": settings.app_url, **options, "pool_size": 1, "max_overflow": 1}
    }
    db.init_app(app)


def aside() -> Engine:
    """The engine for what is counted beside a transaction that is open: a pool of its own, so that neither waits for
    a connection that the other holds."""
    return db.engines[ASIDE]


@contextmanager
def beside(binding: Binding) -> Iterator[Connection]:
    """A short transaction of its own on the engine aside, bound like any other; commits at the end."""
    with aside().begin() as connection:
        connection.exec_driver_sql(*bind_statement(binding))
        yield connection
