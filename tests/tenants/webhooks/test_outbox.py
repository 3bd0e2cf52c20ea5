"""From rows to events: each told once, none lost that commits late, none of before, none of an import, no name."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import func, select, update

from saas.db import db, new_id
from saas.db.migrations import connect
from saas.web.clock import utcnow
from tenants.coupons.models import Coupon, CouponUse, CouponVersion
from tenants.members.models import Member
from tenants.programs import ledger
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases.models import Purchase, Refund
from tenants.purchases.tasks import import_file
from tenants.webhooks import operations, outbox
from tenants.webhooks.catalogue import TYPES
from tenants.webhooks.models import Delivery, Endpoint, WebhookEvent
from tests.factories.ledger import CASHIER, member, stamp, stamp_card

URL = "http://127.0.0.1:1/"


def told(rows, merchant):
    events = rows(merchant, select(WebhookEvent).order_by(WebhookEvent.occurred_at, WebhookEvent.id))
    return [json.loads(event.body) for event in events]


def shop(now=None):
    """A day at the shop with one row of every type that operations can write."""
    now = now or utcnow()
    program = stamp_card(2)
    person = member("Zoe Canary", email="zoe.canary@example.org", phone="+306900000001")
    stamp(person.id, program.id, 2)
    reward = db.session.scalars(select(Reward)).one()
    ledger.fulfil(reward.id, actor=CASHIER, now=now)
    given = stamp(person.id, program.id)
    ledger.undo(given.entry_id, actor=CASHIER, request_key=uuid.uuid4().hex, now=now)
    card = db.session.scalars(select(Enrolment)).one()
    for kind, units in (("adjust", 2), ("expire", -2)):
        db.session.add(
            Entry(
                enrolment_id=card.id, kind=kind, units=units, version_id=card.version_id, cause="adjustment",
                actor_kind="system", occurred_at=now, recorded_at=now,
            )
        )  # fmt: skip
    purchase = Purchase(
        id=new_id(), member_id=person.id, amount_minor=450, currency="EUR", receipt_number="77",
        request_key=uuid.uuid4().hex, occurred_at=now, recorded_at=now,
    )  # fmt: skip
    db.session.add(purchase)
    db.session.flush()
    db.session.add(
        Refund(
            purchase_id=purchase.id, number=1, request_key=uuid.uuid4().hex, request_digest=b"", amount_minor=450,
            money_minor=450, is_everything=True, result={}, actor_kind="staff", occurred_at=now, recorded_at=now,
        )
    )  # fmt: skip
    db.session.flush()
    redeem(person.id, purchase.id, now)
    return person


def redeem(member_id, purchase_id, now):
    coupon = Coupon(
        id=new_id(), name="Ten off", sort_key="ten off", currency="EUR", time_zone="UTC", created_at=now,
        updated_at=now,
    )  # fmt: skip
    db.session.add(coupon)
    db.session.flush()
    version = CouponVersion(
        id=new_id(), coupon_id=coupon.id, number=1, terms={}, published_at=now, published_by="Owner"
    )
    db.session.add(version)
    db.session.flush()
    db.session.add(
        CouponUse(
            coupon_id=coupon.id, version_id=version.id, member_id=member_id, purchase_id=purchase_id,
            discount_minor=50, total_minor=450, used_at=now,
        )
    )  # fmt: skip
    db.session.flush()


def test_every_type_is_told_as_its_example_says(bakery, within, listen, collect, rows):
    listen(bakery, URL)
    with within(bakery):
        person = shop()
        number, person_id = person.number, str(person.id)
    collect(bakery)
    bodies = told(rows, bakery)
    assert {body["type"] for body in bodies} == set(TYPES)
    for body in bodies:
        assert set(body) == {"type", "timestamp", "data"}
        assert set(body["data"]) == set(TYPES[body["type"]].example), body["type"]
        assert dt.datetime.fromisoformat(body["timestamp"]).tzinfo
        assert (body["data"]["member_number"], body["data"]["member_id"]) == (number, person_id)
        text = json.dumps(body, ensure_ascii=False)
        for personal in ("Zoe", "canary", "+3069", "Casey"):
            assert personal not in text, body["type"]
    assert [body["data"]["units"] for body in bodies if body["type"] == "units.earned"] == [2, 1]


def test_reading_again_adds_nothing(bakery, within, listen, collect, rows):
    listen(bakery, URL)
    with within(bakery):
        shop()
    collect(bakery)
    first = rows(bakery, select(Delivery.id).order_by(Delivery.id))
    assert len(first) >= len(TYPES)
    collect(bakery)
    with within(bakery):
        db.session.execute(update(Endpoint).values(position=utcnow() - dt.timedelta(days=1)))
    collect(bakery)
    assert rows(bakery, select(Delivery.id).order_by(Delivery.id)) == first


def test_what_commits_late_is_not_lost(app, bakery, within, listen, collect, rows, monkeypatch):
    """An entry is written, others follow and are read, the position moves on, and only then does it commit."""
    monkeypatch.setattr("saas.db.horizon.SKEW", dt.timedelta(0))  # the horizon alone must do it
    listen(bakery, URL, "units.earned")
    with within(bakery):
        program, person, early = stamp_card(), member("Early"), member("Late")
        ids = program.id, person.id, early.id
    settings = app.extensions["regulars"].settings
    address = settings.app_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as slow:
        slow.execute("SELECT set_config('search_path', %s, true)", [bakery.schema_name])
        slow.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(bakery.schema_name)))
        card = slow.execute("SELECT id, version_id FROM enrolment WHERE member_id = %s", [ids[2]]).fetchone()
        now = utcnow()
        late = new_id()
        slow.execute(
            "INSERT INTO entry (id, enrolment_id, kind, units, version_id, cause, actor_kind, occurred_at, recorded_at)"
            " VALUES (%s, %s, 'earn', 1, %s, 'counter_code', 'member', %s, %s)",
            [late, card[0], card[1], now, now],
        )
        for _stamp in range(3):
            with within(bakery):
                stamp(ids[1], ids[0])
            collect(bakery)
        assert len(told(rows, bakery)) == 3
        slow.commit()
    collect(bakery)
    assert str(late) in [body["data"]["entry_id"] for body in told(rows, bakery)]
    assert len(told(rows, bakery)) == 4


def test_only_what_happens_from_now_on_and_what_is_wanted(bakery, florist, within, listen, collect, rows):
    with within(bakery):
        program, person = stamp_card(), member()
        stamp(person.id, program.id)
        ids = person.id, program.id
    first = listen(bakery, URL, "units.earned", "reward.issued")
    with within(bakery):
        member("Between")
    second = listen(bakery, URL, "member.joined")
    with within(florist):
        stamp_card(name="Elsewhere")
    with within(bakery):
        stamp(*ids)
        joined = member("New").id
    collect(bakery)
    by_endpoint = {
        endpoint.id: rows(
            bakery,
            select(WebhookEvent.source_id).join(Delivery).where(Delivery.endpoint_id == endpoint.id),
        )
        for endpoint in (first, second)
    }
    assert len(by_endpoint[first.id]) == 1
    assert by_endpoint[second.id] == [joined]


def test_an_endpoint_that_was_off_is_not_told_what_it_missed(bakery, within, listen, collect, rows):
    endpoint, other = listen(bakery, URL, "member.joined"), listen(bakery, URL, "member.joined")
    with within(bakery):
        operations.switch_off(endpoint.id, utcnow())
        member("Missed")
    collect(bakery)
    with within(bakery):
        operations.switch_on(bakery, endpoint.id, utcnow())
        told_to = member("Told").id
    collect(bakery)
    wanted = select(WebhookEvent.source_id).join(Delivery)
    assert rows(bakery, wanted.where(Delivery.endpoint_id == endpoint.id)) == [told_to]
    assert len(rows(bakery, wanted.where(Delivery.endpoint_id == other.id))) == 2


def test_an_import_is_not_told(app, bakery, within, listen, collect, rows):
    listen(bakery, URL)
    with within(bakery):
        stamp_card(2)
    now = utcnow()
    lines = "".join(f"{now:%Y-%m-%d},guest{n % 3}@example.com,4.50,{n}\n" for n in range(12))
    with app.app_context():
        report = import_file(bakery, Path("till.csv"), content=f"date,email,amount,receipt\n{lines}".encode())
    assert report.stamps == 12
    assert rows(bakery, select(func.count()).select_from(Reward))[0] > 0
    collect(bakery)
    assert told(rows, bakery) == []
    with within(bakery):
        person = db.session.scalars(select(Member)).first()
        program_id = db.session.scalars(select(Enrolment.program_id)).first()
        stamp(person.id, program_id)
    collect(bakery)
    assert "units.earned" in {body["type"] for body in told(rows, bakery)}


def test_after_a_long_rest_it_reads_an_hour_at_a_time(app, bakery, within, listen, rows):
    endpoint = listen(bakery, URL, "member.joined")
    now = utcnow()
    with within(bakery):
        db.session.execute(update(Endpoint).values(position=now - dt.timedelta(hours=3, minutes=30)))
        member("Someone")
    for _hour in range(3):
        with within(bakery):
            assert outbox.collect(now - dt.timedelta(minutes=2), now) == (True, True)
    assert told(rows, bakery) == []
    with within(bakery):
        assert outbox.collect(now - dt.timedelta(minutes=2), now) == (True, False)
    assert len(told(rows, bakery)) == 1
    assert rows(bakery, select(Endpoint.position)) == [now - dt.timedelta(minutes=2)]
    assert endpoint.position < now


def test_without_an_endpoint_nothing_is_read_or_kept(bakery, within, collect, rows):
    with within(bakery):
        shop()
        assert outbox.collect(utcnow(), utcnow()) == (False, False)
    assert told(rows, bakery) == []


def test_a_reward_handed_out_with_a_purchase_that_arrives_late(bakery, within, listen, collect, rows):
    """A till that was off line sends a purchase of this morning; handed out again after a refund it is told again."""
    listen(bakery, URL, "reward.fulfilled")
    morning = utcnow() - dt.timedelta(hours=6)
    with within(bakery):
        program, person = stamp_card(1), member()
        stamp(person.id, program.id)
        reward_id = db.session.scalars(select(Reward.id)).one()
        ledger.fulfil(reward_id, actor=CASHIER, now=morning)
        purchase = Purchase(
            member_id=person.id, amount_minor=0, currency="EUR", request_key=uuid.uuid4().hex, occurred_at=morning,
            recorded_at=utcnow(),
        )  # fmt: skip
        db.session.add(purchase)
    collect(bakery)
    collect(bakery)
    assert [body["data"]["reward_id"] for body in told(rows, bakery)] == [str(reward_id)]
    with within(bakery):
        db.session.execute(update(Reward).values(status="issued", fulfilled_at=None))
        ledger.fulfil(reward_id, actor=CASHIER, now=utcnow())
    collect(bakery)
    assert [body["data"]["reward_id"] for body in told(rows, bakery)] == [str(reward_id)] * 2


@pytest.mark.parametrize("plan", ["entries", "rewards_issued", "purchases", "refunds"])
def test_reading_on_uses_the_primary_key(control_url, bakery, plan):
    """A span of minutes costs what is in it, however long the shop has been there."""
    from sqlalchemy.dialects import postgresql

    from tenants.webhooks import sources
    from tenants.webhooks.spans import Span

    now = utcnow()
    span = Span(now - dt.timedelta(minutes=2), now)
    table = {"entries": Entry, "rewards_issued": Reward, "purchases": Purchase, "refunds": Refund}[plan]
    query = select(table.id).where(span.holds_id(table.id))
    text = str(query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
    with connect(control_url) as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(bakery.schema_name)))
        connection.execute("SET enable_seqscan = off")
        found = "\n".join(str(row[0]) for row in connection.execute(f"EXPLAIN {text}".encode()))
    assert f"{table.__tablename__}_pk" in found
    assert hasattr(sources, plan)
