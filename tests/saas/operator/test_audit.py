"""The chain of operators' actions: no link can be changed, taken away or put in unseen."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

import pytest
from flask import Flask
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import delete, update
from sqlalchemy.exc import ProgrammingError

from saas.db import PLATFORM, db, transaction
from saas.db.migrations import connect
from saas.operator import audit
from saas.operator.models import OperatorAction
from saas.web.clock import utcnow
from tenants.checks import run_checks


@dataclass(frozen=True)
class Row:
    number: int
    previous_hash: bytes
    reason: str
    hash: bytes = b""
    operator_id: uuid.UUID | None = None
    operator_name: str = "Otto"
    action: str = "suspended"
    merchant_id: uuid.UUID | None = None
    subject: str = "Bakery"
    address: str = "192.0.2.1"
    at: dt.datetime = dt.datetime(2026, 11, 22, 12, 0, 0, 123456, dt.UTC)


def chain(length: int) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, length + 1):
        row = Row(number, rows[-1].hash if rows else audit.START, f"reason {number}")
        rows.append(replace(row, hash=audit.hash_of(row)))
    return rows


def rehashed(row: Row) -> Row:
    return replace(row, hash=audit.hash_of(row))


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda rows: rows, []),
        (lambda rows: [rows[0], replace(rows[1], reason="another"), *rows[2:]], [2]),
        (lambda rows: [rows[0], replace(rows[1], operator_name="Anna"), *rows[2:]], [2]),
        (
            lambda rows: [rows[0], replace(rows[1], at=rows[1].at + dt.timedelta(microseconds=1)), *rows[2:]],
            [2],
        ),
        (lambda rows: [rows[0], rehashed(replace(rows[1], reason="another")), *rows[2:]], [3]),
        (lambda rows: [rows[0], *rows[2:]], [3]),
        (lambda rows: rows[1:], [2]),
        (lambda rows: [*rows[:2], rehashed(replace(rows[3], number=3)), *rows[3:]], [3, 4]),
    ],
)
def test_what_was_done_to_the_chain_is_named(
    harm: Callable[[list[Row]], list[Row]], named: list[int]
) -> None:
    assert sorted({number for number, _what in audit.broken(harm(chain(4)))}) == named


def test_the_hash_is_of_everything_that_an_action_says() -> None:
    row = chain(1)[0]
    others = {
        "number": 2,
        "previous_hash": b"x" * 32,
        "reason": "",
        "operator_id": uuid.uuid4(),
        "operator_name": "Anna",
        "action": "restored",
        "merchant_id": uuid.uuid4(),
        "subject": "Florist",
        "address": "192.0.2.2",
        "at": row.at + dt.timedelta(microseconds=1),
    }
    assert {*others, "hash"} == {field.name for field in fields(Row)}
    for name, other in others.items():
        assert audit.hash_of(replace(row, **{name: other})) != row.hash, name  # type: ignore[arg-type]


def test_a_time_is_the_same_in_every_zone() -> None:
    row = chain(1)[0]
    elsewhere = row.at.astimezone(dt.timezone(dt.timedelta(hours=5)))
    assert audit.hash_of(row) == audit.hash_of(replace(row, at=elsewhere))


def append(app: Flask, count: int) -> None:
    for _ in range(count):
        with app.app_context(), transaction(PLATFORM):
            audit.append("logged_in", operator_id=None, operator_name="Otto", now=utcnow())


def test_eight_at_once_do_not_fork_it_and_the_check_names_a_changed_action(app, control_url, bakery) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(append, app, 4) for _ in range(8)]:
            done.result()
    with app.app_context(), transaction(PLATFORM):
        assert audit.faults() == []
        last = audit.page()[0][0].number
    with connect(control_url) as connection:
        change = "UPDATE platform.operator_action SET reason = %s WHERE number = %s"
        connection.execute(change, ["nothing at all", last])
        try:
            found = [str(finding) for finding in run_checks(control_url, app) if "operators" in str(finding)]
        finally:
            connection.execute(change, ["", last])
    assert found == [f"error: operators’ log: action {last}: was changed after it was written"]


@pytest.mark.parametrize("statement", [update(OperatorAction).values(reason="x"), delete(OperatorAction)])
def test_the_app_itself_may_not_change_it(app, statement) -> None:
    with app.app_context(), pytest.raises(ProgrammingError) as raised, transaction(PLATFORM):
        db.session.execute(statement)
    assert isinstance(raised.value.orig, InsufficientPrivilege)
