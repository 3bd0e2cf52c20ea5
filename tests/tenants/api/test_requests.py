"""What every operation has in common: keys, bodies, faults, pages, ETags, limits, headers."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from saas.api_keys.models import ApiKey
from saas.api_keys.scopes import SCOPES
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web import access
from saas.web.clock import utcnow
from tests.factories import api, ledger
from tests.factories.cast import logged_in

PROBLEM = "application/problem+json"


@pytest.fixture
def till(app: Flask, bakery: Record) -> FlaskClient:
    return api.till(app, bakery)


def add(till: FlaskClient, **values: object) -> dict[str, str]:
    answer = till.post("/api/v1/members", json={"first_name": "Eleni", **values})
    assert answer.status_code == 201, answer.text
    return dict(answer.json or {})


def test_keys_that_do_not_work_are_told_apart_by_nobody(app: Flask, bakery: Record, florist: Record) -> None:
    revoked, suspended = api.key_for(app, bakery), api.key_for(app, florist)
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(update(ApiKey).where(ApiKey.merchant_id == bakery.id).values(revoked_at=utcnow()))
        db.session.execute(update(Merchant).where(Merchant.id == florist.id).values(status="suspended"))
    answers = []
    for shown in (
        f"Bearer {revoked}",
        f"Bearer {suspended}",
        "Bearer rgl_unknown",
        "Basic eDp5",
        "Bearer",
        "",
        "x" * 5000,
    ):
        answer = app.test_client().get("/api/v1/members", headers={"Authorization": shown})
        assert answer.status_code == 401
        assert answer.mimetype == PROBLEM
        answers.append(({**(answer.json or {}), "request_id": ""}, answer.headers["WWW-Authenticate"]))
    assert all(answer == answers[0] for answer in answers)


def test_no_cookie_opens_the_api_and_none_is_set(app: Flask, bakery: Record) -> None:
    assert logged_in(app, bakery, "owner").get("/api/v1/members").status_code == 401
    till = api.till(app, bakery)
    assert "Set-Cookie" not in till.get("/api/v1/members").headers


def test_forms_still_need_their_token(app: Flask, bakery: Record) -> None:
    """Only the API is let through without one."""
    till = api.till(app, bakery)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert till.post("/api/v1/members", json={"first_name": "Nikos"}).status_code == 201
        assert logged_in(app, bakery, "owner").post(f"/console/{bakery.slug}/members/new").status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_a_key_does_what_its_scopes_say(app: Flask, bakery: Record) -> None:
    reader = api.till(app, bakery, ["members:read"])
    assert reader.get("/api/v1/members").status_code == 200
    for answer in (
        reader.post("/api/v1/members", json={"first_name": "Nikos"}),
        reader.get("/api/v1/programs"),
    ):
        assert answer.status_code == 403
        assert answer.json is not None
        assert answer.json["code"] == "scope_missing"
    with app.app_context(), transaction(bakery.binding):
        assert not db.session.scalars(select(ledger.Member)).all()


def test_last_use_is_written_at_most_once_a_minute(
    app: Flask, bakery: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    till, seen, start = api.till(app, bakery), [], utcnow()
    for seconds in (0, 30, 59, 61):
        monkeypatch.setattr(
            "saas.api_keys.operations.utcnow", lambda seconds=seconds: start + dt.timedelta(seconds=seconds)
        )
        assert till.get("/api/v1/locations").status_code == 200
        with app.app_context(), transaction(PLATFORM):
            used = db.session.scalars(
                select(ApiKey.last_used_at).where(ApiKey.merchant_id == bakery.id, ApiKey.name == "Till")
            ).one()
            assert used is not None
            seen.append(round((used - start).total_seconds()))
    assert seen == [0, 0, 0, 61]


def test_every_answer_has_an_id_and_says_what_is_left(
    app: Flask, till: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "KEY_LIMIT", 2)
    first, second, third = (till.get("/api/v1/locations") for _time in range(3))
    assert [answer.status_code for answer in (first, second, third)] == [200, 200, 429]
    assert first.headers["RateLimit-Policy"] == '"key";q=2;w=60'
    assert first.headers["RateLimit"].startswith('"key";r=1;t=')
    assert second.headers["RateLimit"].startswith('"key";r=0;t=')
    assert int(third.headers["Retry-After"]) >= 1
    ids = {answer.headers["Request-Id"] for answer in (first, second, third)}
    assert len(ids) == 3
    assert third.json is not None
    assert third.json["request_id"] == third.headers["Request-Id"]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b"", "application/json", 400, "malformed"),
        (b'{"first_name": "\\ud800"}', "application/json", 400, "malformed"),
        (b"\xff\xfe", "application/json", 400, "malformed"),
        (b"[" * 100_000, "application/json", 400, "malformed"),
        (b"[]", "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
        (b'{"first_name": "Nikos"}', "text/plain", 415, "not_json"),
        (b"first_name=Nikos", "application/x-www-form-urlencoded", 415, "not_json"),
        (b" " * (1024 * 1024 + 1), "application/json", 413, "too_large"),
        (b'{"first_name": ' + b"9" * 5000 + b"}", "application/json", 400, "malformed"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bodies_that_can_not_be_taken(
    till: FlaskClient, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = till.post("/api/v1/members", data=body, content_type=kind)
    assert (answer.status_code, (answer.json or {})["code"]) == (status, code), answer.text
    assert answer.mimetype == PROBLEM


def test_every_fault_is_named_where_it_is(till: FlaskClient) -> None:
    sent = {"first_name": " ", "languag/e~": "el", "email": "no", "phone": 210, "language": "xx"}
    answer = till.post("/api/v1/members", json=sent)
    assert answer.status_code == 422
    faults = {fault["pointer"]: fault["code"] for fault in (answer.json or {})["errors"]}
    assert faults == {
        "/first_name": "blank",
        "/languag~1e~0": "extra_forbidden",
        "/email": "value_error",
        "/phone": "string_type",
        "/language": "literal_error",
    }


def test_faults_speak_the_language_asked_for(till: FlaskClient) -> None:
    answers = [
        till.post("/api/v1/members", json={}, headers={"Accept-Language": language})
        for language in ("en", "el", "xx")
    ]
    assert [answer.headers["Content-Language"] for answer in answers] == ["en", "el", "en"]


def test_unknown_parameters_are_refused_and_named(till: FlaskClient) -> None:
    answer = till.get("/api/v1/members?limit=0&page=2")
    assert answer.status_code == 422
    faults = {fault["parameter"]: fault["code"] for fault in (answer.json or {})["errors"]}
    assert faults == {"limit": "greater_than_equal", "page": "extra_forbidden"}
    assert till.get("/api/v1/members?limit=1&limit=2").status_code == 422
    assert till.get("/api/v1/openapi.json").status_code == 200


def test_addresses_and_methods_that_are_not_there(till: FlaskClient) -> None:
    missing = till.get("/api/v1/nothing")
    assert (missing.status_code, missing.mimetype) == (404, PROBLEM)
    wrong = till.put("/api/v1/members", json={})
    assert (wrong.status_code, wrong.mimetype) == (405, PROBLEM)
    assert "POST" in wrong.headers["Allow"]
    assert till.get("/api/v1/members/not-an-id").status_code == 404


def test_a_list_comes_page_by_page(app: Flask, till: FlaskClient, florist: Record) -> None:
    ids = [add(till, external_id=f"e{number}")["id"] for number in range(5)]
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        answer = till.get("/api/v1/members", query_string=query).json
        assert answer is not None
        seen += [member["id"] for member in answer["data"]]
        cursor, pages = answer["next_cursor"], pages + 1
        if pages == 1:
            add(till, external_id="came in between")
            first_cursor = cursor
    assert seen == ids[::-1]
    assert pages == 3
    for forged in ("x", f"{first_cursor}x"):
        assert till.get("/api/v1/members", query_string={"cursor": forged}).status_code == 422
    assert till.get("/api/v1/rewards", query_string={"cursor": first_cursor}).status_code == 422
    assert (
        api.till(app, florist).get("/api/v1/members", query_string={"cursor": first_cursor}).status_code
        == 422
    )


def test_an_answer_that_one_has_is_not_sent_again(till: FlaskClient) -> None:
    member = add(till)
    address = f"/api/v1/members/{member['id']}"
    first = till.get(address)
    tag = first.headers["ETag"]
    same = till.get(address, headers={"If-None-Match": tag})
    assert (same.status_code, same.data) == (304, b"")
    till.patch(address, json={"language": "sv"})
    assert till.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_all_scopes_are_in_the_form(app: Flask, bakery: Record) -> None:
    page = logged_in(app, bakery, "owner").get(f"/console/{bakery.slug}/settings/api-keys").text
    for scope in SCOPES:
        assert f'value="{scope}"' in page
