"""Deliveries: sent by the real queue to a real server, tried again later, given up, and endpoints switched off."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import uuid

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook

from saas.accounts.models import Staff, User
from saas.db import PLATFORM, db, transaction
from saas.web import jobs
from saas.web.clock import utcnow
from saas.web.models import KeptMail
from tenants.webhooks import dispatch, operations, rules, signing
from tenants.webhooks.models import Attempt, Delivery, Endpoint, WebhookEvent
from tests.factories import cast
from tests.factories.ledger import member, stamp, stamp_card


def secret(app, endpoint):
    key = app.extensions["regulars"].settings.secret_key
    return signing.secret_of(key, endpoint.id, endpoint.secret_salt)


def later(app, merchant, endpoint, hours):
    """Send what is due for an endpoint as if so many hours had passed."""
    moment = utcnow() + dt.timedelta(hours=hours)
    steps = iter(range(1000))
    with app.app_context():
        dispatch.deliver(merchant, endpoint.id, lambda: moment + dt.timedelta(milliseconds=next(steps)))


def one(rows, merchant, model):
    (found,) = rows(merchant, select(model))
    return found


def test_a_stamp_arrives_signed_through_the_queue(app, bakery, within, listen, receiver, rows):
    endpoint = listen(bakery, receiver.url, "units.earned")
    with within(bakery):
        program, person = stamp_card(), member()
        stamp(person.id, program.id)
    jobs.run_waiting(app)
    assert len(receiver.bodies) == 1
    told = Webhook(secret(app, endpoint)).verify(receiver.bodies[0], receiver.heard[0])
    assert told["type"] == "units.earned"
    assert told["data"]["member_number"] == person.number
    delivery, attempt = one(rows, bakery, Delivery), one(rows, bakery, Attempt)
    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == ("delivered", 1, None)
    assert (attempt.outcome, attempt.status_code, attempt.answer) == ("delivered", 200, "thank you")
    assert one(rows, bakery, WebhookEvent).body.encode() == receiver.bodies[0]
    assert receiver.heard[0]["webhook-id"] == signing.message_id(delivery.event_id)


def test_reading_comes_again_while_an_endpoint_listens(app, bakery, listen, receiver, within):
    def waiting():
        from saas.db.migrations import connect

        with connect(app.extensions["regulars"].settings.control_url) as connection:
            query = (
                "SELECT count(*) FROM platform.procrastinate_jobs WHERE status = 'todo'"
                " AND task_name = 'webhooks.collect' AND args->>'slug' = %s"
            )
            return connection.execute(query, [bakery.slug]).fetchone()[0]

    endpoint = listen(bakery, receiver.url)
    jobs.run_waiting(app)
    assert waiting() == 1
    with app.app_context():
        jobs.TASKS["webhooks.take_up"]()  # one that waits is enough
    assert waiting() == 1
    with within(bakery):
        operations.remove(endpoint.id)
    with app.app_context():
        jobs.TASKS["webhooks.collect"](slug=bakery.slug)
    assert waiting() == 1  # the one from before; it finds nobody and ends
    jobs.run_waiting(app)


def test_both_secrets_sign_for_a_day(app, bakery, within, listen, receiver):
    endpoint = listen(bakery, receiver.url)
    old = secret(app, endpoint)
    with within(bakery):
        rotated = operations.rotate(endpoint.id, utcnow())
        operations.test(bakery, endpoint.id, utcnow())
    new = secret(app, rotated)
    later(app, bakery, endpoint, 0)
    with within(bakery):
        db.session.execute(update(Endpoint).values(previous_until=utcnow()))
        operations.test(bakery, endpoint.id, utcnow())
    later(app, bakery, endpoint, 0.001)
    first, second = (heard["webhook-signature"] for heard in receiver.heard)
    assert (len(first.split()), len(second.split())) == (2, 1)
    for key in (old, new):
        Webhook(key).verify(receiver.bodies[0], receiver.heard[0])
    with pytest.raises(Exception, match="signature"):
        Webhook(old).verify(receiver.bodies[1], receiver.heard[1])


def test_it_is_tried_ten_times_over_three_days_under_one_id(
    app, bakery, within, listen, receiver, collect, rows
):
    receiver.status = 503
    endpoint = listen(bakery, receiver.url, "member.joined")
    with within(bakery):
        member()
    collect(bakery)
    began = utcnow()
    for number in range(10):
        (delivery,) = rows(bakery, select(Delivery))
        assert delivery.status == "pending"
        moment = max(delivery.next_attempt_at, began)
        with app.app_context():
            dispatch.deliver(bakery, endpoint.id, iter([moment, moment, moment]).__next__)
        assert len(receiver.bodies) == number + 1
    delivery = one(rows, bakery, Delivery)
    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == ("failed", 10, None)
    attempts = rows(bakery, select(Attempt).order_by(Attempt.number))
    waits = [b.attempted_at - a.attempted_at for a, b in itertools.pairwise(attempts)]
    assert tuple(waits) == rules.RETRIES
    assert {heard["webhook-id"] for heard in receiver.heard} == {signing.message_id(delivery.event_id)}
    assert len(set(receiver.bodies)) == 1
    assert one(rows, bakery, Endpoint).is_enabled


def test_one_that_works_again_is_not_failing(app, bakery, within, listen, receiver, collect, rows):
    receiver.status = 500
    endpoint = listen(bakery, receiver.url, "member.joined")
    with within(bakery):
        member()
    collect(bakery)
    later(app, bakery, endpoint, 0)
    assert one(rows, bakery, Endpoint).failing_since is not None
    receiver.status = 200
    later(app, bakery, endpoint, 1)
    assert one(rows, bakery, Endpoint).failing_since is None
    assert one(rows, bakery, Delivery).status == "delivered"


def mails(app, merchant, role="owner"):
    jobs.run_waiting(app)
    with app.app_context(), transaction(PLATFORM):
        query = select(KeptMail).where(KeptMail.recipient == f"{role}@{merchant.slug}.example")
        return list(db.session.scalars(query))


def test_410_switches_it_off_and_owners_are_told_in_their_language(
    app, bakery, within, listen, receiver, collect, rows
):
    with app.app_context(), transaction(PLATFORM):
        owner = cast.staff_of(bakery, "owner")
        db.session.execute(update(User).where(User.id == owner.user_id).values(language="sv"))
    receiver.status = 410
    endpoint = listen(bakery, receiver.url, "member.joined")
    with within(bakery):
        member("One"), member("Two")
    collect(bakery)
    later(app, bakery, endpoint, 0)
    found = one(rows, bakery, Endpoint)
    assert (found.is_enabled, found.disabled_reason) == (False, "gone")
    assert len(receiver.bodies) == 1
    (mail,) = mails(app, bakery)
    assert receiver.url in mail.body
    assert f"/console/{bakery.slug}/settings/webhooks/{endpoint.id}" in mail.body
    assert mails(app, bakery, "manager") == []
    receiver.status = 200
    with within(bakery):
        operations.switch_on(bakery, endpoint.id, utcnow() + dt.timedelta(days=1))
    later(app, bakery, endpoint, 24)
    assert {delivery.status for delivery in rows(bakery, select(Delivery))} == {"delivered"}


def test_five_days_of_failures_switch_it_off_once(app, bakery, within, listen, receiver, collect, rows):
    receiver.status = 500
    endpoint = listen(bakery, receiver.url, "member.joined")
    with within(bakery):
        member("First")
    collect(bakery)
    later(app, bakery, endpoint, 0)
    with within(bakery):
        member("Later")
    collect(bakery)
    later(app, bakery, endpoint, 119.9)
    assert one(rows, bakery, Endpoint).is_enabled
    later(app, bakery, endpoint, 145)
    found = one(rows, bakery, Endpoint)
    assert (found.is_enabled, found.disabled_reason) == (False, "failing")
    sent = len(receiver.bodies)
    later(app, bakery, endpoint, 300)
    assert len(receiver.bodies) == sent
    assert len(mails(app, bakery)) == 1
    with app.app_context(), transaction(PLATFORM):
        assert db.session.scalar(select(Staff.id).where(Staff.merchant_id == bakery.id).limit(1))


def test_a_slow_failure_ends_the_run(app, bakery, within, listen, receiver, collect, rows, monkeypatch):
    answers = iter([sending_timeout()] * 5)
    monkeypatch.setattr("tenants.webhooks.dispatch.sending.post", lambda *args, **options: next(answers))
    endpoint = listen(bakery, receiver.url, "member.joined")
    with within(bakery):
        member("One"), member("Two")
    collect(bakery)
    later(app, bakery, endpoint, 0)
    assert sorted(delivery.attempts for delivery in rows(bakery, select(Delivery))) == [0, 1]


def sending_timeout():
    from tenants.webhooks.sending import Answer

    return Answer("timeout", None, "", 15.0)


def test_a_test_goes_once_even_while_off(app, bakery, within, listen, receiver, rows):
    receiver.status = 500
    endpoint = listen(bakery, receiver.url)
    with within(bakery):
        operations.switch_off(endpoint.id, utcnow())
        operations.test(bakery, endpoint.id, utcnow())
    jobs.run_waiting(app)
    later(app, bakery, endpoint, 200)
    assert len(receiver.bodies) == 1
    assert json.loads(receiver.bodies[0])["type"] == "webhook.test"
    assert one(rows, bakery, Delivery).status == "failed"
    assert one(rows, bakery, Endpoint).failing_since is None


def test_sent_again_it_has_the_id_it_had(app, bakery, within, listen, receiver, collect, rows):
    endpoint = listen(bakery, receiver.url, "member.joined")
    with within(bakery):
        member()
    collect(bakery)
    later(app, bakery, endpoint, 0)
    delivery = one(rows, bakery, Delivery)
    with within(bakery):
        operations.send_again(bakery, delivery.id, utcnow())
    jobs.run_waiting(app)
    assert [heard["webhook-id"] for heard in receiver.heard] == [signing.message_id(delivery.event_id)] * 2
    assert one(rows, bakery, Delivery).attempts == 2
    with within(bakery):
        operations.switch_off(endpoint.id, utcnow())
        with pytest.raises(operations.SwitchedOff):
            operations.send_again(bakery, delivery.id, utcnow())


def test_one_that_is_removed_meanwhile_is_no_fault(app, bakery, within, listen, receiver, rows):
    endpoint = listen(bakery, receiver.url)
    with within(bakery):
        operations.test(bakery, endpoint.id, utcnow())

    def removed(handler):
        with within(bakery):
            operations.remove(endpoint.id)
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.manners = removed
    later(app, bakery, endpoint, 0)
    assert len(receiver.bodies) == 1
    assert rows(bakery, select(Endpoint)) == rows(bakery, select(Delivery)) == []


def test_a_suspended_shop_tells_nobody(app, bakery, within, listen, receiver):
    from saas.merchants import registry
    from saas.merchants.models import Merchant

    endpoint = listen(bakery, receiver.url)
    with within(bakery):
        operations.test(bakery, endpoint.id, utcnow())
    with app.app_context(), transaction(PLATFORM):
        db.session.execute(update(Merchant).where(Merchant.id == bakery.id).values(status="suspended"))
    registry.forget_all()
    jobs.run_waiting(app)
    assert receiver.bodies == []


def test_the_log_is_forgotten_after_thirty_days(app, bakery, within, listen, receiver, collect, rows):
    endpoint = listen(bakery, receiver.url, "member.joined")
    with within(bakery):
        member()
    collect(bakery)
    later(app, bakery, endpoint, 0)
    with within(bakery):
        operations.forget_old(utcnow() + dt.timedelta(days=29))
    assert len(rows(bakery, select(Attempt))) == 1
    with within(bakery):
        operations.forget_old(utcnow() + dt.timedelta(days=30, minutes=1))
    for model in (Attempt, Delivery, WebhookEvent):
        assert rows(bakery, select(model)) == []


def test_one_shops_job_sends_nothing_of_anothers(app, bakery, florist, within, listen, receiver, collect):
    listen(bakery, receiver.url, "member.joined")
    elsewhere = listen(florist, receiver.url, "member.joined")
    with within(florist):
        member()
    collect(florist)
    later(app, bakery, elsewhere, 0)
    assert receiver.bodies == []
    with within(bakery), pytest.raises(Exception, match="404"):
        operations.remove(elsewhere.id)


def test_ten_endpoints_are_enough(bakery, listen):
    for _number in range(rules.MOST_ENDPOINTS):
        listen(bakery, f"https://example.com/{uuid.uuid4().hex}")
    with pytest.raises(operations.TooManyEndpoints):
        listen(bakery, "https://example.com/")
