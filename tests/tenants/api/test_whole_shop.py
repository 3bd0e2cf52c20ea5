"""A whole shop set up and run with nothing but a key: no page is opened, no row is made in another way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.db import db, transaction
from saas.merchants.registry import Record
from tenants.coupons import batches
from tenants.products import runs
from tenants.products.models import ProductImport
from tenants.purchases import runs as purchase_runs
from tests.factories import api

MENU = (
    "SKU;Name;Category;Price\nespresso;Espresso;Coffee;2,00\ncake;Cake;Pastry;25,00\nsoap;Soap;Other;cheap\n"
)


class Till:
    """Sends and asserts; each write under a key of its own."""

    def __init__(self, client: FlaskClient) -> None:
        self.client, self.sent = client, 0

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(f"/api/v1{path}", query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any = None, status: int = 201, **query: Any) -> Any:
        self.sent += 1
        headers = {"Idempotency-Key": f"shop-{self.sent}"}
        kind: dict[str, Any] = (
            {"data": body, "content_type": "text/csv"} if isinstance(body, str) else {"json": body}
        )
        answer = self.client.post(f"/api/v1{path}", headers=headers, query_string=query, **kind)
        assert answer.status_code == status, answer.text
        assert answer.headers["Request-Id"]
        assert answer.headers["RateLimit"]
        return answer.json


@pytest.fixture
def work(app: Flask, bakery: Record) -> Callable[[Any, str], None]:
    """Does what a worker would with what was begun."""

    def run(of: Any, found_id: str) -> None:
        with app.app_context():
            if of is ProductImport:
                with transaction(bakery.binding):
                    begun = db.session.get_one(ProductImport, UUID(found_id)).begun_at
                assert begun is not None
                runs.run(bakery, UUID(found_id), begun)
            else:
                of(bakery, UUID(found_id))

    return run


def test_a_shop_is_set_up_and_run_without_a_browser(
    app: Flask, bakery: Record, work: Callable[[Any, str], None]
) -> None:
    till = Till(api.till(app, bakery))

    place = till.post(
        "/locations",
        {"name": "Harbour", "opening_times": [{"weekday": 1, "opens": "08:00", "closes": "20:00"}]},
    )
    listed = till.post("/imports", MENU, kind="products", filename="menu.csv")
    assert listed["preview"]["counts"] == {"products_new": 2, "products_known": 0}
    assert [(row["row"], row["field"], row["code"]) for row in listed["refused"]] == [
        (4, "price_minor", "amount")
    ]
    assert till.get("/products")["data"] == []
    till.post(f"/imports/{listed['id']}/run", status=202)
    work(ProductImport, listed["id"])
    done = till.get(f"/imports/{listed['id']}")
    assert (done["status"], done["counts"]["products_added"], done["rows_refused"]) == ("done", 2, 1)
    assert done["titles"] == listed["titles"] == ["SKU", "Name", "Category", "Price"]
    refused = till.client.get(f"/api/v1/imports/{listed['id']}/refused-rows.csv").text
    assert refused.splitlines()[0].endswith(";SKU;Name;Category;Price")
    assert {one["sku"]: one["price"]["amount_minor"] for one in till.get("/products")["data"]} == {
        "espresso": 200,
        "cake": 2500,
    }

    def program(body: dict[str, Any]) -> str:
        made = till.post("/programs", body)
        return str(till.post(f"/programs/{made['id']}/publication", status=200)["id"])

    card = program(
        {
            "name": "Coffee card",
            "terms": {"card": {"headline": "The 3rd is free", "required": 2, "reward_name": "Free espresso"}},
        }
    )
    free = {"key": "cake", "cost": 30, "benefit": {"kind": "amount", "on": "order", "amount_minor": 500}}
    rules = [{"key": "spend", "per": "amount", "step_minor": 100}]
    points = program(
        {
            "name": "Points",
            "kind": "points",
            "terms": {"engine": {"kind": "points", "rules": rules, "rewards": [free]}},
        }
    )
    tiers = [{"key": "silver", "threshold": 0}, {"key": "gold", "threshold": 5000}]
    cents = [{"key": "spend", "per": "amount", "step_minor": 1}]
    club = program(
        {
            "name": "Club",
            "kind": "tiers",
            "terms": {"engine": {"kind": "tiers", "rules": cents, "tiers": tiers}},
        }
    )

    plan = {
        "terms": {
            "benefit": {"kind": "percent", "percent": 10, "on": "order"},
            "conditions": {"uses_per_member": 1},
        }
    }
    assert (
        till.post("/coupons/preview", {"plan": plan}, 200)["sentence"]
        == "10% off the whole purchase, once a member"
    )
    coupon = till.post("/coupons", {"name": "Ten off", "plan": plan})
    till.post(f"/coupons/{coupon['id']}/publication", status=200)
    batch = till.post("/coupon-batches", {"coupon_id": coupon["id"], "count": 3}, 202)
    work(batches.run, batch["id"])
    assert till.get(f"/coupon-batches/{batch['id']}")["status"] == "done"
    codes = [one["code"] for one in till.get("/coupon-codes", batch_id=batch["id"])["data"]]

    member = till.post("/members", {"first_name": "Eleni", "email": "eleni@mail.example", "external_id": "1"})
    cards = {one["program_id"]: one for one in till.get(f"/members/{member['id']}/enrolments")["data"]}
    assert set(cards) == {card, points, club}

    def held() -> dict[str, int]:
        return {
            one["program_id"]: one["balance"]
            for one in till.get(f"/members/{member['id']}/enrolments")["data"]
        }

    def tier() -> str:
        return str(till.get(f"/enrolments/{cards[club]['id']}")["tier"])

    basket = {
        "member_id": member["id"],
        "currency": "EUR",
        "location_id": place["id"],
        "lines": [{"key": "1", "sku": "cake", "quantity": "2", "unit_price_minor": 2500}],
    }
    offered = {**basket, "coupon_codes": [codes[0]]}
    quoted = till.post("/purchases/quote", offered, 200)
    assert (quoted["total"]["amount_minor"], quoted["discount"]["amount_minor"]) == (4500, 500)
    bought = till.post("/purchases", {**offered, "receipt_number": "1", "expected_due_minor": 4500})
    assert bought["judgement"] == quoted
    assert held()[points] == 45
    assert till.get("/coupon-codes", code=codes[0].lower().replace("-", " "))["data"][0]["state"] == "used"
    again = till.post("/purchases/quote", {**basket, "coupon_codes": [codes[1]]}, 200)
    assert [one["reason"]["code"] for one in again["refused"]] == ["used_up_by_member"]

    spent = till.post(
        "/purchases",
        {**basket, "receipt_number": "2", "spend": [{"program_id": points, "reward_key": "cake"}]},
    )
    assert spent["judgement"]["due"]["amount_minor"] == 4500
    assert (held()[points], tier()) == (45 - 30 + 45, "gold")

    stamps = till.post(f"/enrolments/{cards[card]['id']}/entries", {"units": 2, "location_id": place["id"]})
    ready = till.get("/rewards", member_id=member["id"], status="issued")["data"]
    assert set(stamps["rewards_issued"]) <= {one["id"] for one in ready}
    till.post("/redemptions", {"reward_id": ready[0]["id"], "location_id": place["id"]})

    till.post(f"/purchases/{spent['id']}/refunds", {})
    till.post(f"/purchases/{bought['id']}/refunds", {"reason": "Too sweet"})
    assert (held()[points], tier()) == (0, "silver")
    figures = till.get(f"/coupons/{coupon['id']}")["figures"]
    assert (figures["codes_issued"], figures["used"]) == (3, 0)
    assert till.get("/coupon-codes", code=codes[0])["data"][0]["state"] == "issued"

    corrected = till.post(f"/enrolments/{cards[points]['id']}/adjustments", {"units": 7, "reason": "Sorry"})
    assert corrected["balance"] == held()[points] == 7

    history = [
        {"date": "2026-01-05", "email": "eleni@mail.example", "amount": "12.50"},
        {"date": "2026-01-06", "amount": "1"},
    ]
    old = till.post("/imports", {"rows": history}, kind="purchases")
    assert old["preview"]["counts"]["purchases_new"] == 1
    assert [row["code"] for row in old["refused"]] == ["no_member"]
    till.post(f"/imports/{old['id']}/run", status=202)
    work(purchase_runs.run, old["id"])
    assert till.get(f"/imports/{old['id']}")["counts"]["purchases_added"] == 1
    assert len(till.get("/purchases", member_id=member["id"])["data"]) == 3
