"""The operators' door: two factors always, codes taken once, sessions that end by themselves."""

from __future__ import annotations

import datetime as dt
import itertools
import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas.db import PLATFORM, db, transaction
from saas.operator import operations, totp
from saas.operator.models import Operator, OperatorSession
from saas.web.clock import utcnow
from tests.factories import cast, operators

_addresses = itertools.count(1)


class Browser:
    """A browser at an address of its own, so that one test's tries don't count for another."""

    def __init__(self, app: Flask) -> None:
        number = next(_addresses)
        self.client = app.test_client()
        self.environ = {"REMOTE_ADDR": f"198.51.{number // 250}.{number % 250 + 1}"}

    def get(self, path: str):
        return self.client.get(f"/operator{path}", environ_overrides=self.environ)

    def post(self, path: str, **data: str):
        return self.client.post(f"/operator{path}", data=data, environ_overrides=self.environ)

    def password(self, made: Operator, password: str = operators.PASSWORD):
        return self.post("/log-in", email=made.email, password=password)


def code(app: Flask, made: Operator, offset: int = 0) -> str:
    step = int(utcnow().timestamp()) // totp.STEP + offset
    return totp.TOTP(operators.secret_of(app, made)).generate_otp(step)


def stored(app: Flask, made: Operator) -> Operator:
    with app.app_context(), transaction(PLATFORM):
        return db.session.get_one(Operator, made.id)


def test_both_factors_open_the_console_and_logging_out_closes_it(app):
    made, browser = operators.operator(app), Browser(app)
    asked = browser.get("/events?state=failed")
    assert asked.status_code == 303
    assert asked.headers["Location"].startswith("/operator/log-in?next=")
    answer = browser.password(made)
    assert answer.headers["Location"] == "/operator/two-factor"
    half = browser.client.get_cookie("operator").value
    assert browser.get("").headers["Location"].startswith("/operator/log-in")
    assert browser.get("/log-in").headers["Location"] == "/operator/two-factor"
    answer = browser.post("/two-factor", code=code(app, made), next="/operator/events")
    assert answer.headers["Location"] == "/operator/events"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/" in cookie
    whole = browser.client.get_cookie("operator").value
    assert whole != half
    assert browser.get("").status_code == 200
    assert browser.post("/log-out").status_code == 303
    for token in (whole, half):
        browser.client.set_cookie("operator", token)
        assert browser.get("").status_code == 303


def test_the_second_factor_is_set_up_at_the_first_log_in(app):
    made, browser = operators.operator(app, is_enrolled=False), Browser(app)
    browser.password(made)
    page = browser.get("/two-factor").text
    assert "<svg" in page
    assert operators.secret_of(app, made)[:4] in page
    assert browser.post("/two-factor", code="000000").status_code == 422
    answer = browser.post("/two-factor", code=code(app, made))
    codes = re.findall(r"<li>([A-Z0-9]{5}-[A-Z0-9]{5})</li>", answer.text)
    assert len(codes) == totp.RECOVERY_CODES
    assert browser.get("").status_code == 200
    assert stored(app, made).enrolled_at is not None
    again = Browser(app)
    again.password(made)
    assert "<svg" not in again.get("/two-factor").text.partition("<main")[2].partition("</main>")[0]
    assert again.post("/two-factor", code=codes[0].lower()).status_code == 303
    assert again.get("").status_code == 200
    third = Browser(app)
    third.password(made)
    assert third.post("/two-factor", code=codes[0]).status_code == 422
    assert third.get("").status_code == 303


@pytest.mark.parametrize("offset", [-3, 3])
def test_codes_of_another_time_are_refused(app, offset):
    made, browser = operators.operator(app), Browser(app)
    browser.password(made)
    assert browser.post("/two-factor", code=code(app, made, offset)).status_code == 422
    assert browser.get("").status_code == 303


def test_a_code_is_taken_once(app):
    made = operators.operator(app)
    first, second = Browser(app), Browser(app)
    for browser in (first, second):
        browser.password(made)
    same = code(app, made)
    assert first.post("/two-factor", code=same).status_code == 303
    assert second.post("/two-factor", code=same).status_code == 422
    assert second.get("").status_code == 303
    assert second.post("/two-factor", code=code(app, made, 1)).status_code == 303


