"""Looking through a file before its run: once an answer, and not without end."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from saas.merchants.registry import Record
from saas.web import throttle
from tenants.api import import_answers
from tenants.products import reading as of_products
from tenants.purchases import reading as of_purchases
from tests.factories import api

LISTS = {
    "products": (of_products, b"SKU;Name;Price\nmocha;Mocha;3,90\ntea;Tea;?\n"),
    "purchases": (of_purchases, b"Date;Email;Amount\n2026-10-01;eleni@example.com;3,90\nnever;a@b.gr;1,00\n"),
}


@pytest.fixture
def till(app: Flask, bakery: Record) -> FlaskClient:
    return api.till(app, bakery)


def brought(till: FlaskClient, kind: str) -> TestResponse:
    return till.post(f"/api/v1/imports?kind={kind}", data=LISTS[kind][1], content_type="text/csv")


@pytest.mark.parametrize("kind", sorted(LISTS))
def test_an_answer_reads_a_file_once(till: FlaskClient, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    reader, _data = LISTS[kind]
    reads: list[Any] = []
    read = reader.read
    monkeypatch.setattr(reader, "read", lambda *told: reads.append(told) or read(*told))
    answer = brought(till, kind)
    assert answer.status_code == 201, answer.text
    assert answer.json is not None
    preview = answer.json["preview"]
    assert (preview["rows_read"], preview["rows_refused"], preview["is_partial"]) == (2, 1, False)
    assert [one["row"] for one in answer.json["refused"]] == [3]
    assert len(reads) == 1


def test_looking_through_files_is_counted_by_the_hour_and_the_answer_says_when(
    till: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dt.datetime(2026, 11, 20, 10, 20, tzinfo=dt.UTC)
    monkeypatch.setattr(throttle, "utcnow", lambda: now)
    monkeypatch.setattr(throttle, "window", lambda at, _seconds: at.replace(minute=0))
    monkeypatch.setattr(import_answers, "TRIALS_AN_HOUR", 2)
    made = brought(till, "products")
    address = f"/api/v1/imports/{(made.json or {})['id']}"
    assert till.get(address).status_code == 200
    for again in (address, f"{address}/refused-rows.csv"):
        answer = till.get(again)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2400")
        assert (answer.json or {})["code"] == "too_many"
    assert till.get("/api/v1/imports").status_code == 200
    now += dt.timedelta(minutes=40)
    assert till.get(address).status_code == 200
