"""A till at the API: quote, buy, return; the same key again, and what can't be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.merchants.registry import Record
from tests.factories import api, coupons

Within = Callable[[Record], AbstractContextManager[None]]


@pytest.fixture
def shop(app: Flask, bakery: Record) -> dict[str, Any]:
    return {name: str(value) for name, value in api.example_shop(app, bakery).items()}


@pytest.fixture
def till(app: Flask, bakery: Record, shop: dict[str, Any]) -> FlaskClient:
    return api.till(app, bakery)


def basket(shop: dict[str, Any], **more: Any) -> dict[str, Any]:
    lines = [{"key": "a", "sku": "flat-white", "quantity": "3", "unit_price_minor": 350}]
    return {"member_id": shop["MEMBER"], "currency": "EUR", "lines": lines, **more}


def balance(till: FlaskClient, shop: dict[str, Any]) -> int:
    answer = till.get(f"/api/v1/members/{shop['MEMBER']}/enrolments").json
    return next(one["balance"] for one in answer["data"] if one["id"] == shop["ENROLMENT"])


def pointers(answer: Any) -> list[str]:
    return [fault["pointer"] for fault in answer.json["errors"]]


def test_a_quote_changes_nothing_and_the_purchase_is_as_quoted(
    till: FlaskClient, shop: dict[str, Any]
) -> None:
    before = balance(till, shop)
    quoted = till.post("/api/v1/purchases/quote", json=basket(shop)).json
    assert (quoted["due"]["amount_minor"], balance(till, shop)) == (1050, before)
    bought = till.post(
        "/api/v1/purchases", json=basket(shop, expected_due_minor=1050), headers={"Idempotency-Key": "1"}
    )
    assert bought.status_code == 201
    assert bought.json["judgement"] == quoted
    assert balance(till, shop) == before + 1
    assert till.get(f"/api/v1/purchases/{bought.json['id']}").json == bought.json


def test_reasons_are_said_in_the_language_asked_for(till: FlaskClient, shop: dict[str, Any]) -> None:
    def sentence(language: str) -> str:
        headers = {"Accept-Language": language}
        answer = till.post("/api/v1/purchases/quote", json=basket(shop), headers=headers).json
        return str(answer["programs"][0]["reasons"][0]["sentence"])

    assert len({sentence("en"), sentence("el"), sentence("sv")}) == 3


def test_returned_in_two_steps_and_never_more(till: FlaskClient, shop: dict[str, Any]) -> None:
    before = balance(till, shop)
    bought = till.post("/api/v1/purchases", json=basket(shop)).json
    path = f"/api/v1/purchases/{bought['id']}/refunds"
    first = till.post(path, json={"lines": [{"key": "a", "quantity": "2"}], "reason": "Cold"})
    assert (first.status_code, first.json["amount"]["amount_minor"]) == (201, 700)
    assert balance(till, shop) == before + 1
    assert till.post(path, json={"lines": [{"key": "a", "quantity": "2"}]}).status_code == 422
    rest = till.post(path, json={}).json
    assert (rest["amount"]["amount_minor"], rest["is_everything"]) == (350, True)
    assert balance(till, shop) == before
    assert till.post(path, json={}).status_code == 422
    assert [one["reason"] for one in till.get(f"/api/v1/purchases/{bought['id']}").json["refunds"]] == [
        "Cold",
        "",
    ]


def test_what_was_quoted_is_bought_by_the_same_body(app: Flask, bakery: Record, shop: dict[str, Any]) -> None:
    till, body = api.till(app, bakery), basket(shop, receipt_number="R-7")
    quoted = [till.post("/api/v1/purchases/quote", json=body).json["due"] for _ in range(2)]
    bought = till.post("/api/v1/purchases", json=body).json
    assert bought["receipt_number"] == "R-7"
    assert till.post("/api/v1/purchases/quote", json=body).json["due"] == bought["judgement"]["due"]
    assert quoted == [bought["judgement"]["due"]] * 2


def test_twenty_retries_at_once_buy_once(app: Flask, bakery: Record, shop: dict[str, Any]) -> None:
    key, before = api.key_for(app, bakery), balance(api.till(app, bakery), shop)
    wanted = basket(shop, receipt_number="R-1")

    def buy(_: int) -> tuple[int, str]:
        answer = api.with_key(app, key).post(
            "/api/v1/purchases", json=wanted, headers={"Idempotency-Key": "till 1, receipt 1"}
        )
        return answer.status_code, (answer.json or {}).get("id", "")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(buy, range(20)))
    assert {status for status, _ in answers} == {201}
    assert len({purchase_id for _, purchase_id in answers}) == 1
    assert balance(api.till(app, bakery), shop) == before + 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lines": [{"unit_price_minor": -1}]}, "/lines/0/unit_price_minor"),
        ({"lines": [{"unit_price_minor": 100, "quantity": "0"}]}, "/lines/0/quantity"),
        ({"lines": [{"unit_price_minor": 100, "discount_minor": 101}]}, "/lines/0/discount_minor"),
        ({"lines": [{"unit_price_minor": 100, "price": 1}]}, "/lines/0/price"),
        ({"lines": [{"unit_price_minor": 100, "quantity": "-1"}]}, "/lines/0/quantity"),
        (
            {"lines": [{"key": "a", "unit_price_minor": 1}, {"key": "a", "unit_price_minor": 1}]},
            "/lines/1/key",
        ),
        ({"member_id": "0192f0c4-6d1e-7a3b-8c52-1f0e6a9dffff"}, "/member_id"),
        ({"location_id": "0192f0c4-6d1e-7a3b-8c52-1f0e6a9dffff"}, "/location_id"),
    ],
)
def test_faults_are_named_where_they_are(
    till: FlaskClient, shop: dict[str, Any], change: dict[str, Any], pointer: str
) -> None:
    for path in ("/api/v1/purchases/quote", "/api/v1/purchases"):
        answer = till.post(path, json={**basket(shop), **change})
        assert answer.status_code == 422, answer.text
        assert pointers(answer) == [pointer]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"currency": "USD"}, "other-currency"),
        ({"expected_due_minor": 1}, "quote-changed"),
        ({"receipt_number": "2026-004711"}, "receipt-known"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "in-the-future"),
    ],
)
def test_refusals_say_why_and_buy_nothing(
    till: FlaskClient, shop: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    before = len(till.get("/api/v1/purchases").json["data"])
    answer = till.post("/api/v1/purchases", json=basket(shop, **more))
    assert (answer.status_code, answer.json["type"].rsplit("#", 1)[-1]) == (422, f"problem-{code}")
    assert len(till.get("/api/v1/purchases").json["data"]) == before


def test_an_unknown_coupon_is_refused_beside_the_price(till: FlaskClient, shop: dict[str, Any]) -> None:
    answer = till.post("/api/v1/purchases/quote", json=basket(shop, coupon_codes=["NOBODY-KNOWS"])).json
    assert answer["due"]["amount_minor"] == 1050
    assert [one["cause"]["kind"] for one in answer["refused"]] == ["coupon"]
    assert answer["refused"][0]["reason"]["sentence"]


def line(**more: Any) -> dict[str, Any]:
    return {"lines": [{"key": "a", "unit_price_minor": 100, **more}]}


FAULTY: list[tuple[dict[str, Any], str]] = [
    ({"tip": 1}, "/tip"),
    (line(currency="SEK"), "/lines/0/currency"),
    *[(line(unit_price_minor=price), "/lines/0/unit_price_minor") for price in (1.5, "100", True, 2**31)],
    *[
        (line(quantity=quantity), "/lines/0/quantity")
        for quantity in ("1e3", "NaN", "Infinity", "0.3333333", 1.5, 2, "٣", "", "-0.333")
    ],
    (line(discount_minor=-1), "/lines/0/discount_minor"),
    (line(tax_minor=101), "/lines/0/tax_minor"),
    ({"lines": [{"unit_price_minor": 1}] * 10_001}, "/lines"),
    ({"coupon_codes": ["A"] * 51}, "/coupon_codes"),
    ({"currency": "eur"}, "/currency"),
    ({"occurred_at": "2026-10-25T03:30:00"}, "/occurred_at"),  # which of the two hours of that night?
    ({"occurred_at": "2026-02-29T12:00:00Z"}, "/occurred_at"),
    ({"occurred_at": "1960-01-01T00:00:00Z"}, "/occurred_at"),
]


def test_bad_baskets_are_refused_at_the_field_and_buy_nothing(
    till: FlaskClient, shop: dict[str, Any]
) -> None:
    before = till.get("/api/v1/purchases").json
    for change, pointer in FAULTY:
        answer = till.post("/api/v1/purchases", json={**basket(shop), **change})
        assert (answer.status_code, pointers(answer)) == (422, [pointer]), change.keys()
    assert till.get("/api/v1/purchases").json == before


def test_odd_baskets_are_bought(till: FlaskClient, shop: dict[str, Any]) -> None:
    for change, due in [
        (line(unit_price_minor=0), 0),
        (line(unit_price_minor=1999, quantity="0.333"), 666),
        (line(quantity="2000000"), 200_000_000),
        ({"lines": []}, 0),
        ({"occurred_at": "2026-10-25T03:30:00+03:00"}, 1050),
        ({"occurred_at": "2026-10-25T03:30:00+02:00"}, 1050),
        ({"occurred_at": "2026-03-29T03:30:00+02:00"}, 1050),  # an hour that no clock in Athens showed
    ]:
        answer = till.post("/api/v1/purchases", json={**basket(shop), **change})
        assert (answer.status_code, answer.json["judgement"]["due"]["amount_minor"]) == (201, due), change
        back = till.post(f"/api/v1/purchases/{answer.json['id']}/refunds", json={})
        assert (back.status_code, back.json["amount"]["amount_minor"]) == (201, due)
        again = till.post(f"/api/v1/purchases/{back.json['id']}/refunds", json={})
        assert again.status_code == 404  # a refund is no purchase


def test_bad_returns_are_refused_and_return_nothing(till: FlaskClient, shop: dict[str, Any]) -> None:
    bought = till.post("/api/v1/purchases", json=basket(shop)).json["id"]
    path = f"/api/v1/purchases/{bought}/refunds"
    for body in [
        {"amount": 5},
        {"lines": []},
        {"lines": [{"key": "zz"}]},
        *[{"lines": [{"key": "a", "quantity": text}]} for text in ("-1", "0", "4", "3.000001", "x")],
        {"lines": [{"key": "a", "quantity": "2"}, {"key": "a", "quantity": "2"}]},
    ]:
        assert till.post(path, json=body).status_code == 422, body
    thirds = [till.post(path, json={"lines": [{"key": "a", "quantity": "0.333"}]}).json for _ in range(3)]
    rest = till.post(path, json={}).json
    assert sum(one["amount"]["amount_minor"] for one in [*thirds, rest]) == 1050
    assert (rest["lines"], rest["is_everything"]) == ([{"key": "a", "quantity": "2.001"}], True)


def test_what_nobody_asked_for_is_a_hint_or_nothing(
    till: FlaskClient, shop: dict[str, Any], bakery: Record, within: Within
) -> None:
    with within(bakery):
        three = {"kind": "cheapest_free", "quantity": 5, "get": 1}
        coupons.published(bakery, three, trigger="automatic", name="5 for 4")
        coupons.published(bakery, trigger="automatic", conditions={"weekdays": []}, name="Never")
    answer = till.post("/api/v1/purchases/quote", json=basket(shop, coupon_codes=["NOBODY-KNOWS"])).json
    assert [one["reason"]["code"] for one in answer["refused"]] == ["unknown_code"]
    (hint,) = answer["hints"]
    assert hint["reason"]["sentence"] == "This needs at least 5 of the goods meant; there are 3."


def test_a_foreign_purchase_is_not_there(
    app: Flask, florist: Record, till: FlaskClient, shop: dict[str, Any]
) -> None:
    other = api.till(app, florist)
    assert other.get(f"/api/v1/purchases/{shop['PURCHASE']}").status_code == 404
    assert other.post(f"/api/v1/purchases/{shop['PURCHASE']}/refunds", json={}).status_code == 404