def test_wrong_passwords_say_the_same_for_all_and_are_counted_before_they_are_hashed(app, monkeypatch):
    made, browser = operators.operator(app), Browser(app)
    wrong = browser.password(made, "not the password")
    unknown = browser.post("/log-in", email="nobody@regulars.example", password="not the password")
    assert wrong.status_code == unknown.status_code == 422
    said = [
        re.search(r'<div class="alert alert-danger.*?</div>', page.text, re.S)[0] for page in (wrong, unknown)
    ]
    assert said[0] == said[1]
    for _ in range(4):
        browser.password(made, "not the password")
    hashed = []
    monkeypatch.setattr("saas.accounts.passwords.is_right", lambda *secret: hashed.append(secret))
    assert browser.password(made).status_code == 429
    assert not hashed


def test_codes_are_counted(app):
    made, browser = operators.operator(app), Browser(app)
    browser.password(made)
    answers = [browser.post("/two-factor", code="000000").status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert browser.post("/two-factor", code=code(app, made)).status_code == 429


@pytest.mark.parametrize(
    "late",
    [
        {"last_used_at": dt.timedelta(minutes=31)},
        {"expires_at": dt.timedelta(seconds=1)},
        {"ended_at": dt.timedelta(seconds=1)},
    ],
)
def test_sessions_end_by_themselves(app, late):
    made = operators.operator(app)
    browser = operators.logged_in(app, made)
    assert browser.get("/operator").status_code == 200
    values = {name: utcnow() - ago for name, ago in late.items()}
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(
            update(OperatorSession).where(OperatorSession.operator_id == made.id).values(**values)
        )
    assert browser.get("/operator").status_code == 303


def test_a_link_sets_the_password_once_and_begins_anew(app):
    made = operators.operator(app)
    old = operators.logged_in(app, made)
    with app.app_context(), transaction(PLATFORM):
        token = operations.add(made.email, "", utcnow())
    assert old.get("/operator").status_code == 303
    browser = Browser(app)
    assert browser.password(made).status_code == 422
    assert [browser.get(f"/set-up/{token}").status_code for _ in range(2)] == [200, 200]
    assert browser.post(f"/set-up/{token}", password="short").status_code == 422
    assert browser.post(f"/set-up/{token}", password="a much better one").status_code == 303
    for answer in (browser.get(f"/set-up/{token}"), browser.post(f"/set-up/{token}", password="and another")):
        assert answer.status_code == 404
    assert browser.password(made, "a much better one").headers["Location"] == "/operator/two-factor"
    assert stored(app, made).totp_salt != made.totp_salt


def test_a_late_link_and_a_removed_operator_open_nothing(app):
    made = operators.operator(app)
    with app.app_context(), transaction(PLATFORM):
        token = operations.add(made.email, "", utcnow() - operations.LINK_LASTS)
    assert Browser(app).get(f"/set-up/{token}").status_code == 404
    made = operators.operator(app)
    browser = operators.logged_in(app, made)
    with app.app_context(), transaction(PLATFORM):
        operations.remove(made.email, utcnow())
    assert browser.get("/operator").status_code == 303
    assert Browser(app).password(made).status_code == 422
    with app.app_context(), pytest.raises(operations.Unknown), transaction(PLATFORM):
        operations.remove(made.email, utcnow())


def test_no_user_of_a_merchant_is_an_operator(app, bakery, as_role):
    """Every address of the operators but their door is not there for a merchant's staff, by any method."""
    owner = as_role(bakery, "owner")
    token = cast.session_cookie(app, bakery, "owner")
    looked = 0
    for rule in app.url_map.iter_rules():
        access = app.view_functions[rule.endpoint].access
        if not rule.rule.startswith("/operator"):
            continue
        assert access.who == "operator", rule
        if access.permission == "door":
            if rule.rule.endswith("/log-in"):
                assert owner.get("/operator/log-in").status_code == 200
            continue
        values = {"merchant_id": bakery.id, "event_id": "evt_1", "job_id": 1}
        with app.test_request_context():
            url = app.url_map.bind("localhost").build(
                rule.endpoint, {name: values[name] for name in rule.arguments}
            )
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            assert owner.open(url, method=method).status_code == 404, rule
            forged = app.test_client()
            forged.set_cookie("operator", token)
            assert forged.open(url, method=method).status_code == 303, rule
            looked += 1
    assert looked >= 12


def test_an_operators_session_is_no_users(app, bakery):
    browser = app.test_client()
    browser.set_cookie("session", operators.session_cookie(app, operators.operator(app)))
    assert browser.get(f"/console/{bakery.slug}/").status_code == 303
    with app.app_context(), transaction(PLATFORM):
        assert db.session.scalar(select(OperatorSession.id).limit(1)) is not None
