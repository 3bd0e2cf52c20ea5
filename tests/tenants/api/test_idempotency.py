"""Idempotency keys: once, the same answer again, another body refused, two at once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from saas.db import db, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.api import tasks
from tenants.api.models import IdempotencyKey
from tenants.members.models import Member
from tenants.programs.models import Entry
from tests.factories import api, ledger

KEY = {"Idempotency-Key": "order-1042"}


@pytest.fixture
def till(app: Flask, bakery: Record) -> FlaskClient:
    return api.till(app, bakery)


def count(app: Flask, merchant: Record, table: Any) -> int:
    with app.app_context(), transaction(merchant.binding):
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def card(app: Flask, merchant: Record) -> str:
    with app.app_context(), transaction(merchant.binding):
        program = ledger.stamp_card(10)
        person = ledger.member()
        enrolment = ledger.stamp(person.id, program.id, 1).enrolment_id
    return f"/api/v1/enrolments/{enrolment}/entries"


def test_the_same_again_is_the_same_answer(app: Flask, bakery: Record, till: FlaskClient) -> None:
    first = till.post("/api/v1/members", json={"first_name": "Nikos", "language": "el"}, headers=KEY)
    again = till.post(
        "/api/v1/members",
        data=b'{"language":"el" , "first_name":"Nikos"}',
        headers=KEY,
        content_type="application/json",
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.headers["Request-Id"] != again.headers["Request-Id"]
    assert count(app, bakery, Member) == 1


def test_another_body_or_address_under_the_key_is_refused(
    app: Flask, bakery: Record, till: FlaskClient
) -> None:
    address = card(app, bakery)
    assert till.post("/api/v1/members", json={"first_name": "Nikos"}, headers=KEY).status_code == 201
    for answer in (
        till.post("/api/v1/members", json={"first_name": "Petros"}, headers=KEY),
        till.post(address, json={"units": 1}, headers=KEY),
    ):
        assert answer.status_code == 409
        assert (answer.json or {})["code"] == "idempotency_key_reused"
    assert count(app, bakery, Member) == 2


def test_what_was_refused_may_be_tried_again(app: Flask, bakery: Record, till: FlaskClient) -> None:
    assert (
        till.post("/api/v1/members", json={"first_name": "A", "phone": "1"}, headers=KEY).status_code == 422
    )
    assert count(app, bakery, IdempotencyKey) == 0
    assert (
        till.post("/api/v1/members", json={"first_name": "A", "phone": "2101234567"}, headers=KEY).status_code
        == 201
    )


@pytest.mark.parametrize("key", ["", "x" * 256, "κλειδί"])
def test_keys_that_are_none(till: FlaskClient, key: str) -> None:
    answer = till.post(
        "/api/v1/members",
        json={"first_name": "A"},
        headers={"Idempotency-Key": key.encode().decode("latin-1")},
    )
    assert (answer.status_code, (answer.json or {})["code"]) == (400, "idempotency_key_not_well_formed")


def test_shops_do_not_share_keys(app: Flask, bakery: Record, florist: Record, till: FlaskClient) -> None:
    assert till.post("/api/v1/members", json={"first_name": "Nikos"}, headers=KEY).status_code == 201
    other = api.till(app, florist).post("/api/v1/members", json={"first_name": "Ingrid"}, headers=KEY)
    assert other.status_code == 201
    assert "Idempotent-Replayed" not in other.headers


def test_many_at_once_give_one_entry(app: Flask, bakery: Record) -> None:
    address, token = card(app, bakery), api.key_for(app, bakery)
    answers: list[tuple[int, bytes]] = []

    def give() -> None:
        answer = api.with_key(app, token).post(address, json={"units": 3}, headers=KEY)
        answers.append((answer.status_code, answer.data))

    threads = [threading.Thread(target=give) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert count(app, bakery, Entry) == 2


def test_the_ledger_remembers_longer_than_the_answers(app: Flask, bakery: Record, till: FlaskClient) -> None:
    address = card(app, bakery)
    first = till.post(address, json={"units": 2}, headers=KEY).json
    with app.app_context(), transaction(bakery.binding):
        db.session.execute(update(IdempotencyKey).values(created_at=utcnow() - dt.timedelta(hours=23)))
    with app.app_context():
        tasks.forget_answers()
    assert count(app, bakery, IdempotencyKey) == 1
    with app.app_context(), transaction(bakery.binding):
        db.session.execute(update(IdempotencyKey).values(created_at=utcnow() - dt.timedelta(hours=25)))
    with app.app_context():
        tasks.forget_answers()
    assert count(app, bakery, IdempotencyKey) == 0
    again = till.post(address, json={"units": 2}, headers=KEY)
    assert again.status_code == 201
    assert again.json == first
    assert count(app, bakery, Entry) == 2
    with app.app_context(), transaction(bakery.binding):
        db.session.execute(update(IdempotencyKey).values(created_at=utcnow() - dt.timedelta(hours=25)))
    with app.app_context():
        tasks.forget_answers()
    assert till.post(address, json={"units": 5}, headers=KEY).status_code == 409
    assert till.post(card(app, bakery), json={"units": 2}, headers=KEY).status_code == 201  # another address
