"""What the resources do beyond their examples: members, giving stamps, reasons, rewards, programs, products."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.db import db, new_id, transaction
from saas.merchants.registry import Record
from tenants.locations.models import Location
from tenants.members.models import Member
from tenants.programs.models import Enrolment
from tests.factories import api, ledger


@pytest.fixture
def till(app: Flask, bakery: Record) -> FlaskClient:
    return api.till(app, bakery)


def sent(answer: Any, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return dict(answer.json)


def code(answer: Any, status: int = 422) -> str:
    return str(sent(answer, status)["code"])


def faults(answer: Any) -> dict[str, str]:
    return {fault["pointer"]: fault["code"] for fault in sent(answer, 422)["errors"]}


def card(app: Flask, merchant: Record, required: int = 10, **terms: object) -> str:
    """The address of a member's card."""
    with app.app_context(), transaction(merchant.binding):
        program, person = ledger.stamp_card(required, **terms), ledger.member()
        enrolment = db.session.scalars(select(Enrolment).where(Enrolment.member_id == person.id)).one()
        assert enrolment.program_id == program.id
        return f"/api/v1/enrolments/{enrolment.id}"


def test_a_member_is_added_found_and_changed(app: Flask, bakery: Record, till: FlaskClient) -> None:
    with app.app_context(), transaction(bakery.binding):
        ledger.stamp_card(10)
    new = {
        "first_name": " Elena\u0000 María ",
        "email": "Elena@mail.example",
        "phone": "210 123 4567",
        "external_id": "t-1",
    }
    member = sent(till.post("/api/v1/members", json=new))
    assert (member["first_name"], member["phone"], member["source"]) == (
        "Elena María",
        "+302101234567",
        "api",
    )
    assert member["language"] == bakery.language
    cards = sent(till.get(f"/api/v1/members/{member['id']}/enrolments"), 200)["data"]
    assert [(one["balance"], one["required"], one["program_kind"]) for one in cards] == [
        (0, 10, "stamp_card")
    ]
    for query in (
        {"q": "mar"},
        {"number": member["number"].lower()},
        {"email": "elena@MAIL.example"},
        {"external_id": "t-1"},
    ):
        found = sent(till.get("/api/v1/members", query_string=query), 200)["data"]
        assert [one["id"] for one in found] == [member["id"]], query
    assert (
        sent(till.get("/api/v1/members", query_string={"q": "mar", "external_id": "t-2"}), 200)["data"] == []
    )
    address = f"/api/v1/members/{member['id']}"
    assert sent(till.patch(address, json={"phone": None, "email": None}), 200)["phone"] is None
    assert sent(till.patch(address, json={}), 200)["first_name"] == "Elena María"
    assert faults(till.patch(address, json={"first_name": None})) == {"/first_name": "string_type"}
    assert faults(till.patch(address, json={"phone": "12"})) == {"/phone": "phone"}


def test_birthdays_and_tags_are_said_as_the_shop_keeps_them(till: FlaskClient) -> None:
    new = {"first_name": "Elena", "birthday": "--02-29", "tags": ["#VIP", "vip", "Lunch  club"]}
    member = sent(till.post("/api/v1/members", json=new))
    assert (member["birthday"], member["tags"]) == ("--02-29", ["vip", "lunch club"])
    address = f"/api/v1/members/{member['id']}"
    changed = sent(till.patch(address, json={"birthday": "1988-02-29", "tags": ["vip"]}), 200)
    assert (changed["birthday"], changed["tags"]) == ("1988-02-29", ["vip"])
    for wrong, code in (
        ("1989-02-29", "birthday"),
        ("2999-01-01", "birthday"),
        ("4 May", "string_pattern_mismatch"),
    ):
        assert faults(till.patch(address, json={"birthday": wrong})) == {"/birthday": code}
    assert faults(till.patch(address, json={"tags": ["ok", "#"]})) == {"/tags/1": "bad_tag"}
    found = sent(till.get("/api/v1/members", query_string={"tag": "VIP"}), 200)["data"]
    assert [one["id"] for one in found] == [member["id"]]
    assert sent(till.get("/api/v1/members", query_string={"tag": "lunch club"}), 200)["data"] == []
    assert sent(till.patch(address, json={"birthday": None}), 200)["birthday"] is None


@pytest.mark.parametrize(
    "url",
    [
        "http://user:pass@example.org/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://example.org:25/",
        "x",
    ],
)
def test_a_webhook_goes_to_the_open_internet_only(till: FlaskClient, url: str) -> None:
    new = {"url": url, "event_types": ["member.joined"]}
    assert faults(till.post("/api/v1/webhook-endpoints", json=new)) == {"/url": "not_an_address"}
    made = sent(till.post("/api/v1/webhook-endpoints", json={**new, "url": "https://example.org/hooks"}))
    address = f"/api/v1/webhook-endpoints/{made['id']}"
    assert faults(till.patch(address, json={"url": url})) == {"/url": "not_an_address"}
    before = sent(till.get(f"{address}/secret"), 200)["secret"]
    assert before.startswith("whsec_")
    assert before not in till.get(address).text
    sent(till.post(f"{address}/rotation"), 200)
    assert sent(till.get(f"{address}/secret"), 200)["secret"] != before
    sent(till.post(f"{address}/removal"), 200)
    assert till.get(address).status_code == 404


