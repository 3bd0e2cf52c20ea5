"""Adding, changing, and what tills sell: once a SKU, whoever comes first, and one spelling of each category."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import func, select

from saas.db import db, transaction
from saas.merchants.registry import Record
from tenants.products import catalogue, operations, rules, writing
from tenants.products.models import Product
from tenants.products.operations import BadSku, Line, NothingSelected, SkuTaken
from tenants.products.writing import Change
from tests.factories.products import product

Within = Callable[[Record], AbstractContextManager[None]]
NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def by_id(product_id: uuid.UUID) -> Product:
    return db.session.get_one(Product, product_id, populate_existing=True)


def test_one_product_a_sku(bakery: Record, within: Within) -> None:
    with within(bakery):
        added = product("AB-1", name="Καφές", category="Drinks", tags=["hot"], price_minor=250)
        assert (added.sku, added.source, added.is_active, added.tags) == ("AB-1", "console", True, ["hot"])
        with pytest.raises(SkuTaken):
            product("ab-1 ")
        assert db.session.scalar(select(func.count()).select_from(Product)) == 1


def test_a_category_is_spelled_as_it_was(bakery: Record, within: Within) -> None:
    with within(bakery):
        product("1", category="Drinks > Hot")
        assert product("2", category="DRINKS > hot").category == "Drinks > Hot"
        other = product("3")
        operations.change(other, {"category": "drinks > hot"}, LATER)
        assert by_id(other.id).category == "Drinks > Hot"
        assert by_id(other.id).updated_at == LATER


def test_what_does_not_differ_is_not_written(bakery: Record, within: Within) -> None:
    with within(bakery):
        found = product("1", now=NOW, name="Tea", tags=["hot"])
        operations.change(found, {"name": "Tea", "tags": ["hot"]}, LATER)
        assert by_id(found.id).updated_at == NOW


def test_archived_and_back(bakery: Record, within: Within) -> None:
    with within(bakery):
        found = product("1")
        operations.archive(found.id, LATER)
        assert not by_id(found.id).is_active
        with pytest.raises(SkuTaken):
            product("1")
        operations.restore(found.id, LATER)
        assert by_id(found.id).is_active


@pytest.mark.parametrize(
    ("act", "text", "expected"),
    [
        ("category", " FOOD ", {"category": "Food"}),
        ("category", "", {"category": ""}),
        ("add_tags", "New, hot", {"tags": ["hot", "new"]}),
        ("remove_tags", "HOT", {"tags": []}),
        ("exclude_earning", "", {"is_excluded_from_earning": True}),
        ("include_earning", "", {"is_excluded_from_earning": False}),
        ("exclude_redeeming", "", {"is_excluded_from_redeeming": True}),
        ("include_redeeming", "", {"is_excluded_from_redeeming": False}),
        ("archive", "", {"is_active": False}),
        ("restore", "", {"is_active": True}),
    ],
)
def test_some_at_once(
    bakery: Record, within: Within, act: str, text: str, expected: dict[str, object]
) -> None:
    with within(bakery):
        product("0", category="Food")
        chosen = [product(sku, tags=["hot"], category="Drinks").id for sku in "12"]
        other = product("3", tags=["hot"], category="Drinks")
        operations.change_selected([*chosen, uuid.uuid4()], act, text, LATER)
        for product_id in chosen:
            found = by_id(product_id)
            assert {name: getattr(found, name) for name in expected} == expected
        assert by_id(other.id).updated_at != LATER
    assert set(operations.ACTS) >= {act}


def test_selection_refuses_none_too_many_and_too_many_tags(bakery: Record, within: Within) -> None:
    with within(bakery):
        for chosen in ([], [uuid.uuid4() for _ in range(operations.MOST_SELECTED + 1)]):
            with pytest.raises(NothingSelected):
                operations.change_selected(chosen, "archive", "", NOW)
        full = product("1", tags=[str(number) for number in range(rules.MOST_TAGS)])
        with pytest.raises(rules.TooLongError):
            operations.change_selected([full.id], "add_tags", "one more", NOW)


def test_tills_add_what_they_sell(bakery: Record, within: Within) -> None:
    with within(bakery):
        product("ab-1", name="Known", price_minor=100, category="Drinks")
        found = operations.ensure(
            [
                Line("AB-1", "Other name", 999),
                Line(" new-1", "Νέο\x00 προϊόν", 0, "drinks", ("Hot", "#hot")),
                Line("NEW-1", "Second line of it"),
                Line("bare"),
                Line("long", "ω" * 300, -5, "c" * 81, ("t" * 41,)),
            ],
            NOW,
        )
        assert found[" new-1"] == found["NEW-1"]
        assert len(set(found.values())) == 4
        known, new, bare, long = (by_id(found[sku]) for sku in ("AB-1", "NEW-1", "bare", "long"))
        assert (known.name, known.price_minor, known.source) == ("Known", 100, "console")
        assert (new.sku, new.name, new.price_minor, new.source) == ("new-1", "Νέο προϊόν", 0, "purchase")
        assert (new.category, new.tags) == ("Drinks", ["hot"])
        assert (bare.name, bare.price_minor) == ("bare", None)
        assert (long.name, long.price_minor, long.category, long.tags) == ("ω" * 200, None, "", [])
        assert operations.ensure([], NOW) == {}


@pytest.mark.parametrize("sku", ["", " \t\u200b", "x" * 81])
def test_a_line_without_a_sku_is_refused(bakery: Record, within: Within, sku: str) -> None:
    with within(bakery), pytest.raises(BadSku):
        operations.ensure([Line("fine"), Line(sku)], NOW)


def test_what_rules_ask_of_a_line(bakery: Record, within: Within) -> None:
    with within(bakery):
        product("T-1", category="Goods > Tobacco", tags=["regulated"], is_excluded_from_earning=True)
        found = catalogue.by_sku(["t-1", "T-1", "unknown"])
        assert found.keys() == {"t-1", "T-1"}
        assert found["t-1"].categories == {"Goods", "Goods > Tobacco"}
        assert found["t-1"].tags == {"regulated"}
        assert (found["t-1"].sku, found["t-1"].is_excluded_from_earning) == ("T-1", True)
        assert not found["t-1"].is_excluded_from_redeeming


def test_tills_that_sell_a_new_sku_at_once(app: Flask, bakery: Record, within: Within) -> None:
    """Many rounds, each till with the same new SKUs in another order: nobody fails, each SKU is one product."""
    rounds, tills, goods = 6, 6, 400
    found: list[dict[str, uuid.UUID]] = []
    failures: list[BaseException] = []
    gate = threading.Barrier(tills)

    def sell(till: int) -> None:
        try:
            for turn in range(rounds):
                skus = [f"{turn}-{number}" for number in range(goods)]
                shifted = skus[till:] + skus[:till] if till % 2 else skus[::-1]
                gate.wait(30)
                with app.app_context(), transaction(bakery.binding):
                    ids = operations.ensure([Line(sku if till % 3 else sku.upper()) for sku in shifted], NOW)
                found.append({f"{turn}": ids[f"{turn}-7"]})
        except BaseException as error:
            failures.append(error)
            gate.abort()

    threads = [threading.Thread(target=sell, args=(till,)) for till in range(tills)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with within(bakery):
        assert db.session.scalar(select(func.count()).select_from(Product)) == rounds * goods
    for turn in range(rounds):
        assert len({each[str(turn)] for each in found if str(turn) in each}) == 1


def test_many_are_written_at_once_and_again(bakery: Record, within: Within) -> None:
    with within(bakery):
        product("keep", name="Keep", tags=["mine"], price_minor=5)
        changes = [
            Change("KEEP", {"price_minor": 7}),
            Change("new", {"name": "New", "category": "Food", "tags": ["a", "b'\"\\,{}"]}),
        ]
        first = writing.write(changes, "import", NOW)
        assert (first.added, first.changed, first.same) == (1, 1, 0)
        again = writing.write(changes, "import", LATER)
        assert (again.added, again.changed, again.same) == (0, 0, 2)
        kept = db.session.scalars(select(Product).where(Product.sku == "keep")).one()
        assert (kept.name, kept.tags, kept.price_minor, kept.source) == ("Keep", ["mine"], 7, "console")
        new = db.session.scalars(select(Product).where(Product.sku == "new")).one()
        assert (new.tags, new.source) == (["a", "b'\"\\,{}"], "import")
