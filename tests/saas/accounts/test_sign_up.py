"""Signing up: what is made, what is guessed, what is refused, and what is left after a failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from saas.accounts import sign_up
from saas.accounts.models import Staff, User
from saas.db import PLATFORM, Binding, db, provisioning, transaction
from saas.merchants import opening, registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from tenants.locations.models import Location
from tests.factories.accounts import a_user, link_in, mails_to, sign_up_form


def slug_in(location: str) -> str:
    return location.split("/console/")[1].strip("/")


def merchant_of(app: Flask, slug: str) -> Record:
    with app.app_context():
        found = registry.find(slug)
    assert found is not None
    return found


def schemas(control: URL) -> set[str]:
    address = control.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'm\\_%'").fetchall()
    return {row[0] for row in rows}


def test_four_answers_open_a_shop(
    app: Flask, client: FlaskClient, within: Callable[[Record], AbstractContextManager[None]]
) -> None:
    form = sign_up_form(shop_name="Φούρνος της Ευαγγελίας")
    answer = client.post("/sign-up", data=form, headers={"Accept-Language": "el"})
    assert answer.status_code == 303
    slug = slug_in(answer.headers["Location"])
    assert slug.startswith("fournos-tis-evangelias")
    shop = merchant_of(app, slug)
    assert (shop.country, shop.currency, shop.time_zone) == ("GR", "EUR", "Europe/Athens")
    assert (shop.language, shop.category) == ("el", "bakery")
    with within(shop):
        assert [place.name for place in db.session.scalars(select(Location))] == ["Φούρνος της Ευαγγελίας"]
    assert client.get("/account").status_code == 200
    with app.app_context(), transaction(PLATFORM):
        staff, user = db.session.execute(
            select(Staff, User).join(User, User.id == Staff.user_id).where(Staff.merchant_id == shop.id)
        ).one()
        assert (staff.role, user.email, user.email_confirmed_at) == ("owner", form["email"], None)


def test_a_name_of_300_greek_letters_works(
    app: Flask, client: FlaskClient, within: Callable[[Record], AbstractContextManager[None]]
) -> None:
    answer = client.post("/sign-up", data=sign_up_form(shop_name="Ω" * 300))
    assert answer.status_code == 303
    shop = merchant_of(app, slug_in(answer.headers["Location"]))
    assert shop.name == "Ω" * 300
    with within(shop):
        assert db.session.scalars(select(Location.name)).all() == ["Ω" * 120]
    assert client.post("/shops/new", data={"shop_name": "Ω" * 301}).status_code == 422


def test_the_address_is_confirmed_by_a_button_once(app: Flask, client: FlaskClient) -> None:
    form = sign_up_form()
    client.post("/sign-up", data=form)
    [mail] = mails_to(app, form["email"])
    link = link_in(mail)
    for _time in range(5):
        assert client.get(link).status_code == 200
    confirmed = client.post(link)
    assert confirmed.status_code == 303
    assert slug_in(confirmed.headers["Location"]), "back to the only shop"
    assert client.post(link).status_code == 404
    assert client.get(link).status_code == 404


def test_the_same_name_gets_the_next_address(app: Flask) -> None:
    form = sign_up_form(shop_name="Twin Shop")
    first = app.test_client().post("/sign-up", data=form)
    second = app.test_client().post("/sign-up", data=sign_up_form(shop_name="Twin Shop"))
    assert slug_in(first.headers["Location"]) == "twin-shop"
    assert slug_in(second.headers["Location"]) == "twin-shop-2"


def test_a_typed_address_that_is_taken_is_said_at_the_field(app: Flask) -> None:
    app.test_client().post("/sign-up", data=sign_up_form(slug="only-one"))
    form = sign_up_form(slug="only-one")
    answer = app.test_client().post("/sign-up", data=form)
    assert answer.status_code == 422
    assert "is taken" in answer.text
    assert form["email"] in answer.text
    assert '<details class="guessed" open>' in answer.text
    with app.app_context(), transaction(PLATFORM):
        assert db.session.scalar(select(func.count()).where(User.email == form["email"])) == 0


WORDS = "sign-up log-in c console counter static api dev wallet operator www admin shops account healthz"


@pytest.mark.parametrize("slug", WORDS.split())
def test_words_of_the_service_are_refused(client: FlaskClient, slug: str) -> None:
    assert client.post("/sign-up", data=sign_up_form(slug=slug)).status_code == 422


@pytest.mark.parametrize("slug", ["-a-b", "ab-", "ä-shop", "a b", "../x", "x" * 41, "ab"])
def test_addresses_that_are_none(client: FlaskClient, slug: str) -> None:
    assert client.post("/sign-up", data=sign_up_form(slug=slug)).status_code == 422


def test_a_shop_named_like_a_word_of_the_service_counts_on(client: FlaskClient) -> None:
    answer = client.post("/sign-up", data=sign_up_form(shop_name="Counter"))
    assert slug_in(answer.headers["Location"]) == "counter-2"


def test_two_at_once_both_get_a_shop(app: Flask) -> None:
    answers: list[str] = []
    gate = threading.Barrier(2)

    def go() -> None:
        form = sign_up_form(shop_name="Race Shop")
        gate.wait()
        answers.append(app.test_client().post("/sign-up", data=form).headers["Location"])

    threads = [threading.Thread(target=go) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {slug_in(answer) for answer in answers} == {"race-shop", "race-shop-2"}


def test_a_known_address_learns_of_it_by_mail_only(app: Flask, client: FlaskClient) -> None:
    user = a_user(app)
    answer = client.post("/sign-up", data=sign_up_form(email=user.email.upper(), password="another long one"))
    assert answer.status_code == 200
    assert "Check your mail" in answer.text
    assert client.get("/account").status_code == 303
    [mail] = mails_to(app, user.email)
    assert "/log-in" in mail.body


def test_a_known_address_with_its_password_is_told_to_log_in(app: Flask, client: FlaskClient) -> None:
    user = a_user(app)
    answer = client.post("/sign-up", data=sign_up_form(email=user.email))
    assert answer.status_code == 422
    assert "You have an account already" in answer.text


def test_a_failure_leaves_no_schema_and_no_row(
    app: Flask, control_url: URL, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = schemas(control_url)
    made = provisioning.provision

    def provision_and_fail(control: URL, schema: str) -> None:
        made(control, schema)
        raise psycopg.OperationalError("the disk is full")

    monkeypatch.setattr(provisioning, "provision", provision_and_fail)
    form = sign_up_form(slug="half-done")
    assert client.post("/sign-up", data=form).status_code == 503
    assert schemas(control_url) == before
    with app.app_context(), transaction(PLATFORM):
        assert db.session.scalar(select(func.count()).where(User.email == form["email"])) == 0
        assert db.session.scalar(select(func.count()).where(Merchant.slug == "half-done")) == 0


@pytest.mark.parametrize("has_committed", [True, False])
def test_a_line_lost_in_the_commit_keeps_the_schema_of_a_shop_that_exists(
    app: Flask,
    control_url: URL,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    has_committed: bool,
) -> None:
    before = schemas(control_url)

    @contextmanager
    def lost(binding: Binding) -> Iterator[None]:
        with suppress(_NotCommittedError), transaction(binding):
            yield
            is_last = bool(schemas(control_url) - before) and binding is PLATFORM
            if is_last and not has_committed:
                raise _NotCommittedError
        if is_last:
            raise OperationalError("COMMIT", {}, psycopg.OperationalError("the line is lost"))

    monkeypatch.setattr(sign_up, "transaction", lost)
    slug = f"line-lost-{has_committed}".lower()
    answer = client.post("/sign-up", data=sign_up_form(slug=slug))
    assert answer.status_code == (303 if has_committed else 503)
    assert len(schemas(control_url) - before) == has_committed
    if has_committed:
        assert client.get(answer.headers["Location"]).status_code == 200


class _NotCommittedError(Exception):
    """The database rolled back instead."""


def test_the_first_look_makes_good_what_was_broken_off_after_the_commit(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    within: Callable[[Record], AbstractContextManager[None]],
) -> None:
    def broken(shop_name: str, now: object) -> None:
        raise OperationalError("INSERT", {}, psycopg.OperationalError("the line is lost"))

    form = sign_up_form(slug="unfurnished")
    with monkeypatch.context() as patch:
        patch.setattr(opening, "furnish", broken)
        assert client.post("/sign-up", data=form).status_code == 503
    shop = merchant_of(app, "unfurnished")
    log_in = {"email": form["email"], "password": form["password"]}
    assert client.post("/log-in", data=log_in).status_code == 303
    for _time in range(2):
        assert client.get("/console/unfurnished/").status_code == 200
        with within(shop):
            assert db.session.scalars(select(Location.name)).all() == [shop.name]


@pytest.mark.parametrize(
    "changes",
    [{"email": "nobody"}, {"password": "password1"}, {"name": ""}, {"shop_name": " "}, {"country": "XX"}],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client: FlaskClient, changes: dict[str, str]) -> None:
    form = sign_up_form(**changes)
    answer = client.post("/sign-up", data=form)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert form["email"] in answer.text
    assert form["password"] not in answer.text


def test_the_address_is_suggested_while_the_name_is_typed(client: FlaskClient) -> None:
    answer = client.get("/sign-up/address?shop_name=Café+Zoë", headers={"HX-Request": "true"})
    assert "/c/cafe-zoe" in answer.text
    assert "<html" not in answer.text


def test_another_shop_belongs_to_the_same_owner(app: Flask, client: FlaskClient) -> None:
    client.post("/sign-up", data=sign_up_form())
    answer = client.post("/shops/new", data={"shop_name": "Second Shop"})
    assert answer.status_code == 303
    page = client.get("/shops").text
    assert page.count('class="shop-card"') == 2
