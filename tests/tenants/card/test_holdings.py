"""Programs without stamps on the member's card: points with what they buy, money, tiers with the way to the next."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import select

from saas.db import db
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.engine.mapping import to_mapping
from tenants.members.models import Member
from tenants.programs import kind_offers, operations
from tenants.programs.models import Enrolment
from tenants.units.models import Lot, Qualification
from tests.factories.ledger import stamp_card
from tests.tenants.card.conftest import Phone

Within = Callable[[Record], AbstractContextManager[None]]


def publish(key: str, **words: str) -> uuid.UUID:
    name, terms, said = kind_offers.begun(kind_offers.BY_KEY[key], "en", 100)
    mapping = {"engine": to_mapping(terms), "words": {**said, **words}}
    program = operations.create_of_kind(terms.kind, name, mapping, utcnow())
    operations.publish(program.id, "Owner", utcnow())
    return program.id


def hold(program_id: uuid.UUID, units: int, *, days: int = 300, pending: int = 0) -> None:
    """Units of the only member, as one lot."""
    now = utcnow()
    enrolment = db.session.scalars(select(Enrolment).where(Enrolment.program_id == program_id)).one()
    enrolment.balance += units
    until, opens = now + dt.timedelta(days=days), now + dt.timedelta(days=pending) if pending else None
    row = Lot(enrolment_id=enrolment.id, key=f"lot-{units}", units_left=units, earned_at=now)
    row.expires_at, row.available_at = until, opens
    db.session.add(row)


def test_points_say_what_they_buy(bakery: Record, phone: Callable[[], Phone], within: Within) -> None:
    with within(bakery):
        program_id = publish("points", unit="beans")
    one = phone()
    assert "A point for each one you spend" in one.get().text
    one.join()
    page = html.unescape(one.get().text)
    assert "0 beans" in page
    assert "100 beans more: A discount for 100 points" in page
    assert "Ask for it at the counter" not in page
    with within(bakery):
        hold(program_id, 60, days=10)
        hold(program_id, 70, pending=5)
    page = html.unescape(one.get().text)
    assert "130 beans" in page
    assert "40 beans more" in page  # 70 can't be spent yet
    assert "70 beans of these can be spent from" in page
    assert re.search(r"60 beans expire on \w+ \d+, \d{4}\.", page)
    with within(bakery):
        hold(program_id, 41)
    assert "Ask for it at the counter" in one.get().text


def test_cashback_is_money(bakery: Record, phone: Callable[[], Phone], within: Within) -> None:
    with within(bakery):
        program_id = publish("cashback")
    one = phone()
    one.join()
    with within(bakery):
        hold(program_id, 345)
    page = html.unescape(one.get().text)
    assert "€3.45" in page
    assert "Pay with it" in page
    with within(bakery):
        operations.pause(program_id, utcnow())
    assert "Paused by the shop" in one.get().text


def test_a_tier_shows_the_way_to_the_next(bakery: Record, phone: Callable[[], Phone], within: Within) -> None:
    with within(bakery):
        program_id = publish("tiers")
    one = phone()
    one.join()
    assert "100 points more: Bronze" in html.unescape(one.get().text)
    now = utcnow()
    with within(bakery):
        enrolment = db.session.scalars(select(Enrolment).where(Enrolment.program_id == program_id)).one()
        enrolment.tier, enrolment.tier_kept_until = "tier-2", now + dt.timedelta(days=100)
        for units, days in ((250, 1), (100, 30), (400, 500)):
            at = now - dt.timedelta(days=days)
            db.session.add(
                Qualification(
                    enrolment_id=enrolment.id,
                    units=units,
                    purchase_id=uuid.uuid4(),
                    occurred_at=at,
                    recorded_at=at,
                )
            )
    page = html.unescape(one.get().text)
    assert "Silver" in page
    assert "450 points more: Gold" in page
    assert "Yours until" in page


def test_a_stranger_s_units_are_not_shown(bakery: Record, phone: Callable[[], Phone], within: Within) -> None:
    with within(bakery):
        program_id = publish("points")
    first, second = phone(), phone()
    first.join("Anna")
    with within(bakery):
        hold(program_id, 77)
    second.join("Bertil")
    assert "77 points" in first.get().text
    assert "77 points" not in second.get().text
    with within(bakery):
        assert db.session.scalars(select(Member)).all()[1:]


def test_a_stamp_card_says_which_stamps_are_gone_soon(
    bakery: Record, phone: Callable[[], Phone], within: Within
) -> None:
    with within(bakery):
        program_id = stamp_card(10).id
    one = phone()
    one.join()
    assert "expire" not in html.unescape(one.get().text)
    with within(bakery):
        hold(program_id, 3, days=10)
    assert re.search(r"3 stamps expire on \w+ \d+, \d{4}\.", html.unescape(one.get().text))
    with within(bakery):
        hold(program_id, 2, days=12)
    assert "5 stamps expire soon, the first on" in html.unescape(one.get().text)
