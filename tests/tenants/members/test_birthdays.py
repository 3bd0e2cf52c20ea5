"""Birthdays: read as people say them, said once by a member, corrected by staff, and asked for only where wanted."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import select, update

from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.web.clock import utcnow
from tenants.members import operations, rules, words
from tenants.members.models import Member
from tests.factories import ledger

TODAY = dt.date(2026, 5, 20)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ((31, 5, 1990), dt.date(1990, 5, 31)),
        ((31, 5, None), dt.date(1904, 5, 31)),
        ((29, 2, None), dt.date(1904, 2, 29)),
        ((29, 2, 2000), dt.date(2000, 2, 29)),
        ((29, 2, 2001), None),
        ((31, 4, None), None),
        ((20, 5, 2026), dt.date(2026, 5, 20)),
        ((21, 5, 2026), None),
        ((1, 1, 1903), None),
        ((1, 1, 99999), None),
    ],
)
def test_a_birthday_as_it_is_kept(said, kept) -> None:
    assert rules.birthday(*said, TODAY) == kept


def asking(app, merchant) -> None:
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(update(Merchant).where(Merchant.id == merchant.id).values(is_birthday_asked=True))
    registry.forget_all()


def test_a_member_says_it_once(app, bakery, client, within) -> None:
    address = f"/c/{bakery.slug}"
    assert "birth_day" not in client.get(address).text
    asking(app, bakery)
    page = client.get(address).text
    assert "the birthday that you give" in page
    nonce = re.search(r'name="nonce"[^>]*value="([^"]+)"', page)
    assert nonce
    form = {"first_name": "Eleni", "nonce": nonce[1], "email": ""}
    bad = client.post(f"{address}/join", data={**form, "birth_day": "31", "birth_month": "4"})
    assert (bad.status_code, "there is no such date" in bad.text) == (422, True)
    assert client.post(f"{address}/join", data=form).status_code == 303
    profile = {"first_name": "Eleni", "language": "en", "birth_day": "29", "birth_month": "2"}
    assert client.post(f"{address}/profile", data=profile).status_code == 303
    again = {**profile, "birth_day": "1", "birth_month": "6"}
    assert client.post(f"{address}/profile", data=again).status_code == 303
    shown = client.get(f"{address}/profile").text
    assert "February 29" in shown or "29 February" in shown
    assert "birth_day" not in shown
    with within(bakery):
        member = db.session.scalars(select(Member)).one()
        assert (member.birthday, member.birthday_at is not None) == (dt.date(1904, 2, 29), True)
        assert not operations.say_birthday(member, dt.date(1990, 1, 1), utcnow())


def test_staff_say_and_correct_it(app, bakery, as_role, within) -> None:
    browser = as_role(bakery, "manager")
    counter = f"/counter/{bakery.slug}/members"
    assert "birth_day" not in browser.get(f"{counter}/new").text
    asking(app, bakery)
    assert "birth_day" in browser.get(f"{counter}/new").text
    sent = {"member_id": "01a20461-52fb-7ba5-ad73-203943349200", "first_name": "Anna"}
    said = {"birth_day": "31", "birth_month": "5"}
    assert browser.post(counter, data={**sent, "birth_day": "31"}).status_code == 422
    assert browser.post(counter, data={**sent, **said}).status_code == 200
    with within(bakery):
        member = db.session.scalars(select(Member)).one()
        assert member.birthday == dt.date(1904, 5, 31)
    address = f"/console/{bakery.slug}/members/{member.id}"
    assert "May 31" in browser.get(address).text
    edit = browser.get(f"{address}/edit").text
    assert re.search(r'<option selected value="31">', edit)
    change = {
        "first_name": "Anna",
        "language": "en",
        "birth_day": "1",
        "birth_month": "6",
        "birth_year": "1990",
    }
    assert browser.post(f"{address}/edit", data=change).status_code == 303
    with within(bakery):
        assert db.session.scalar(select(Member.birthday)) == dt.date(1990, 6, 1)
    assert browser.post(f"{address}/edit", data={"first_name": "Anna", "language": "en"}).status_code == 303
    with within(bakery):
        assert db.session.scalar(select(Member.birthday)) is None


def test_in_words_with_the_year_where_it_is_known(app) -> None:
    with app.test_request_context():
        assert words.birthday(dt.date(1904, 5, 31)) == "May 31"
        assert words.birthday(dt.date(1990, 5, 31)) == "May 31, 1990"
        assert words.birthday(None) == ""


def test_two_who_say_it_at_once_are_one(bakery, within) -> None:
    with within(bakery):
        member = ledger.member()
        assert operations.say_birthday(member, dt.date(1990, 1, 1), utcnow())
        stale = Member(id=member.id)
        assert not operations.say_birthday(stale, dt.date(1991, 1, 1), utcnow())