def test_an_external_id_is_one_members(app: Flask, bakery: Record, till: FlaskClient) -> None:
    sent(till.post("/api/v1/members", json={"first_name": "A", "external_id": "x"}))
    other = sent(till.post("/api/v1/members", json={"first_name": "B"}))
    assert (
        code(till.post("/api/v1/members", json={"first_name": "C", "external_id": "x"}), 409)
        == "external_id_taken"
    )
    assert (
        code(till.patch(f"/api/v1/members/{other['id']}", json={"external_id": "x"}), 409)
        == "external_id_taken"
    )
    with app.app_context(), transaction(bakery.binding):
        assert len(db.session.scalars(select(Member)).all()) == 2


def test_stamps_fill_cards_and_every_line_says_why(app: Flask, bakery: Record, till: FlaskClient) -> None:
    address = card(app, bakery, 3)
    earned = sent(till.post(f"{address}/entries", json={"units": 4}))
    assert (earned["balance"], len(earned["rewards_issued"])) == (1, 1)
    assert earned["entry"]["actor"] == "api"
    assert earned["entry"]["actor_name"] == "Till"
    lines = sent(till.get(f"{address}/entries", headers={"Accept-Language": "en"}), 200)["data"]
    assert sum(line["units"] for line in lines) == sent(till.get(address), 200)["balance"] == 1
    reasons = {line["why"]["reasons"][0]["code"]: line["why"]["sentence"] for line in lines}
    assert set(reasons) == {"stamped_by_api", "card_full"}
    assert "became the reward “Free coffee”" in reasons["card_full"]
    greek = sent(till.get(f"{address}/entries", headers={"Accept-Language": "el"}), 200)["data"]
    assert greek[0]["why"]["sentence"] != lines[0]["why"]["sentence"]


def test_a_cards_own_limits_hold_for_tills(app: Flask, bakery: Record, till: FlaskClient) -> None:
    capped = card(app, bakery, daily_cap=2)
    assert code(till.post(f"{capped}/entries", json={"units": 3})) == "daily_cap_reached"
    sent(till.post(f"{capped}/entries", json={"units": 2}))
    assert faults(till.post(f"{capped}/entries", json={"units": 0})) == {"/units": "greater_than_equal"}
    assert faults(till.post(f"{capped}/entries", json={"units": 1.5})) == {"/units": "int_type"}
    assert faults(till.post(f"{capped}/entries", json={"units": "1"})) == {"/units": "int_type"}
    nowhere = {"units": 1, "location_id": str(new_id())}
    assert faults(till.post(f"{capped}/entries", json=nowhere)) == {"/location_id": "unknown_location"}


def test_no_stamps_at_a_closed_location_or_in_a_paused_program(
    app: Flask, bakery: Record, till: FlaskClient
) -> None:
    address = card(app, bakery)
    with app.app_context(), transaction(bakery.binding):
        place = db.session.scalars(select(Location)).one()
        place.is_active = False
        closed = {"units": 1, "location_id": str(place.id)}
    assert faults(till.post(f"{address}/entries", json=closed)) == {"/location_id": "unknown_location"}
    program = sent(till.get(address), 200)["program_id"]
    assert sent(till.post(f"/api/v1/programs/{program}/pause"), 200)["status"] == "paused"
    assert code(till.post(f"{address}/entries", json={"units": 1})) == "program_not_running"


def test_a_reward_is_handed_out_once_however_many_ask(app: Flask, bakery: Record, till: FlaskClient) -> None:
    address, token = card(app, bakery, 2), api.key_for(app, bakery)
    reward = sent(till.post(f"{address}/entries", json={"units": 2}))["rewards_issued"][0]
    statuses: list[int] = []

    def redeem() -> None:
        answer = api.with_key(app, token).post("/api/v1/redemptions", json={"reward_id": reward})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=redeem) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 422, 422, 422, 422, 422]
    assert code(till.post("/api/v1/redemptions", json={"reward_id": reward})) == "reward_gone"
    assert faults(till.post("/api/v1/redemptions", json={"reward_id": str(new_id())})) == {
        "/reward_id": "unknown_reward"
    }
    handed = sent(till.get("/api/v1/rewards", query_string={"status": "fulfilled"}), 200)["data"]
    assert [one["id"] for one in handed] == [reward]


COFFEE = {"headline": "Ten, then one", "required": 10, "reward_name": "Free coffee"}
AMOUNT = {**COFFEE, "earn_by": "amount"}


