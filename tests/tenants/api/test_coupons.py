"""Coupons, codes and imports beyond their examples: faults where they are, what can't be, files in and out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.merchants.registry import Record
from tenants.api import coupon_codes
from tenants.coupons import batches
from tests.factories import api

NOBODY = "0192f0c4-6d1e-7a3b-8c52-1f0e6a9dffff"


@pytest.fixture
def shop(app: Flask, bakery: Record) -> dict[str, str]:
    return {name: str(value) for name, value in api.example_shop(app, bakery).items()}


@pytest.fixture
def till(app: Flask, bakery: Record, shop: dict[str, str]) -> FlaskClient:
    return api.till(app, bakery)


def sent(answer: Any, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return dict(answer.json)


def faults(answer: Any) -> dict[str, str]:
    return {one.get("pointer") or one["parameter"]: one["code"] for one in sent(answer, 422)["errors"]}


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({}, {"/plan/terms": "missing_field"}),
        (
            {"terms": {"benefit": {"kind": "percent", "percent": 10, "colour": 1}}, "code": "AB"},
            {"/plan/terms/benefit/colour": "unknown_field"},
        ),
        (
            {"terms": {"benefit": {"kind": "percent", "percent": 10}}, "code": "AB"},
            {"/plan/code": "out_of_range"},
        ),
        (
            {
                "terms": {"benefit": {"kind": "percent", "percent": 10}, "trigger": "personal"},
                "code": "SPRING2",
            },
            {"/plan/code": "contradicts"},
        ),
        (
            {"terms": {"benefit": {"kind": "percent", "percent": 10}}, "limits": {"total": -1}},
            {"/plan/limits/total": "out_of_range"},
        ),
    ],
)
def test_a_plans_faults_are_named_where_they_are(
    till: FlaskClient, plan: dict[str, Any], expected: dict[str, str]
) -> None:
    for path, more in (("/coupons", {"name": "X"}), ("/coupons/preview", {})):
        assert faults(till.post(f"/api/v1{path}", json={**more, "plan": plan})) == expected


def test_a_plan_is_said_in_the_language_asked_for(till: FlaskClient) -> None:
    plan = {"terms": {"benefit": {"kind": "percent", "percent": 10, "on": "order"}}}
    said = {
        language: till.post(
            "/api/v1/coupons/preview", json={"plan": plan}, headers={"Accept-Language": language}
        ).json["sentence"]
        for language in ("en", "el", "sv")
    }
    assert said["en"] == "10% off the whole purchase"
    assert len(set(said.values())) == 3


def test_versions_pausing_and_a_code_that_is_taken(till: FlaskClient, shop: dict[str, str]) -> None:
    path = f"/api/v1/coupons/{shop['COUPON']}"
    plan = sent(till.get(path), 200)["plan"]
    assert sent(till.patch(path, json={"plan": {**plan, "limits": {"total": 7}}}), 200)["version"] == 1
    assert sent(till.post(f"{path}/publication"), 200)["version"] == 2
    numbers = [
        (one["number"], one["plan"]["limits"]["total"]) for one in till.get(f"{path}/versions").json["data"]
    ]
    assert numbers == [(2, 7), (1, 500)]
    other = sent(till.post("/api/v1/coupons", json={"name": "Other", "plan": {**plan, "code": "spring"}}))
    refused = till.post(f"/api/v1/coupons/{other['id']}/publication")
    assert sent(refused, 422)["code"] == "code_taken"
    assert sent(till.post(f"{path}/restoration"), 200)["status"] == "published"
    assert sent(till.post(f"{path}/pause"), 200)["status"] == "paused"
    basket = {"currency": "EUR", "lines": [{"unit_price_minor": 100}], "coupon_codes": ["SPRING"]}
    quoted = sent(till.post("/api/v1/purchases/quote", json=basket), 200)
    assert [one["reason"]["code"] for one in quoted["refused"]] == ["coupon_paused"]
    assert sent(till.post(f"{path}/resumption"), 200)["status"] == "published"


def test_what_names_nothing_is_named(till: FlaskClient, shop: dict[str, str]) -> None:
    def post(path: str, **body: Any) -> Any:
        return till.post(f"/api/v1{path}", json=body)

    assert faults(post("/coupon-codes", coupon_id=NOBODY, member_id=shop["MEMBER"])) == {
        "/coupon_id": "unknown_coupon"
    }
    gift = shop["PERSONAL_COUPON"]
    assert faults(post("/coupon-codes", coupon_id=gift, member_id=NOBODY)) == {"/member_id": "unknown_member"}
    public = post("/coupon-codes", coupon_id=shop["COUPON"], member_id=shop["MEMBER"])
    assert sent(public, 422)["code"] == "not_issuable"
    assert faults(post("/coupon-batches", coupon_id=shop["COUPON"])) == {"/count": "one_of"}
    many = post("/coupon-batches", coupon_id=shop["COUPON"], count=100_001)
    assert faults(many) == {"/count": "less_than_equal"}
    assert sent(post("/coupon-batches", coupon_id=gift, count=5), 422)["code"] == "not_issuable"


def test_codes_are_made_downloaded_and_made_void(
    app: Flask, bakery: Record, till: FlaskClient, shop: dict[str, str]
) -> None:
    wanted = {"coupon_id": shop["COUPON"], "count": 12}
    headers = {"Idempotency-Key": "flyers"}
    first, again = (till.post("/api/v1/coupon-batches", json=wanted, headers=headers) for _time in range(2))
    assert sent(first, 202)["id"] == sent(again, 202)["id"]
    batch = sent(first, 202)["id"]
    with app.app_context():
        batches.run(bakery, UUID(batch))
    assert sent(till.get(f"/api/v1/coupon-batches/{batch}"), 200)["done"] == 12
    file = till.get(f"/api/v1/coupon-batches/{batch}/codes.csv")
    assert file.headers["Content-Disposition"] == 'attachment; filename="codes.csv"'
    assert file.headers["Request-Id"]
    codes = [line.split(",")[0] for line in file.text.splitlines()[1:]]
    assert len(set(codes)) == 12
    found = till.get("/api/v1/coupon-codes", query_string={"code": codes[0].lower()}).json["data"]
    assert [one["code"] for one in found] == [codes[0]]
    assert sent(till.post(f"/api/v1/coupon-codes/{found[0]['id']}/voiding"), 200)["state"] == "void"
    assert sent(till.post(f"/api/v1/coupon-batches/{batch}/voiding"), 200)["status"] == "void"
    void = till.get("/api/v1/coupon-codes", query_string={"batch_id": batch, "state": "void", "limit": 100})
    assert len(void.json["data"]) == 12


def test_looking_codes_up_is_throttled(
    till: FlaskClient, shop: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coupon_codes, "LOOKUPS", 2)
    statuses = [till.get("/api/v1/coupon-codes?code=7KQM2HXW9FTA").status_code for _time in range(3)]
    assert statuses == [200, 200, 429]
    assert till.get("/api/v1/coupon-codes").status_code == 200


CSV = {"content_type": "text/csv"}


def test_a_file_of_codes_is_looked_through_then_taken(
    app: Flask, bakery: Record, till: FlaskClient, shop: dict[str, str]
) -> None:
    path = f"/api/v1/imports?kind=coupon_codes&coupon_id={shop['COUPON']}"
    file = b"code\nSUMMER-0001\nSUMMER-0002\nabc\nsummer0001\n7KQM2HXW9FTB\n"
    read = sent(till.post(path, data=file, **CSV))
    assert read["preview"]["counts"] == {"codes_new": 2}
    assert [(one["row"], one["code"]) for one in read["refused"]] == [
        (4, "short"),
        (5, "duplicate"),
        (6, "known"),
    ]
    assert all(one["detail"].endswith(".") for one in read["refused"])
    refused = till.get(f"/api/v1/imports/{read['id']}/refused-rows.csv").text
    assert "This code exists already." in refused
    assert sent(till.post(f"/api/v1/imports/{read['id']}/run"), 202)["status"] == "running"
    with app.app_context():
        batches.run(bakery, UUID(read["id"]))
    done = sent(till.get(f"/api/v1/imports/{read['id']}"), 200)
    assert (done["status"], done["counts"]) == ("done", {"codes_added": 2})
    assert sent(till.post(f"/api/v1/imports/{read['id']}/run"), 422)["code"] == "not_startable"
    kinds = [one["kind"] for one in till.get("/api/v1/imports").json["data"]]
    assert sorted(kinds) == ["coupon_codes", "products"]


def test_an_imports_columns_are_chosen(till: FlaskClient, shop: dict[str, str]) -> None:
    path = f"/api/v1/imports/{shop['IMPORT']}"
    changed = sent(till.patch(path, json={"columns": {"name": "Name", "sku": 0}}), 200)
    assert (changed["columns"], changed["refused"]) == ({"name": 1, "sku": 0}, [])
    assert faults(till.patch(path, json={"columns": {"size": 0}})) == {"/columns/size": "extra_forbidden"}
    assert faults(till.patch(path, json={"columns": {"sku": 9}})) == {"/columns/sku": "unknown_column"}
    assert faults(till.patch(path, json={"columns": {"sku": 0, "name": 0}})) == {"/columns": "not_one_to_one"}
    sent(till.patch(path, json={"columns": {"name": 1}}), 200)
    assert sent(till.post(f"{path}/run"), 422)["code"] == "column_missing"


@pytest.mark.parametrize(
    ("query", "body", "status", "expected"),
    [
        ("", {"rows": [{"sku": "a"}]}, 422, {"kind": "missing"}),
        ("kind=coupon_codes", {"rows": [{"code": "ABCDEF"}]}, 422, {"coupon_id": "not_of_this_kind"}),
        (
            f"kind=coupon_codes&coupon_id={NOBODY}",
            {"rows": [{"code": "ABCDEF"}]},
            422,
            {"coupon_id": "unknown_coupon"},
        ),
        ("kind=products&rewards=issued", {"rows": [{"sku": "a"}]}, 422, {"rewards": "not_of_this_kind"}),
        (
            f"kind=purchases&program_id={NOBODY}",
            {"rows": [{"date": "a"}]},
            422,
            {"program_id": "unknown_program"},
        ),
        (
            "kind=products",
            {"rows": [{"sku": "a"}, {"colour": "a"}]},
            422,
            {"/rows/1/colour": "extra_forbidden"},
        ),
        ("kind=products", {"rows": []}, 422, {"/rows": "too_short"}),
        ("kind=products", b"PK\x03\x04", 422, {}),
        ("kind=products", b"", 422, {}),
    ],
)
def test_what_can_not_be_imported(
    till: FlaskClient, query: str, body: Any, status: int, expected: dict[str, str]
) -> None:
    kind: dict[str, Any] = {"data": body, **CSV} if isinstance(body, bytes) else {"json": body}
    answer = till.post(f"/api/v1/imports?{query}", **kind)
    assert answer.status_code == status, answer.text
    found = {one.get("pointer") or one["parameter"]: one["code"] for one in answer.json.get("errors", [])}
    assert found == expected


def test_the_same_file_under_one_key_is_kept_once(till: FlaskClient) -> None:
    file, headers = b"SKU;Name\na;A\n", {"Idempotency-Key": "menu"}
    path = "/api/v1/imports?kind=products"
    first, again = (till.post(path, data=file, headers=headers, **CSV) for _time in range(2))
    assert sent(first)["id"] == sent(again)["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = till.post(f"{path}&filename=b.csv", data=file, headers=headers, **CSV)
    assert sent(other, 409)["code"] == "idempotency_key_reused"


def test_places_have_hours_that_fit_and_one_stays_open(till: FlaskClient, shop: dict[str, str]) -> None:
    times = [
        {"weekday": 1, "opens": "08:00", "closes": "12:00"},
        {"weekday": 1, "opens": "11:00", "closes": "13:00"},
    ]
    answer = till.post("/api/v1/locations", json={"name": "A", "opening_times": times})
    assert faults(answer) == {"/opening_times/1": "overlaps"}
    assert sent(till.post(f"/api/v1/locations/{shop['STALL']}/closing"), 200)["is_active"] is False
    last = till.post(f"/api/v1/locations/{shop['LOCATION']}/closing")
    assert sent(last, 422)["code"] == "last_location"


def test_a_balance_is_corrected_with_a_reason_and_a_scope(
    app: Flask, bakery: Record, till: FlaskClient, shop: dict[str, str]
) -> None:
    path = f"/api/v1/enrolments/{shop['ENROLMENT']}/adjustments"
    headers = {"Idempotency-Key": "sorry"}
    for _time in range(2):
        assert sent(till.post(path, json={"units": 2, "reason": "Sorry"}, headers=headers))["balance"] == 7
    assert sent(till.post(path, json={"units": -100, "reason": "x"}), 422)["code"] == "bad_adjustment"
    assert faults(till.post(path, json={"units": 1})) == {"/reason": "missing"}
    giver = api.till(app, bakery, ["enrolments:write"])
    assert sent(giver.post(path, json={"units": 1, "reason": "x"}), 403)["code"] == "scope_missing"
