"""The pages: owners only, a secret shown once, a log that is searched and paged, everything as a plain form."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from sqlalchemy import select

from saas.db import db, new_id
from saas.web import jobs
from saas.web.clock import utcnow
from tenants.webhooks import operations, outbox, queries
from tenants.webhooks.models import Attempt, Delivery, Endpoint

NEW = {"url": "https://example.com/hooks", "description": "Till", "event_types": ["units.earned"]}


def page(merchant, path=""):
    return f"/console/{merchant.slug}/settings/webhooks{path}"


@pytest.mark.parametrize("path", ["", "/new"])
def test_owners_only(bakery, as_role, path):
    assert as_role(bakery, "owner").get(page(bakery, path)).status_code == 200
    for role in ("manager", "cashier"):
        assert as_role(bakery, role).get(page(bakery, path)).status_code == 403


def test_an_endpoint_is_added_and_its_secret_shown_once(bakery, as_role, rows):
    owner = as_role(bakery, "owner")
    answer = owner.post(page(bakery, "/new"), data=NEW)
    assert answer.status_code == 200
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.text))
    (endpoint,) = rows(bakery, select(Endpoint))
    assert (endpoint.url, endpoint.event_types) == (NEW["url"], NEW["event_types"])
    shown = owner.get(page(bakery, f"/{endpoint.id}")).text
    assert secret not in shown
    assert secret.rstrip("=")[-4:] in shown
    again = owner.post(page(bakery, f"/{endpoint.id}/secrets"))
    assert secret not in again.text
    assert "whsec_" in again.text
    assert "the old secret signs as well until" in again.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": ""}, "Please type the address"),
        ({"url": "ftp://example.com/"}, "must begin with https"),
        ({"url": "https://me:pw@example.com/"}, "Leave user names"),
        ({"url": "https://localhost/"}, "not an address on the internet"),
        ({"url": "https://10.0.0.1/"}, "not an address on the internet"),
        ({"url": "https://[::1]/"}, "not an address on the internet"),
        ({"url": "https://example.com:25/"}, "Use port 443"),
        ({"url": "https://example.com/" + "a" * 500}, "at most 500"),
        ({"event_types": []}, "Choose at least one"),
        ({"event_types": ["no.such"]}, "not a valid choice"),
    ],
)
def test_a_bad_address_is_refused_with_words(bakery, as_role, rows, changes, words):
    answer = as_role(bakery, "owner").post(page(bakery, "/new"), data={**NEW, **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert rows(bakery, select(Endpoint)) == []


def test_it_is_changed_switched_off_and_on_and_removed(bakery, as_role, rows, listen):
    owner, endpoint = as_role(bakery, "owner"), listen(bakery, "https://example.com/")
    here = page(bakery, f"/{endpoint.id}")
    answer = owner.post(f"{here}/edit", data={**NEW, "url": "https://example.org/"})
    assert answer.status_code == 303
    (found,) = rows(bakery, select(Endpoint))
    assert (found.url, found.event_types) == ("https://example.org/", ["units.earned"])
    assert "example.org" in owner.get(f"{here}/edit").text
    owner.post(f"{here}/disabling")
    assert "An owner switched it off." in owner.get(here).text
    assert rows(bakery, select(Endpoint))[0].disabled_reason == "owner"
    owner.post(f"{here}/enabling")
    assert rows(bakery, select(Endpoint))[0].is_enabled
    assert owner.post(f"{here}/removal").status_code == 303
    assert rows(bakery, select(Endpoint)) == []
    assert owner.get(here).status_code == 404


def test_a_test_and_its_answer_are_seen(app, bakery, as_role, listen, receiver):
    receiver.answer = b"<script>alert('hi')</script>"
    owner, endpoint = as_role(bakery, "owner"), listen(bakery, receiver.url)
    answer = owner.post(page(bakery, f"/{endpoint.id}/tests"))
    assert answer.status_code == 303
    where = answer.headers["Location"]
    assert "Not sent yet" in owner.get(where).text
    jobs.run_waiting(app)
    shown = owner.get(where).text
    assert "Delivered (200)" in shown
    assert "&lt;script&gt;alert" in shown
    assert "<script>alert" not in shown
    assert owner.post(f"{where}/attempts").status_code == 303
    jobs.run_waiting(app)
    assert len(receiver.bodies) == 2
    assert "Attempt 2" in owner.get(where).text


def fill_log(endpoint_id, count):
    endpoint, now = db.session.get_one(Endpoint, endpoint_id), utcnow()
    for number in range(count):
        delivery = outbox.add(
            "member.joined", new_id(), {"member_number": f"NUMBER{number:03}"}, endpoint, now
        )
        if number % 10 == 0:
            delivery.status, delivery.attempts = "failed", 10
            db.session.add(
                Attempt(
                    delivery_id=delivery.id, number=10, outcome="timeout", answer="", duration_ms=15000,
                    attempted_at=now,
                )
            )  # fmt: skip
    db.session.flush()


def test_the_log_is_filtered_searched_and_paged(bakery, as_role, within, listen):
    owner, endpoint = as_role(bakery, "owner"), listen(bakery, "https://example.com/")
    here = page(bakery, f"/{endpoint.id}")
    with within(bakery):
        fill_log(endpoint.id, 120)
    seen, address = [], here
    while address:
        text = owner.get(address).text
        seen += re.findall(r"/deliveries/([0-9a-f-]{36})", text)
        older = re.search(r'rel="next" href="([^"]+)"', text)
        address = older[1].replace("&amp;", "&") if older else None
    assert len(seen) == len(set(seen)) == 120
    failed = owner.get(f"{here}?state=failed").text
    assert failed.count("/deliveries/") == 12
    assert "No answer within 15 seconds" in failed
    assert owner.get(f"{here}?q=NUMBER042").text.count("/deliveries/") == 1
    assert owner.get(f"{here}?q=NUMBER%25").text.count("/deliveries/") == 0
    with within(bakery):
        event_id = db.session.scalars(select(Delivery.event_id).limit(1)).one()
    assert owner.get(f"{here}?q=msg_{event_id.hex}").text.count("/deliveries/") == 1
    assert "Nothing found" in owner.get(f"{here}?q=nobody").text
    fragment = owner.get(f"{here}?q=NUMBER042", headers={"HX-Request": "true"}).text
    assert fragment.strip().startswith('<div id="log">')


def test_a_delivery_is_not_shown_under_another_endpoint(bakery, as_role, within, listen):
    owner = as_role(bakery, "owner")
    one, two = listen(bakery, "https://example.com/1"), listen(bakery, "https://example.com/2")
    with within(bakery):
        delivery = operations.test(bakery, one.id, utcnow())
        delivery_id = delivery.id
    assert owner.get(page(bakery, f"/{one.id}/deliveries/{delivery_id}")).status_code == 200
    assert owner.get(page(bakery, f"/{two.id}/deliveries/{delivery_id}")).status_code == 404
    assert owner.post(page(bakery, f"/{two.id}/deliveries/{delivery_id}/attempts")).status_code == 404
    assert owner.get(page(bakery, f"/{one.id}/deliveries/{uuid.uuid4()}")).status_code == 404


def test_what_switching_itself_off_did_is_said(bakery, as_role, within, listen):
    owner, endpoint = as_role(bakery, "owner"), listen(bakery, "https://example.com/")
    with within(bakery):
        found = queries.locked(endpoint.id)
        found.is_enabled, found.disabled_reason = False, "failing"
        found.disabled_at = utcnow() - dt.timedelta(hours=1)
        fill_log(endpoint.id, 3)
    text = owner.get(page(bakery, f"/{endpoint.id}")).text
    assert "For five days every message to it failed" in text
    assert "2 messages wait" in text
    assert "For five days" in owner.get(page(bakery)).text


def test_no_more_tests_than_sixty_an_hour(bakery, as_role, listen, monkeypatch):
    monkeypatch.setattr("tenants.webhooks.views.TESTS_AN_HOUR", 2)
    owner, endpoint = as_role(bakery, "owner"), listen(bakery, "https://example.com/")
    answers = [owner.post(page(bakery, f"/{endpoint.id}/tests")).status_code for _ in range(3)]
    assert answers == [303, 303, 429]
