"""Using a reward: its changing code, and that nobody else's can be seen."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
import time_machine
from sqlalchemy import select

from saas.db import db
from saas.web.clock import utcnow
from tenants.counter import codes
from tenants.counter.models import OneTimeCode
from tenants.programs import ledger
from tenants.programs.models import Reward
from tests.factories.ledger import CASHIER


@pytest.fixture
def winner(phone, counter_code, bakery, within):
    """A phone with a full card, and the reward's id."""
    eleni = phone()
    eleni.join()
    token, _digits = counter_code(10)
    eleni.post("/stamps", code=token)
    with within(bakery):
        return eleni, db.session.scalars(select(Reward.id)).one()


def test_the_code_is_made_shown_and_burnt(winner, bakery, within):
    eleni, reward_id = winner
    assert eleni.post(f"/rewards/{reward_id}/codes").status_code == 303
    page = eleni.get(f"/rewards/{reward_id}").text
    digits = re.search(r'data-reward-code="(\d{6})"', page)[1]
    assert f"{digits[:3]} {digits[3:]}" in page
    assert eleni.get(f"/rewards/{reward_id}/state").text == "issued"
    with within(bakery):
        code = codes.burn_reward(digits, utcnow())
        ledger.fulfil(code.reward_id, actor=CASHIER, now=utcnow())
    assert eleni.get(f"/rewards/{reward_id}/state").text == "fulfilled"
    assert "Enjoy it!" in eleni.get(f"/rewards/{reward_id}").text
    assert "Use it now" not in eleni.get().text
    assert "was handed out at Bakery" in eleni.get().text
    assert eleni.post(f"/rewards/{reward_id}/codes").status_code == 303  # nothing to be had a second time
    assert "data-reward-code" not in eleni.get(f"/rewards/{reward_id}").text


def test_looking_makes_no_code_and_a_double_tap_makes_one(winner, bakery, within):
    eleni, reward_id = winner
    assert "data-reward-code" not in eleni.get(f"/rewards/{reward_id}").text
    for _ in range(2):
        eleni.post(f"/rewards/{reward_id}/codes")
    with within(bakery):
        query = select(OneTimeCode).where(OneTimeCode.reward_id == reward_id)
        assert len(db.session.scalars(query).all()) == 1


def test_a_code_that_is_over_is_not_shown(winner):
    eleni, reward_id = winner
    eleni.post(f"/rewards/{reward_id}/codes")
    with time_machine.travel(utcnow() + dt.timedelta(minutes=2)):
        page = eleni.get(f"/rewards/{reward_id}").text
        assert "data-reward-code" not in page
        assert "New code" in page
        eleni.post(f"/rewards/{reward_id}/codes")
        assert "data-reward-code" in eleni.get(f"/rewards/{reward_id}").text


def test_a_reward_of_somebody_else_is_not_there(winner, phone):
    _eleni, reward_id = winner
    stranger = phone()
    stranger.join("Nikos")
    unknown = uuid.uuid4()
    assert stranger.get(f"/rewards/{reward_id}").status_code == 404
    assert stranger.post(f"/rewards/{reward_id}/codes").status_code == 404
    foreign, missing = stranger.get(f"/rewards/{reward_id}").text, stranger.get(f"/rewards/{unknown}").text
    assert foreign.replace(str(reward_id), "") == missing.replace(str(unknown), "")
    assert stranger.get(f"/rewards/{reward_id}/state").text == ""
    assert phone().get(f"/rewards/{reward_id}").status_code == 303


def test_a_reward_that_was_taken_back_says_so(winner, bakery, within):
    eleni, reward_id = winner
    with within(bakery):
        db.session.get_one(Reward, reward_id).status = "cancelled"
    assert "no longer there" in eleni.get(f"/rewards/{reward_id}").text
