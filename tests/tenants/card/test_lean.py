"""The lean way of the stamp writes what the plain way writes, and leaves everything unusual to it."""

from __future__ import annotations

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from saas.db import db
from saas.web.clock import utcnow
from tenants.card import lean, operations
from tenants.counter import codes
from tenants.counter.models import OneTimeCode
from tenants.members import operations as members
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry, Program, Reward
from tests.factories.ledger import member, stamp, stamp_card

LIMIT = lean.Limit("none", 20, "none too", 200, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
OWN = {
    "id",
    "enrolment_id",
    "cause_id",
    "reward_id",
    "request_key",
    "request_digest",
    "version_id",
    "actor_id",
}
STAFF = uuid.UUID(int=7)


def scene(within, merchant, before: int, units: int, *, named: bool = True, **terms):
    """A member with `before` stamps and a code for `units` more; answers token, code's token and the member's id."""
    with within(merchant):
        program, eleni = stamp_card(5, **terms), member()
        if before:
            stamp(eleni.id, program.id, before, at=utcnow() - dt.timedelta(minutes=5))
        token = members.sign_in(eleni.id, utcnow())
        code = codes.issue_stamp(units, program.id if named else None, None, STAFF, "Maria", utcnow())
        return token, code.token, eleni.id


def rows(within, merchant):
    """Everything that a stamp writes, without the ids."""
    with within(merchant):
        entries = db.session.scalars(select(Entry).order_by(Entry.kind, Entry.units, Entry.recorded_at)).all()
        columns = [
            column.name
            for column in Entry.__table__.columns
            if column.name not in OWN and "_at" not in column.name
        ]
        return (
            [tuple(getattr(entry, name) for name in columns) for entry in entries],
            [bytes(entry.request_digest or b"") != b"" for entry in entries],
            db.session.scalars(select(Reward.name).where(Reward.status == "issued")).all(),
            db.session.execute(select(Enrolment.balance, Enrolment.last_earned_at.is_not(None))).all(),
            db.session.scalars(select(OneTimeCode.used_by.is_not(None))).all(),
        )


@pytest.mark.parametrize(("before", "units"), [(0, 1), (2, 3), (4, 1), (4, 13)])
def test_both_ways_write_the_same(app, within, bakery, florist, before, units):
    token, code, _ = scene(within, bakery, before, units)
    with app.app_context():
        landed = lean.stamp(bakery, token, code, LIMIT, utcnow())
    token, code, member_id = scene(within, florist, before, units)
    with app.test_request_context(), within(florist):
        stamped = operations.stamp(db.session.get_one(Member, member_id), code, florist, utcnow())
    assert landed is not None
    assert (landed.balance, landed.rewards_issued) == (stamped.balance, stamped.rewards_issued)
    assert rows(within, bakery) == rows(within, florist)


def changes(within, merchant):
    with within(merchant):
        return (
            db.session.scalar(select(func.count()).select_from(Entry)),
            db.session.scalars(select(OneTimeCode.used_at)).all(),
        )


@pytest.mark.parametrize(
    "unusual", ["unknown member", "unknown code", "used", "expired", "cap", "cool-down", "paused", "foreign"]
)
def test_what_is_not_ordinary_changes_nothing(app, within, bakery, florist, unusual):
    terms = {"cap": {"daily_cap": 3}, "cool-down": {"cooldown_minutes": 60}}.get(unusual, {})
    token, code, _ = scene(within, bakery, 1, 1, **terms)
    now = utcnow()
    if unusual == "unknown member":
        token = "nobody"
    if unusual == "unknown code":
        code = "x" * 32
    if unusual == "expired":
        now += dt.timedelta(minutes=2)
    if unusual == "paused":
        with within(bakery):
            db.session.scalars(select(Program)).one().status = "paused"
    if unusual == "used":
        with app.app_context():
            assert lean.stamp(bakery, token, code, LIMIT, now) is not None
    before = changes(within, bakery)
    with app.app_context():
        assert lean.stamp(florist if unusual == "foreign" else bakery, token, code, LIMIT, now) is None
    assert changes(within, bakery) == before


def test_a_page_answers_and_a_throttled_one_is_left_to_the_plain_way(app, client, within, bakery):
    token, code, _ = scene(within, bakery, 0, 1)
    client.set_cookie(f"card-{bakery.slug}", token, path=f"/c/{bakery.slug}")
    for _ in range(21):
        answer = client.post(f"/c/{bakery.slug}/stamps", data={"code": "000000"})
    assert answer.status_code == 429
    assert client.post(f"/c/{bakery.slug}/stamps", data={"code": code}).status_code == 429
    assert changes(within, bakery)[0] == 0


def test_the_ordinary_stamp_shows_the_card(client, within, bakery):
    token, code, _ = scene(within, bakery, 4, 1)
    client.set_cookie(f"card-{bakery.slug}", token, path=f"/c/{bakery.slug}")
    answer = client.post(f"/c/{bakery.slug}/stamps", data={"code": code})
    assert answer.status_code == 200
    assert "Free coffee" in answer.text
    assert client.get(f"/c/{bakery.slug}/stamps").status_code == 303
    again = client.post(f"/c/{bakery.slug}/stamps", data={"code": code})
    assert again.status_code == 303, "the same phone's repeat is answered, and adds nothing"
    assert changes(within, bakery)[0] == 3


def test_fifty_phones_race_for_one_code(app, within, bakery):
    """Half go the lean way first, as a browser does; whoever comes second is refused by the plain one."""
    with within(bakery):
        program = stamp_card(5)
        people = [member(f"Phone {number}") for number in range(50)]
        tokens = [members.sign_in(person.id, utcnow()) for person in people]
        code = codes.issue_stamp(1, program.id, None, STAFF, "Maria", utcnow())

    def phone(number: int) -> int:
        client = app.test_client()
        client.set_cookie(f"card-{bakery.slug}", tokens[number], path=f"/c/{bakery.slug}")
        text = code.token if number % 2 else code.digits
        return client.post(f"/c/{bakery.slug}/stamps", data={"code": text}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(phone, range(50)))
    assert sorted(answers) == [200] + [422] * 49
    assert changes(within, bakery)[0] == 1
