"""Stamp cards that count some goods only, and full cards that lower the bill: as typed, as stored, as said."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask, g
from werkzeug.datastructures import MultiDict

from tenants.engine.mapping import to_mapping
from tenants.programs import terms
from tenants.programs.card_goods import CardForm
from tenants.programs.rules import Terms, is_better

CARD = {
    "name": "Shoe card",
    "headline": "Shoes",
    "required": "4",
    "reward_name": "Twenty off",
    "earn_by": "item",
}
FLAT = {"cooldown_minutes": "0", "daily_cap": "0", "icon": "shoe", "goods_by": "", "gives": "merchandise"}
SHOES = {"goods_by": "categories", "goods": "Shoes, Boots"}
TWENTY = {"gives": "percent", "percent": "20", "reward_goods_by": "tags", "reward_goods": "sale"}


class Shop:
    currency = "EUR"
    languages = ("en",)
    language = "en"


@pytest.fixture
def typed(app: Flask) -> Any:
    """Reads what was typed."""

    def read(**fields: str) -> CardForm:
        return CardForm("EUR", formdata=MultiDict({**CARD, **FLAT, **fields}), meta={"csrf": False})

    with app.test_request_context():
        g.merchant = Shop()
        yield read


def test_a_plain_card_stays_flat(typed: Any) -> None:
    form = typed()
    assert form.validate(), form.errors
    assert "engine" not in form.mapping()


@pytest.mark.parametrize(
    ("fields", "goods", "benefit"),
    [
        (SHOES, ["Boots", "Shoes"], {"kind": "merchandise", "item": "Twenty off"}),
        (
            TWENTY,
            [],
            {"kind": "percent", "percent": "20", "on": "cheapest", "target": {"tags": {"any": ["sale"]}}},
        ),
        ({"gives": "percent", "percent": "7.5"}, [], {"kind": "percent", "percent": "7.5", "on": "order"}),
        ({"gives": "amount", "amount_off": "5"}, [], {"kind": "amount", "amount_minor": 500, "on": "order"}),
        (
            {"gives": "free_item", "reward_goods_by": "products", "reward_goods": "CONE"},
            [],
            {"kind": "free_item", "target": {"products": {"any": ["CONE"]}}},
        ),
    ],
)
def test_what_is_typed_is_what_the_engine_is_told(
    typed: Any, fields: dict[str, str], goods: list[str], benefit: dict[str, Any]
) -> None:
    form = typed(**fields)
    assert form.validate(), form.errors
    stored = form.mapping()
    assert not form.blame(stored)
    found = to_mapping(terms.terms_of(stored))
    named = found["rules"][0].get("conditions", {}).get("goods", {}).get("categories", {}).get("any", [])
    assert (named, found["rewards"][0]["benefit"]) == (goods, benefit)
    again = CardForm.filled("EUR", "Shoe card", stored)
    assert again.goods_by.data != "kept"
    assert again.gives.data != "kept"
    assert again.mapping(stored) == stored


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"goods_by": "categories"}, "goods"),
        ({"gives": "percent", "reward_goods_by": "tags"}, "reward_goods"),
        ({"gives": "free_item"}, "reward_goods_by"),
        ({"gives": "percent", "percent": "lots"}, "percent"),
        ({"gives": "percent", "percent": "101"}, "percent"),
        ({"gives": "percent", "percent": "0"}, "percent"),
        ({"gives": "amount"}, "amount_off"),
        ({"gives": "amount", "amount_off": "-5"}, "amount_off"),
        ({"gives": "kindness"}, "gives"),
    ],
)
def test_a_fault_lands_at_its_field(typed: Any, fields: dict[str, str], field: str) -> None:
    form = typed(**fields)
    assert not form.validate() or form.blame(form.mapping())
    assert [name for name, errors in form.errors.items() if errors] == [field]


def test_what_the_editor_cannot_say_is_kept(typed: Any) -> None:
    rules = [
        {"key": "a", "per": "item", "units": "2", "conditions": {"goods": {"tags": {"all": ["x", "y"]}}}}
    ]
    rewards = [
        {"key": "r", "benefit": {"kind": "free_item", "quantity": 2, "target": {"tags": {"any": ["x"]}}}}
    ]
    engine = {"kind": "stamp_card", "required": 4, "rules": rules, "rewards": rewards, "expiry": {"days": 9}}
    stored = {**Terms("Shoes", 4, "Twenty off", earn_by="item").to_mapping(), "engine": engine}
    form = CardForm.filled("EUR", "Shoe card", stored)
    assert (form.goods_by.data, form.gives.data) == ("kept", "kept")
    sent = typed(goods_by="kept", gives="kept", required="5")
    assert sent.mapping(stored)["engine"] == {**engine, "required": 5}
    replaced = typed(**SHOES).mapping(stored)["engine"]
    assert replaced["rewards"] != rewards
    assert replaced["expiry"] == {"days": 9}


def test_a_smaller_promise_is_not_better(typed: Any) -> None:
    """A card under way keeps its 20 % when the new terms say 10 %, and moves when only fewer stamps are needed."""
    twenty = Terms.from_mapping(typed(**TWENTY).mapping())
    ten = Terms.from_mapping(typed(**{**TWENTY, "percent": "10"}).mapping())
    fewer = Terms.from_mapping(typed(**{**TWENTY, "required": "3"}).mapping())
    assert not is_better(ten, twenty)
    assert not is_better(Terms.from_mapping(typed().mapping()), twenty)
    assert is_better(fewer, twenty)
    assert re.search(r'"percent": "20"', twenty.promise)


def test_it_is_said_in_sentences(within: Any, bakery: Any, as_role: Any) -> None:
    client, root = as_role(bakery, "owner"), f"/console/{bakery.slug}/programs"
    saved = client.post(root, data={**CARD, **FLAT, **SHOES, **TWENTY})
    page = html.unescape(client.get(saved.location).text)
    assert "Members earn 1 stamp for each item. On Boots and Shoes only." in page
    assert "“Twenty off” for 4 stamps: 20% off." in page
    client.post(f"{saved.location}/publication")
    client.post(f"{saved.location}/edit", data={**CARD, **FLAT, **SHOES, **TWENTY, "percent": "10"})
    page = html.unescape(client.get(f"{saved.location}/publication").text)
    assert "On purchases at the till" in page
    assert "“Twenty off” for 4 stamps: 10% off." in page
    assert "finished under the terms they began with" in page
