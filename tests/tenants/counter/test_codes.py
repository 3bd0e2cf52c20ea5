"""One-use codes: what works once, what never works, and who wins a race."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas.db import db, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.counter import codes, tasks
from tenants.counter.codes import CodeDoesNotWork, ShopClosed
from tenants.counter.models import OneTimeCode
from tenants.locations.models import Location
from tests.factories import ledger as make

Within = Callable[[Record], AbstractContextManager[None]]
NOW = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def stamp_code(now: dt.datetime = NOW, **values: uuid.UUID | None) -> OneTimeCode:
    return codes.issue_stamp(2, None, values.get("location_id"), None, "Casey", now)


@pytest.mark.parametrize(
    "spelling", ["{digits}", " {three} {rest} ", "{three}-{rest}", "{token}", "{url}", "{url}/?x=1"]
)
def test_a_code_is_digits_a_token_or_the_scanned_address(
    bakery: Record, within: Within, spelling: str
) -> None:
    with within(bakery):
        code, member = stamp_code(), make.member()
        text = spelling.format(
            digits=code.digits,
            three=code.digits[:3],
            rest=code.digits[3:],
            token=code.token,
            url=f"http://localhost/c/{bakery.slug}/s/{code.token}",
        )
        burnt = codes.burn_stamp(text, member.id, NOW + 49 * SECOND)
        assert burnt.id == code.id
        assert burnt.units == 2
        assert burnt.used_by == member.id
        assert burnt.used_at == NOW + 49 * SECOND


def test_unknown_expired_used_foreign_and_malformed_codes_answer_alike(
    bakery: Record, florist: Record, within: Within
) -> None:
    with within(florist):
        foreign = stamp_code().token
    with within(bakery):
        first, second = make.member("Anna"), make.member("Nikos")
        used, late = stamp_code(), stamp_code(NOW - 50 * SECOND)
        reward = codes.issue_reward(uuid.uuid4(), NOW)
        codes.burn_stamp(used.digits, first.id, NOW)
        texts = [
            used.digits,
            used.token,
            late.digits,
            late.token,
            foreign,
            reward.token,
            "000 00",
            "",
            "x" * 5000,
            "ε" * 6,
        ]
        answers = set()
        for text in texts:
            with pytest.raises(CodeDoesNotWork) as refusal:
                codes.burn_stamp(text, second.id, NOW)
            answers.add(str(refusal.value))
        assert len(answers) == 1


def test_the_member_who_burnt_it_gets_the_same_answer_for_two_minutes(bakery: Record, within: Within) -> None:
    with within(bakery):
        code, member = stamp_code(), make.member()
        codes.burn_stamp(code.digits, member.id, NOW)
        again = codes.burn_stamp(code.token, member.id, NOW + 119 * SECOND)
        assert again.id == code.id
        assert again.used_at == NOW
        with pytest.raises(CodeDoesNotWork):
            codes.burn_stamp(code.token, member.id, NOW + 121 * SECOND)


def test_digits_of_valid_codes_are_unique(
    bakery: Record, within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["111111", "111111", "222222", "111111"])
    monkeypatch.setattr(codes, "_digits", lambda: next(drawn))
    with within(bakery):
        assert [stamp_code().digits, stamp_code().digits] == ["111111", "222222"]
        assert stamp_code(NOW + 51 * SECOND).digits == "111111"


def test_outside_opening_hours_no_code_stamps_and_it_says_when_again(bakery: Record, within: Within) -> None:
    with within(bakery):
        place = db.session.scalars(select(Location)).one()
        place.opening_hours = {
            "2": [["08:00", "08:30"]],
            "4": [["10:00", "12:00"]],
        }  # NOW is a Wednesday, 09:00 UTC
        code, member = stamp_code(location_id=place.id), make.member()
        with pytest.raises(ShopClosed, match="Friday 10:00"):
            codes.burn_stamp(code.digits, member.id, NOW)
        place.opening_hours = {"2": [["08:00", "09:30"]]}
        with pytest.raises(
            CodeDoesNotWork
        ):  # the caller rolls the first try back; here it was one transaction
            codes.burn_stamp(code.digits, make.member().id, NOW)
        assert codes.burn_stamp(stamp_code(location_id=place.id).digits, member.id, NOW).units == 2


def test_a_reward_code_can_be_looked_at_and_is_burnt_once(bakery: Record, within: Within) -> None:
    with within(bakery):
        code, cashier = codes.issue_reward(uuid.uuid4(), NOW), uuid.uuid4()
        seen = codes.look_at_reward(code.digits, NOW)
        assert seen is not None
        assert seen.id == code.id
        assert seen.used_at is None
        assert codes.look_at_reward("Eleni", NOW) is None
        with pytest.raises(CodeDoesNotWork):
            codes.burn_reward(code.token, NOW + 51 * SECOND, staff_id=cashier)
        assert (
            codes.burn_reward(code.token, NOW + 51 * SECOND, staff_id=cashier, grace=60 * SECOND).id
            == code.id
        )
        assert codes.burn_reward(code.token, NOW + 52 * SECOND, staff_id=cashier).id == code.id
        assert codes.look_at_reward(code.digits, NOW) is None
        for other in (uuid.uuid4(), None):
            with pytest.raises(CodeDoesNotWork):
                codes.burn_reward(code.token, NOW + 52 * SECOND, staff_id=other)


def test_fifty_sessions_race_for_one_code_and_one_wins(app: Flask, bakery: Record, within: Within) -> None:
    now, abreast = utcnow(), 6
    with within(bakery):
        digits = stamp_code(now).digits
    start = threading.Barrier(abreast)

    def grab(number: int) -> uuid.UUID | None:
        member_id = uuid.uuid4()
        with app.app_context():
            try:
                with transaction(bakery.binding):
                    db.session.execute(select(1))
                    if number < abreast:  # the first begin at one moment, the others press after them
                        start.wait(10)
                    codes.burn_stamp(digits, member_id, now)
                    return member_id
            except CodeDoesNotWork:
                return None

    with ThreadPoolExecutor(abreast) as pool:
        won = [member_id for member_id in pool.map(grab, range(50)) if member_id]
    assert len(won) == 1
    with within(bakery):
        assert db.session.scalars(select(OneTimeCode.used_by)).all() == won


def test_codes_are_deleted_a_day_after_they_expired(app: Flask, bakery: Record, within: Within) -> None:
    with within(bakery):
        fresh, kept, gone = stamp_code(utcnow()), stamp_code(utcnow()), stamp_code(utcnow())
        for code, hours in ((kept, 23), (gone, 25)):
            late = utcnow() - dt.timedelta(hours=hours)
            db.session.execute(update(OneTimeCode).where(OneTimeCode.id == code.id).values(expires_at=late))
        left = {fresh.id, kept.id}
    with app.app_context():
        tasks.forget_codes()
    with within(bakery):
        assert set(db.session.scalars(select(OneTimeCode.id))) == left
