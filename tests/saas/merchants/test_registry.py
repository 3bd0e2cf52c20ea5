"""The registry's copies: kept while nothing changes, dropped when something does, whoever changed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import URL

from saas.db import db
from saas.db.migrations import connect
from saas.merchants import registry


@pytest.fixture
def questions(app: Flask) -> Iterator[list[str]]:
    """The statements that reach the database, each looked for anew."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        yield found
        event.remove(db.engine, "before_cursor_execute", note)


def rename(control_url: URL, merchant: registry.Record, name: str) -> None:
    with connect(control_url) as connection:
        connection.execute("UPDATE platform.merchant SET name = %s WHERE slug = %s", [name, merchant.slug])


def test_a_copy_is_kept_for_a_while(questions: list[str], bakery: registry.Record) -> None:
    registry.forget_all()
    first = registry.find(bakery.slug)
    questions.clear()
    assert registry.find(bakery.slug) is first
    assert questions == []


def test_a_change_is_seen_and_others_stay(
    monkeypatch: pytest.MonkeyPatch,
    questions: list[str],
    bakery: registry.Record,
    florist: registry.Record,
    control_url: URL,
) -> None:
    registry.forget_all()
    registry.find(bakery.slug)
    other = registry.find(florist.slug)
    monkeypatch.setattr(registry, "FRESH_SECONDS", 0)
    rename(control_url, bakery, "Another name")
    found = registry.find(bakery.slug)
    assert found is not None
    assert found.name == "Another name"
    questions.clear()
    assert registry.find(florist.slug) is other
    assert len([one for one in questions if "merchant" in one]) == 1


def test_an_unknown_slug_is_asked_for_every_time(questions: list[str]) -> None:
    assert registry.find("nobody-here") is None
    assert registry.find("nobody-here") is None
    assert len([one for one in questions if "merchant.slug =" in one]) == 2
