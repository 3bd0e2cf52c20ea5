"""Stamps by the counter's code, from a member's own phone."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import time_machine
from sqlalchemy import select

from saas.db import db
from saas.web.clock import utcnow
from tenants.card import stamps
from tenants.locations.models import Location
from tenants.programs.models import Entry, Reward
from tests.factories import ledger as factory


def test_scan_then_stamped(phone, counter_code):
    eleni = phone()
    eleni.join()
    token, _digits = counter_code()
    page = eleni.get(f"/s/{token}")
    assert page.status_code == 200
    assert "data-autopost" in page.text
    assert eleni.stamps() == "0 of 10"  # looking changes nothing
    landed = eleni.post("/stamps", code=token)
    assert landed.status_code == 200
    for page in (landed.text, eleni.get().text):
        assert "1 of 10 stamps" in page
        assert "stamp-new" in page
    assert "Stamped!" in landed.text
    assert eleni.get("/stamps").location == eleni.home


def test_typed_digits_work_too(phone, counter_code):
    eleni = phone()
    eleni.join()
    _token, digits = counter_code(3)
    assert eleni.post("/stamps", code=f" {digits[:3]} {digits[3:]} ").status_code == 200
    assert eleni.stamps() == "3 of 10"


def test_sent_twice_counts_once(phone, counter_code):
    eleni = phone()
    eleni.join()
    token, _digits = counter_code()
    for _ in range(3):
        assert eleni.post("/stamps", code=token).status_code < 400
    assert eleni.stamps() == "1 of 10"


def test_unknown_used_expired_and_foreign_codes_get_the_same_words(phone, counter_code, florist, within):
    first, second = phone(), phone()
    first.join("Eleni")
    second.join("Maria")
    used, _digits = counter_code()
    first.post("/stamps", code=used)
    expired, _digits = counter_code()
    foreign, _digits = counter_code(merchant=florist)
    with time_machine.travel(utcnow() + dt.timedelta(minutes=2)):
        late = second.post("/stamps", code=expired)
    answers = [
        late,
        *(second.post("/stamps", code=code) for code in (used, foreign, "000000", "x" * 32, "?")),
    ]
    assert {answer.status_code for answer in answers} == {422}
    said = {re.search(r"(This code does not work[^<]+)<", answer.text)[1] for answer in answers}
    assert len(said) == 1
    assert second.stamps() == "0 of 10"


def test_a_newcomer_is_stamped_right_after_joining(phone, counter_code):
    newcomer = phone()
    token, _digits = counter_code()
    page = newcomer.get(f"/s/{token}").text
    assert "Your first stamp is waiting" in page
    fields = {
        name: html.unescape(re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)[1])
        for name in ("nonce", "held")
    }
    with time_machine.travel(utcnow() + dt.timedelta(minutes=4)):  # longer than a code lives
        assert newcomer.post("/join", first_name="Nikos", **fields).status_code == 303
        assert newcomer.stamps() == "1 of 10"


def test_a_held_code_that_somebody_else_used_leaves_a_member_without_a_stamp(phone, counter_code):
    newcomer, quicker = phone(), phone()
    quicker.join("Maria")
    token, _digits = counter_code()
    page = newcomer.get(f"/s/{token}").text
    fields = {
        name: html.unescape(re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)[1])
        for name in ("nonce", "held")
    }
    quicker.post("/stamps", code=token)
    assert newcomer.post("/join", first_name="Nikos", **fields).status_code == 303
    card = newcomer.get().text
    assert "0 of 10 stamps" in card
    assert "This code does not work" in card


def test_digits_in_an_address_are_not_held(phone, counter_code):
    newcomer = phone()
    _token, digits = counter_code()
    page = newcomer.get(f"/s/{digits}").text
    assert "Your first stamp is waiting" not in page
    held = re.search(r'name="held"[^>]*value="([^"]*)"', page)
    newcomer.join("Nikos", held=html.unescape(held[1]) if held else "")
    assert newcomer.stamps() == "0 of 10"


def test_held_codes_that_do_not_work_count_for_the_address(phone, counter_code, monkeypatch):
    monkeypatch.setattr(stamps, "ADDRESS_TRIES", 1)
    monkeypatch.setattr(stamps, "address", lambda: "198.51.100.77")

    def arrive(token, name):
        newcomer = phone()
        found = re.search(r'name="held"[^>]*value="([^"]+)"', newcomer.get(f"/s/{token}").text)
        newcomer.join(name, held=html.unescape(found[1]))
        return newcomer

    assert "This code does not work" in arrive("x" * 32, "Nikos").get().text
    token, _digits = counter_code()
    late = arrive(token, "Maria")
    assert late.stamps() == "0 of 10"


@pytest.mark.parametrize("held", ["", "forged", "123456"])
def test_nobody_can_hold_what_they_did_not_have(phone, counter_code, held):
    newcomer = phone()
    assert newcomer.join("Nikos", held=held).status_code == 303
    assert newcomer.stamps() == "0 of 10"


def test_outside_opening_hours_no_code_works(phone, counter_code, bakery, within):
    eleni = phone()
    eleni.join()
    with within(bakery):
        location = db.session.scalars(select(Location)).one()
        tomorrow = str((utcnow().weekday() + 2) % 7)
        location.opening_hours = {tomorrow: [["08:00", "17:00"]]}
        from tenants.counter import codes

        code = codes.issue_stamp(1, None, location.id, None, None, utcnow()).token
    answer = eleni.post("/stamps", code=code)
    assert answer.status_code == 422
    assert "closed" in answer.text
    assert eleni.stamps() == "0 of 10"


def test_the_cool_down_says_when_again(phone, bakery, within, counter_code):
    with within(bakery):
        slow = factory.stamp_card(5, name="Slow card", cooldown_minutes=30).id
    eleni = phone()
    eleni.join()
    from tenants.counter import codes

    def slow_code():
        with within(bakery):
            return codes.issue_stamp(1, slow, None, None, None, utcnow()).token

    assert eleni.post("/stamps", code=slow_code()).status_code == 200
    token = slow_code()
    answer = eleni.post("/stamps", code=token)
    assert answer.status_code == 422
    assert "30 min" in answer.text


def test_guessing_is_stopped(phone, counter_code):
    eleni = phone()
    eleni.join()
    answers = [eleni.post("/stamps", code=f"{number:06d}").status_code for number in range(21)]
    assert answers == [422] * 20 + [429]
    _token, digits = counter_code()
    assert eleni.post("/stamps", code=digits).status_code == 429


def test_without_a_card_a_code_leads_to_joining(phone, counter_code):
    _token, digits = counter_code()
    assert phone().post("/stamps", code=digits).status_code == 303


def test_the_code_of_a_second_program_enrols(phone, program, bakery, within):
    from tenants.counter import codes

    eleni = phone()
    eleni.join()
    with within(bakery):
        later = factory.stamp_card(6, name="Cake card").id
        token = codes.issue_stamp(1, later, None, None, None, utcnow()).token
    assert "0 of 6 stamps" in eleni.get().text  # shown before the first stamp of it
    assert eleni.post("/stamps", code=token).status_code == 303
    assert "1 of 6 stamps" in eleni.get().text


def test_the_entry_says_who_gave_it(phone, counter_code, bakery, within):
    eleni = phone()
    eleni.join()
    token, _digits = counter_code()
    eleni.post("/stamps", code=token)
    with within(bakery):
        entry = db.session.scalars(select(Entry)).one()
        assert (entry.cause, entry.actor_kind, entry.actor_name) == ("counter_code", "staff", "Maria")
        assert entry.request_key == f"code:{entry.cause_id}"
    assert "given by Maria at Bakery with the counter’s code" in eleni.get().text


def test_the_tenth_stamp_makes_the_reward_the_biggest_thing(phone, counter_code, bakery, within):
    eleni = phone()
    eleni.join()
    token, _digits = counter_code(11)
    eleni.post("/stamps", code=token)
    card = eleni.get().text
    assert "Use it now" in card
    assert "1 of 10 stamps" in card
    assert card.index("Use it now") < card.index("1 of 10 stamps")
    with within(bakery):
        assert db.session.scalars(select(Reward)).one().status == "issued"


def test_the_state_changes_with_the_card(phone, counter_code):
    eleni = phone()
    eleni.join()
    before = eleni.get("/state").text
    assert f'data-seen="{before}"' in eleni.get().text
    token, _digits = counter_code()
    eleni.post("/stamps", code=token)
    assert eleni.get("/state").text != before
    assert phone().get("/state").text == ""
