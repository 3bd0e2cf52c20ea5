"""Joining at /c/<merchant>: one step, one member, nothing revealed."""

from __future__ import annotations

import dataclasses
import re

import pytest
from sqlalchemy import func, select

from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from tenants.members.models import Member, MemberSession
from tenants.programs.models import Enrolment
from tests.factories import ledger as factory
from tests.factories.browser import without_tokens


def ask(app, merchant, **settings):
    with app.app_context(), transaction(PLATFORM):
        row = db.session.get(Merchant, merchant.id)
        for name, value in settings.items():
            setattr(row, name, value)
    registry.forget_all()
    return dataclasses.replace(merchant, **settings)


def test_the_page_shows_what_there_is_to_get(phone, program):
    page = phone().get()
    assert page.status_code == 200
    assert "Your next coffee is on us" in page.text
    assert "0 of 10 stamps" in page.text


def test_a_first_name_is_enough(phone, program, bakery, within):
    eleni = phone()
    answer = eleni.join("  Eleni  ", phone="210 1234567")
    assert answer.status_code == 303
    assert answer.location == eleni.home
    assert "Eleni" in eleni.get().text
    with within(bakery):
        member = db.session.scalars(select(Member)).one()
        assert member.first_name == "Eleni"
        assert member.phone == "+302101234567"
        assert member.consent_at is not None
        assert "Bakery keeps your name" in member.consent_text
        assert db.session.scalars(select(Enrolment)).one().program_id == program


def test_the_cookie_lasts_and_is_the_shops_alone(phone, program, bakery):
    cookie = phone().join().headers["Set-Cookie"]
    assert cookie.startswith(f"card-{bakery.slug}=")
    for part in ("Max-Age=34560000", "HttpOnly", "SameSite=Lax", f"Path=/c/{bakery.slug}"):
        assert part in cookie


def test_the_form_sent_twice_is_one_member(phone, program, bakery, within, app):
    tapping = phone()
    nonce = re.search(r'name="nonce"[^>]*value="([^"]+)"', tapping.get().text)[1]
    for _ in range(2):
        other = dataclasses.replace(tapping, client=app.test_client())
        assert other.post("/join", first_name="Eleni", nonce=nonce).status_code == 303
        assert "Eleni" in other.get().text
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Member)) == 1


def test_somebody_else_at_the_same_form_is_a_second_member(phone, program, bakery, within, app):
    shared = phone()
    nonce = re.search(r'name="nonce"[^>]*value="([^"]+)"', shared.get().text)[1]
    for name in ("Eleni", "Maria"):
        dataclasses.replace(shared, client=app.test_client()).post("/join", first_name=name, nonce=nonce)
    with within(bakery):
        assert set(db.session.scalars(select(Member.first_name))) == {"Eleni", "Maria"}


@pytest.mark.parametrize("nonce", ["", "forged", "x" * 5000])
def test_a_forged_nonce_is_no_way_into_a_card(phone, program, nonce):
    assert phone().post("/join", first_name="Eleni", nonce=nonce).status_code == 303


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"first_name": ""}, "Tell us what to call you."),
        ({"first_name": "Ω" * 300}, "at most 60 characters"),
        ({"first_name": "Eleni", "email": "not an address"}, "not an e-mail address"),
        ({"first_name": "Eleni", "phone": "12"}, "not a phone number"),
    ],
)
def test_what_was_typed_wrong_is_said_and_kept(phone, program, fields, words):
    answer = phone().post("/join", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    for value in fields.values():
        assert value in answer.text


def test_the_shop_decides_what_is_asked(app, phone, program, bakery):
    ask(app, bakery, member_contact="none")
    assert 'name="email"' not in phone().get().text
    ask(app, bakery, member_contact="phone", is_contact_required=True)
    page = phone().get().text
    assert 'name="phone"' in page
    assert 'name="email"' not in page
    answer = phone().join("Eleni")
    assert answer.status_code == 422
    assert "The shop asks for a way to reach you." in answer.text


def test_a_known_address_is_not_revealed(phone, program):
    phone().join("Eleni", email="eleni@example.org")
    assert phone().join("Eleni", email="eleni@example.org").status_code == 303


def test_markup_in_a_name_is_text(phone, program):
    someone = phone()
    someone.join("<script>alert(1)</script>")
    assert "<script>alert" not in someone.get().text


def test_a_card_can_be_taken_off_the_device(phone, program, bakery, within):
    eleni = phone()
    eleni.join()
    eleni.post("/sign-out")
    assert "Get your card" in eleni.get().text
    with within(bakery):
        assert db.session.scalars(select(MemberSession)).all() == []


def test_a_cookie_of_another_shop_opens_nothing(phone, program, bakery, florist, within, client):
    eleni = phone()
    eleni.join()
    token = eleni.client.get_cookie(f"card-{bakery.slug}", path=f"/c/{bakery.slug}").value
    with within(florist):
        factory.stamp_card(10)
    client.set_cookie(f"card-{florist.slug}", token, path=f"/c/{florist.slug}")
    assert "Get your card" in client.get(f"/c/{florist.slug}").text


def test_the_profile_is_changed(phone, program, bakery, within):
    eleni = phone()
    eleni.join("Eleni", email="eleni@example.org")
    assert "eleni@example.org" in eleni.get("/profile").text
    changed = eleni.post("/profile", first_name="Elena", email="", phone="", language="el")
    assert changed.status_code == 303
    assert "language=el" in " ".join(changed.headers.getlist("Set-Cookie"))
    with within(bakery):
        member = db.session.scalars(select(Member)).one()
        assert (member.first_name, member.email, member.language) == ("Elena", None, "el")


def test_a_strangers_camera_learns_nothing(phone, program, bakery, within):
    with within(bakery):
        known = factory.member().number
    pages = [phone().get(f"/n/{number}") for number in (known, "22222222", "nonsense")]
    assert [page.status_code for page in pages] == [200, 200, 200]
    told = {re.sub(r"/n/\w+", "/n/", without_tokens(page.text)) for page in pages}
    assert len(told) == 1
    assert known not in told.pop()


def test_a_suspended_shop_is_gone(app, phone, program, bakery):
    ask(app, bakery, status="suspended")
    for path in ("", "/theme.css", "/sw.js", "/recover", "/profile"):
        assert phone().get(path).status_code == 410
