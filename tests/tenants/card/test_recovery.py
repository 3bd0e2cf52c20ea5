"""A lost card comes back by a mailed link: once, in ten minutes, and a stranger learns nothing."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from sqlalchemy import select

from saas.db import PLATFORM, db, transaction
from saas.web.clock import utcnow
from saas.web.jobs import run_waiting
from saas.web.models import KeptMail
from tests.factories.browser import without_tokens


@pytest.fixture
def mails(app):
    def read(recipient: str) -> list[str]:
        run_waiting(app)
        with app.app_context(), transaction(PLATFORM):
            return list(db.session.scalars(select(KeptMail.body).where(KeptMail.recipient == recipient)))

    return read


def test_the_link_gives_the_card_back_once(phone, program, bakery, mails):
    email = f"eleni@{bakery.slug}.example"
    old, new = phone(), phone()
    old.join("Eleni", email=email)
    assert "on its way" in new.post("/recover", email=email.upper()).text
    assert mails(email.upper()) == []  # it goes where the member said, not where the form says
    [body] = mails(email)
    path = re.search(rf"/c/{bakery.slug}(/recover/\S+)", body)[1]
    assert "Open my card" in new.get(path).text
    assert "Get your card" in new.get().text  # opening the link uses nothing up
    assert new.post(path).status_code == 303
    assert "Eleni" in new.get().text
    again = phone().post(path)
    assert again.status_code == 422
    assert "does not work any more" in again.text


def test_a_recovered_card_is_held_by_one_browser(phone, program, bakery, mails):
    email = f"lost@{bakery.slug}.example"
    lost, found, thief = phone(), phone(), phone()
    lost.join("Eleni", email=email)
    for _ in range(2):
        found.post("/recover", email=email)
    first, second = (re.search(rf"/c/{bakery.slug}(/recover/\S+)", body)[1] for body in mails(email))
    assert found.post(first).status_code == 303
    assert "Get your card" in lost.get().text
    assert thief.post(second).status_code == 422
    assert "Eleni" in found.get().text


def test_after_ten_minutes_it_is_over(phone, program, bakery, mails):
    email = f"late@{bakery.slug}.example"
    phone().join("Eleni", email=email)
    phone().post("/recover", email=email)
    [body] = mails(email)
    path = re.search(rf"/c/{bakery.slug}(/recover/\S+)", body)[1]
    with time_machine.travel(utcnow() + dt.timedelta(minutes=11)):
        assert phone().post(path).status_code == 422


def test_known_and_unknown_addresses_are_answered_alike(phone, program, bakery, mails):
    email = f"known@{bakery.slug}.example"
    phone().join("Eleni", email=email)
    known = phone().post("/recover", email=email)
    unknown = phone().post("/recover", email=f"other@{bakery.slug}.example")
    assert known.status_code == unknown.status_code == 200
    assert without_tokens(known.text) == without_tokens(unknown.text)
    assert mails(f"other@{bakery.slug}.example") == []


def test_no_more_than_five_mails_a_day(phone, program, bakery):
    answers = [phone().post("/recover", email=f"often@{bakery.slug}.example").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_what_is_no_address_is_said(phone, program):
    assert phone().post("/recover", email="nonsense").status_code == 422
