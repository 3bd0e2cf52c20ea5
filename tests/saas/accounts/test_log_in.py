"""Log-in, log-out, sessions, passwords."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from saas.accounts import operations, passwords
from saas.accounts.models import User
from saas.db import PLATFORM, db, transaction
from saas.merchants.registry import Record
from tests.factories.accounts import PASSWORD, a_user, link_in, mails_to, new_address
from tests.factories.browser import without_tokens


def log_in(
    client: FlaskClient, email: str, password: str = PASSWORD, address: str = "192.0.2.1", **form: str
) -> int:
    data = {"email": email, "password": password, **form}
    return client.post("/log-in", data=data, environ_base={"REMOTE_ADDR": address}).status_code


def session_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    return cookie.value if cookie else ""


def test_the_right_password_opens_a_new_session(app: Flask, client: FlaskClient) -> None:
    user = a_user(app)
    client.set_cookie("session", "planted-by-somebody-else")
    assert log_in(client, f" {user.email.upper()} ", address="192.0.2.10") == 303
    assert session_of(client) not in ("", "planted-by-somebody-else")
    assert client.get("/account").status_code == 200


def test_a_wrong_password_and_an_unknown_address_look_alike(app: Flask, client: FlaskClient) -> None:
    user, stranger = a_user(app), new_address()
    answers = [
        client.post(
            "/log-in",
            data={"email": email, "password": "not this one"},
            environ_base={"REMOTE_ADDR": "192.0.2.11"},
        )
        for email in (user.email, stranger)
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    pages = [without_tokens(answer.text) for answer in answers]
    assert pages[0].replace(user.email, "") == pages[1].replace(stranger, "")


def test_an_unknown_address_is_hashed_too(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []

    def is_right(hashed: str | None, secret: str) -> bool:
        seen.append(hashed)
        return False

    monkeypatch.setattr(passwords, "is_right", is_right)
    log_in(client, new_address(), address="192.0.2.12")
    assert seen == [None]


def test_the_eleventh_try_is_refused_before_anything_is_hashed(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = a_user(app)
    for _time in range(10):
        assert log_in(client, user.email, "not this one", "192.0.2.13") == 422
    monkeypatch.setattr(passwords, "is_right", lambda hashed, secret: pytest.fail("hashed"))
    assert log_in(client, user.email, PASSWORD, "192.0.2.13") == 429
    monkeypatch.undo()
    assert log_in(client, user.email, PASSWORD, "192.0.2.14") == 303


def test_an_address_that_tries_many_accounts_is_refused(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        for _time in range(50):
            operations.count_attempt(new_address(), "192.0.2.15")
    assert log_in(client, new_address(), "not this one", "192.0.2.15") == 429


def test_an_old_hash_is_renewed(app: Flask, client: FlaskClient) -> None:
    user = a_user(app)
    with app.app_context(), transaction(PLATFORM):
        old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
        db.session.get_one(User, user.id).password_hash = old
    assert log_in(client, user.email, address="192.0.2.16") == 303
    with app.app_context(), transaction(PLATFORM):
        assert not passwords.is_outdated(db.session.get_one(User, user.id).password_hash or "")


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/account?x=1", "/account?x=1"),
        ("//evil.example/", "/shops"),
        ("https://evil.example", "/shops"),
        ("/\\evil", "/shops"),
    ],
)
def test_the_way_back_never_leaves_the_site(
    app: Flask, client: FlaskClient, target: str, location: str
) -> None:
    user = a_user(app)
    data = {"email": user.email, "password": PASSWORD, "next": target}
    answer = client.post("/log-in", data=data, environ_base={"REMOTE_ADDR": "192.0.2.17"})
    assert answer.headers["Location"] == location


def test_logging_out_ends_the_session_itself(app: Flask, client: FlaskClient) -> None:
    user = a_user(app)
    log_in(client, user.email, address="192.0.2.18")
    old = session_of(client)
    assert client.post("/log-out").status_code == 303
    client.set_cookie("session", old)
    assert client.get("/account").status_code == 303


def test_a_reset_link_works_once_and_ends_every_session(app: Flask, client: FlaskClient) -> None:
    user = a_user(app)
    log_in(client, user.email, address="192.0.2.19")
    stranger = app.test_client()
    assert stranger.post("/forgotten-password", data={"email": user.email}).status_code == 200
    [mail] = mails_to(app, user.email)
    link = link_in(mail)
    for _time in range(5):
        assert stranger.get(link).status_code == 200
    assert stranger.post(link, data={"password": "password"}).status_code == 422
    assert stranger.post(link, data={"password": "a new long one"}).status_code == 303
    assert stranger.post(link, data={"password": "another long one"}).status_code == 404
    assert client.get("/account").status_code == 303
    assert log_in(stranger, user.email, PASSWORD, "192.0.2.20") == 422
    assert log_in(stranger, user.email, "a new long one", "192.0.2.20") == 303


def test_a_reset_link_is_dead_after_ten_minutes(app: Flask, client: FlaskClient) -> None:
    import datetime as dt

    import time_machine

    user = a_user(app)
    client.post("/forgotten-password", data={"email": user.email})
    [mail] = mails_to(app, user.email)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10, seconds=1)):
        assert client.get(link_in(mail)).status_code == 404
        assert client.post(link_in(mail), data={"password": "a new long one"}).status_code == 404


def test_forgetting_says_nothing_about_the_address(app: Flask, client: FlaskClient) -> None:
    user, stranger = a_user(app), new_address()
    texts = [
        client.post("/forgotten-password", data={"email": email}).text for email in (user.email, stranger)
    ]
    # The form's token holds the second in which it was made.
    bare = [re.sub(r'(content|value)="[\w.-]{40,}"', "", text) for text in texts]
    assert bare[0].replace(user.email, "") == bare[1].replace(stranger, "")
    assert mails_to(app, stranger) == []


def test_reset_mails_are_capped(app: Flask, client: FlaskClient) -> None:
    email = new_address()
    codes = [client.post("/forgotten-password", data={"email": email}).status_code for _time in range(4)]
    assert codes == [200, 200, 200, 429]


def test_changing_the_password_asks_for_the_present_one_and_ends_other_sessions(app: Flask) -> None:
    user, here, there = a_user(app), app.test_client(), app.test_client()
    log_in(here, user.email, address="192.0.2.21")
    log_in(there, user.email, address="192.0.2.21")
    wrong = {"secret-current": "not this one", "secret-password": "a new long one"}
    assert here.post("/account/password", data=wrong).status_code == 422
    right = {"secret-current": PASSWORD, "secret-password": "a new long one"}
    assert here.post("/account/password", data=right).status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303


def test_sessions_are_listed_and_ended_one_by_one(app: Flask) -> None:
    user, here, there, other = a_user(app), app.test_client(), app.test_client(), app.test_client()
    log_in(here, user.email, address="192.0.2.22")
    there.post(
        "/log-in",
        data={"email": user.email, "password": PASSWORD},
        environ_base={"REMOTE_ADDR": "192.0.2.22"},
        headers={
            "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1"
        },
    )
    page = here.get("/account/sessions").text
    assert "Safari on iPhone" in page
    end = page.split('action="/account/sessions/')[1].split('"')[0]
    log_in(other, a_user(app).email, address="192.0.2.22")
    assert other.post(f"/account/sessions/{end}").status_code == 404
    assert here.post(f"/account/sessions/{end}").status_code == 303
    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200


def test_ending_all_other_sessions_keeps_this_one(app: Flask) -> None:
    user, here, there = a_user(app), app.test_client(), app.test_client()
    log_in(here, user.email, address="192.0.2.23")
    log_in(there, user.email, address="192.0.2.23")
    assert here.post("/account/sessions/end-others").status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303


def test_name_and_language_are_remembered(app: Flask, client: FlaskClient) -> None:
    user = a_user(app)
    log_in(client, user.email, address="192.0.2.24")
    assert client.post("/account", data={"name": "Maria S.", "language": "el"}).status_code == 303
    page = client.get("/account").text
    assert "Maria S." in page
    assert 'lang="el"' in page
    assert client.post("/account", data={"name": "", "language": "xx"}).status_code == 422


def test_a_logged_out_person_comes_back_to_where_they_wanted(client: FlaskClient, bakery: Record) -> None:
    answer = client.get(f"/console/{bakery.slug}/staff")
    assert answer.headers["Location"] == f"/log-in?next=/console/{bakery.slug}/staff"
    fragment = client.get(f"/console/{bakery.slug}/staff", headers={"HX-Request": "true"})
    assert (fragment.status_code, "HX-Redirect" in fragment.headers) == (401, True)


def test_the_confirmation_mail_is_sent_again_three_times_an_hour(app: Flask, client: FlaskClient) -> None:
    user = a_user(app)
    log_in(client, user.email, address="192.0.2.25")
    codes = [client.post("/account/confirmation").status_code for _time in range(4)]
    assert codes == [303, 303, 303, 429]
    assert len(mails_to(app, user.email)) == 3


def test_staff_with_one_shop_land_in_it(
    app: Flask, bakery: Record, as_role: Callable[[Record, str], FlaskClient]
) -> None:
    assert as_role(bakery, "owner").get("/log-in").headers["Location"] == "/shops"
