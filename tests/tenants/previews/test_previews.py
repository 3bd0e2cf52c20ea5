"""A draft tried on past purchases: what comes out, who gains and loses, in batches, as a page and as a file."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from saas.db import db
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.previews import operations, past, runs
from tenants.previews.models import PreviewMember, ProgramPreview
from tenants.programs import operations as programs
from tenants.programs.models import Entry, Program
from tests.factories import ledger, purchases

Within = Callable[[Record], AbstractContextManager[None]]
AsRole = Callable[[Record, str], FlaskClient]
NOW = utcnow()
HTMX = {"HX-Request": "true"}
POINTS: dict[str, Any] = {
    "kind": "points",
    "rules": [{"key": "spend", "step_minor": 100}],
    "rewards": [
        {"key": "off", "cost": 10, "benefit": {"kind": "amount", "amount_minor": 100, "on": "order"}}
    ],
}
BREAD = {"unit_price_minor": 500, "categories": ["bread"]}
CAKE = {"unit_price_minor": 1000, "categories": ["cakes"]}


def at(merchant: Record, rest: str) -> str:
    return f"/console/{merchant.slug}/programs/{rest}"


def shop(merchant: Record) -> dict[str, uuid.UUID]:
    """Anna buys bread three times, Bert cake once, Cleo bought too long ago, Dora brought all back."""
    program = purchases.published(POINTS, at=NOW - dt.timedelta(days=500))
    people = {name: ledger.member(name).id for name in ("Anna", "Bert", "Cleo", "Dora")}
    bought = (
        ("Anna", BREAD, 90),
        ("Anna", BREAD, 60),
        ("Anna", BREAD, 30),
        ("Bert", CAKE, 10),
        ("Cleo", CAKE, 400),
    )
    for name, goods, days in bought:
        purchases.commit(
            merchant, people[name], purchases.lines(goods), at=NOW - dt.timedelta(days=days), now=NOW
        )
    back = purchases.commit(
        merchant, people["Dora"], purchases.lines(CAKE), at=NOW - dt.timedelta(days=5), now=NOW
    )
    purchases.refund(merchant, back.purchase_id, now=NOW)
    return {**people, "program": program.id}


def draft(program_id: uuid.UUID, **changed: Any) -> None:
    program = db.session.get_one(Program, program_id)
    programs.write_draft(program_id, program.name, {"engine": {**POINTS, **changed}, "words": {}}, NOW)


@pytest.fixture
def filled(bakery: Record, within: Within) -> dict[str, uuid.UUID]:
    with within(bakery):
        found = shop(bakery)
        rules = [
            {
                "key": "bread",
                "step_minor": 100,
                "conditions": {"goods": {"categories": {"any": ["bread"]}}},
                "units": 2,
            }
        ]
        draft(found["program"], rules=rules)
        return found


def run(app: Flask, merchant: Record, preview_id: uuid.UUID) -> None:
    with app.app_context():
        runs.run(merchant, preview_id)


def played(app: Flask, bakery: Record, within: Within, program_id: uuid.UUID) -> ProgramPreview:
    with within(bakery):
        preview_id = operations.begin(program_id, bakery, "Owner", NOW).id
    run(app, bakery, preview_id)
    with within(bakery):
        preview = db.session.get_one(ProgramPreview, preview_id)
        db.session.expunge(preview)
        return preview


@pytest.mark.parametrize("batch", [1, 100])
def test_what_comes_out(
    app: Flask,
    bakery: Record,
    within: Within,
    filled: dict[str, uuid.UUID],
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
) -> None:
    monkeypatch.setattr(runs, "BATCH", batch)
    with within(bakery):
        before = db.session.scalar(select(func.count()).select_from(Entry))
    preview = played(app, bakery, within, filled["program"])
    assert (preview.status, preview.purchases_total, preview.purchases_done) == ("done", 4, 4)
    assert preview.totals["before_earned"] == 25
    assert preview.totals["after_earned"] == 30
    assert (preview.totals["before_rewards"], preview.totals["after_rewards"]) == (2, 3)
    assert (preview.totals["gain"], preview.totals["lose"], preview.totals["same"]) == (1, 1, 0)
    assert preview.totals["sales"] == 2500
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Entry)) == before
        rows = {row.member_id: row for row in db.session.scalars(select(PreviewMember))}
    assert rows[filled["Anna"]].gain == 150
    assert (rows[filled["Bert"]].before_units, rows[filled["Bert"]].after_units) == (10, 0)
    assert filled["Cleo"] not in rows
    assert filled["Dora"] not in rows


def test_what_was_returned_in_part_was_never_bought(
    app: Flask, bakery: Record, within: Within, filled: dict[str, uuid.UUID]
) -> None:
    with within(bakery):
        pieces = purchases.lines(
            {**BREAD, "quantity": "4", "discount_minor": 100}, {**BREAD, "quantity": "0.5"}, CAKE
        )
        done = purchases.commit(bakery, filled["Anna"], pieces, at=NOW - dt.timedelta(days=3), now=NOW)
        purchases.refund(bakery, done.purchase_id, {"1": Decimal(1)}, now=NOW - dt.timedelta(days=2))
        purchases.refund(
            bakery, done.purchase_id, {"1": Decimal(1), "3": Decimal(1)}, now=NOW - dt.timedelta(days=1)
        )
        kept = past.baskets_of([filled["Anna"]], bakery, NOW)[filled["Anna"]][-1]
        late = past.baskets_of([filled["Anna"]], bakery, NOW - dt.timedelta(days=2))[filled["Anna"]][-1]
    assert [(line.key, line.quantity, line.amount_minor - line.discount_minor) for line in kept.lines] == [
        ("1", 2, 950),
        ("2", Decimal("0.5"), 250),
    ]
    assert [line.quantity for line in late.lines] == [3, Decimal("0.5"), 1]
    preview = played(app, bakery, within, filled["program"])
    assert preview.totals["sales"] == 2500 + 1200
    assert preview.totals["before_earned"] == 25 + 12
    assert preview.totals["after_earned"] == 30 + 24


def test_running_it_again_adds_nothing(
    app: Flask, bakery: Record, within: Within, filled: dict[str, uuid.UUID]
) -> None:
    preview = played(app, bakery, within, filled["program"])
    run(app, bakery, preview.id)
    with within(bakery):
        assert db.session.get_one(ProgramPreview, preview.id).totals == preview.totals
        assert db.session.scalar(select(func.count()).select_from(PreviewMember)) == 2


def test_tiers_and_stamp_cards_can_be_tried_too(
    app: Flask, bakery: Record, within: Within, filled: dict[str, uuid.UUID]
) -> None:
    with within(bakery):
        tiers = {
            "kind": "tiers",
            "rules": [{"key": "spend", "step_minor": 100}],
            "tiers": [{"key": "bronze", "threshold": 12}, {"key": "gold", "threshold": 100}],
        }
        tier_id = programs.create_of_kind("tiers", "Tiers", {"engine": tiers, "words": {}}, NOW).id
        card_id = ledger.stamp_card(2).id
    preview = played(app, bakery, within, tier_id)
    assert (preview.totals["gain"], preview.totals["lose"], preview.totals["same"]) == (1, 0, 1)
    card = played(app, bakery, within, card_id)
    assert card.totals["after_earned"] == 4
    assert card.totals["after_rewards"] == 1


def test_the_pages(
    app: Flask, bakery: Record, within: Within, as_role: AsRole, filled: dict[str, uuid.UUID]
) -> None:
    client = as_role(bakery, "owner")
    assert "Try it on your own past first" in client.get(at(bakery, f"{filled['program']}/publication")).text
    begun = client.post(at(bakery, f"{filled['program']}/previews"))
    assert begun.status_code == 303
    running = client.get(begun.location)
    assert "0 of 4 purchases" in running.text
    assert client.get(begun.location, headers=HTMX).status_code == 200
    run(app, bakery, uuid.UUID(begun.location.rsplit("/", 1)[1]))
    over = client.get(begun.location, headers=HTMX)
    assert over.status_code == 286
    for said in ("25 points", "30 points", "€2.50", "€3.00", "Anna", "Bert", "€25.00"):
        assert said in over.text
    file = client.get(f"{begun.location}/members")
    assert file.mimetype == "text/csv"
    lines = file.text.strip().splitlines()
    assert len(lines) == 3
    assert any("Anna,3,15,30,1,3,150" in line for line in lines)
    cashier = as_role(bakery, "cashier")
    assert cashier.get(begun.location).status_code == 403
    assert cashier.post(at(bakery, f"{filled['program']}/previews")).status_code == 403


def test_a_shop_without_purchases_is_told_so(
    app: Flask, bakery: Record, within: Within, as_role: AsRole
) -> None:
    with within(bakery):
        program_id = ledger.stamp_card(5).id
    preview = played(app, bakery, within, program_id)
    page = as_role(bakery, "owner").get(at(bakery, f"{program_id}/previews/{preview.id}")).text
    assert "No purchases to try it on yet" in page


def test_unfinished_terms_and_other_programs(
    app: Flask, bakery: Record, within: Within, as_role: AsRole
) -> None:
    client = as_role(bakery, "owner")
    with within(bakery):
        broken = programs.create_of_kind(
            "points", "Broken", {"engine": {"kind": "points"}, "words": {}}, NOW
        ).id
        other = ledger.stamp_card(5).id
    assert client.post(at(bakery, f"{broken}/previews")).status_code == 422
    assert client.post(at(bakery, f"{uuid.uuid4()}/previews")).status_code == 404
    preview = played(app, bakery, within, other)
    assert client.get(at(bakery, f"{broken}/previews/{preview.id}")).status_code == 404
    assert client.get(at(bakery, f"{other}/previews/{uuid.uuid4()}")).status_code == 404