def test_a_shop_is_set_up_without_a_browser(till: FlaskClient) -> None:
    member = sent(till.post("/api/v1/members", json={"first_name": "Nikos"}))
    program = sent(till.post("/api/v1/programs", json={"name": "Coffee", "terms": {"card": COFFEE}}))
    address = f"/api/v1/programs/{program['id']}"
    assert (program["status"], program["version"], program["terms"]) == ("draft", 0, None)
    assert code(till.post(f"{address}/pause")) == "nothing_published"
    published = sent(till.post(f"{address}/publication"), 200)
    assert (published["status"], published["version"], published["terms"]) == (
        "published",
        1,
        published["draft"],
    )
    changed = sent(till.patch(address, json={"terms": {"card": {**COFFEE, "required": 8}}}), 200)
    assert (changed["terms"]["card"]["required"], changed["draft"]["card"]["required"]) == (10, 8)
    assert sent(till.post(f"{address}/publication"), 200)["version"] == 2
    cards = sent(till.get(f"/api/v1/members/{member['id']}/enrolments"), 200)["data"]
    assert [one["program_id"] for one in cards] == [program["id"]]
    assert sent(till.post(f"{address}/archive"), 200)["status"] == "archived"
    assert code(till.patch(address, json={"name": "x"})) == "program_archived"
    assert sent(till.post(f"{address}/restoration"), 200)["status"] == "paused"
    assert sent(till.post(f"{address}/resumption"), 200)["status"] == "published"


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, {"/terms/card": "not_of_this_kind"}),
        ({"card": AMOUNT}, {"/terms/card/amount_step": "missing"}),
        (
            {"card": {**COFFEE, "amount_step": {"amount_minor": 1, "currency": "EUR"}}},
            {"/terms/card/amount_step": "not_by_amount"},
        ),
        (
            {"card": {**AMOUNT, "amount_step": {"amount_minor": 1, "currency": "SEK"}}},
            {"/terms/card/amount_step/currency": "other_currency"},
        ),
        ({"card": {**COFFEE, "required": 31}}, {"/terms/card/required": "less_than_equal"}),
        ({"card": {**COFFEE, "color": "red"}}, {"/terms/card/color": "extra_forbidden"}),
    ],
)
def test_faulty_terms_are_named(till: FlaskClient, terms: dict[str, Any], expected: dict[str, str]) -> None:
    assert faults(till.post("/api/v1/programs", json={"name": "Coffee", "terms": terms})) == expected


def test_a_points_program_is_written_in_the_engines_terms(till: FlaskClient) -> None:
    rule = {"key": "spent", "per": "amount", "units": "1", "step_minor": 100}
    terms = {"engine": {"kind": "points", "rules": [rule]}, "words": {"headline": "A point for every euro"}}
    program = sent(till.post("/api/v1/programs", json={"kind": "points", "name": "Points", "terms": terms}))
    assert program["draft"] == {"card": None, **terms}
    assert sent(till.post(f"/api/v1/programs/{program['id']}/publication"), 200)["status"] == "published"
    member = sent(till.post("/api/v1/members", json={"first_name": "Nikos"}))
    part = sent(till.get(f"/api/v1/members/{member['id']}/enrolments"), 200)["data"][0]
    assert (part["program_kind"], part["required"]) == ("points", None)
    assert (
        code(till.post(f"/api/v1/enrolments/{part['id']}/entries", json={"units": 1})) == "not_a_stamp_card"
    )
    wrong = {"engine": {"kind": "points", "rules": [{**rule, "colour": 1}], "speed": 2}}
    answer = till.post("/api/v1/programs", json={"kind": "points", "name": "Points", "terms": wrong})
    assert faults(answer) == {
        "/terms/engine/rules/0/colour": "unknown_field",
        "/terms/engine/speed": "unknown_field",
    }


def test_products_keep_their_sku_and_their_currency(till: FlaskClient) -> None:
    new = {
        "sku": "FW-1",
        "name": "Flat white",
        "tags": ["Hot", "hot "],
        "price": {"amount_minor": 350, "currency": "EUR"},
    }
    product = sent(till.post("/api/v1/products", json=new))
    assert (product["tags"], product["price"]) == (["hot"], new["price"])
    assert code(till.post("/api/v1/products", json={**new, "sku": "fw-1"})) == "sku_taken"
    address = f"/api/v1/products/{product['id']}"
    assert faults(till.patch(address, json={"sku": "FW-2"})) == {"/sku": "extra_forbidden"}
    foreign = {"price": {"amount_minor": 350, "currency": "SEK"}}
    assert faults(till.patch(address, json=foreign)) == {"/price/currency": "other_currency"}
    assert sent(till.patch(address, json={"price": None}), 200)["price"] is None
    sent(till.post(f"{address}/archive"), 200)
    for query, count in (
        ({"is_active": "true"}, 0),
        ({"sku": "fw-1"}, 1),
        ({"tag": "hot"}, 1),
        ({"q": "white"}, 1),
    ):
        assert len(sent(till.get("/api/v1/products", query_string=query), 200)["data"]) == count, query
