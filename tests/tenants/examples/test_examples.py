"""The stated examples: set up by the console's forms and at the API alike, sold at the counter and by a till alike."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from sqlalchemy.engine import URL

from saas.db import db, transaction
from tenants.members.models import Member
from tests.factories import api, cast
from tests.tenants.examples import surfaces
from tests.tenants.examples.stories import EARLY, GOODS, STORIES, Step, Story
from tests.tenants.examples.surfaces import Shop

SetUp = Callable[[Shop, Any], None]
Buy = Callable[[Shop, str, Step], dict[str, Any]]


@pytest.fixture(scope="module")
def shops(app: Flask, control_url: URL) -> tuple[Shop, Shop]:
    """Two shops with the same goods, one run by forms and one by its API, for all of the stories: each begins by
    putting away what was before, and has members of its own."""
    with time_machine.travel(EARLY, tick=False):
        return (
            opened_with_goods(app, control_url, "arcade"),
            opened_with_goods(app, control_url, "bazaar"),
        )


def opened_with_goods(app: Flask, control_url: URL, name: str) -> Shop:
    merchant = cast.open_shop(app, control_url, name.title(), name, "GR", "EUR", "Europe/Athens")
    found = Shop(app, merchant, api.till(app, merchant))
    for sku, (title, category, price) in GOODS.items():
        money = {"amount_minor": price, "currency": "EUR"}
        body = {"sku": sku, "name": title, "category": category, "price": money}
        found.asked("POST", "products", json=body)
    return found


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_an_example_is_the_same_by_forms_and_by_api(shops: tuple[Shop, Shop], story: Story) -> None:
    by_forms = played(shops[0], story, surfaces.set_up_by_forms, surfaces.buy_by_forms)
    by_api = played(shops[1], story, surfaces.set_up_by_api, surfaces.buy_by_api)
    assert by_forms == by_api


def played(shop: Shop, story: Story, set_up: SetUp, buy: Buy) -> dict[str, Any]:
    """A story from the first form to the last purchase; the engine's terms that it was set up with."""
    with time_machine.travel(EARLY, tick=False):
        surfaces.put_away(shop)
        for setup in story.setups:
            set_up(shop, setup)
        member_id = joined(shop, story)
        for goods in story.before:
            shop.asked("POST", "purchases", json=surfaces.basket(shop, member_id, Step(goods, 0)))
    for step in story.steps:
        with time_machine.travel(dt.datetime.fromisoformat(step.at), tick=False):
            assert_as_stated(shop, buy(shop, member_id, step), step)
    return shop.terms()


def joined(shop: Shop, story: Story) -> str:
    member_id = str(shop.asked("POST", "members", json={"first_name": "Eleni"})["id"])
    if story.born:
        born = update(Member).where(Member.id == uuid.UUID(member_id))
        with shop.app.app_context(), transaction(shop.merchant.binding):
            db.session.execute(born.values(birthday=dt.date.fromisoformat(story.born)))
    return member_id


def assert_as_stated(shop: Shop, judgement: dict[str, Any], step: Step) -> None:
    """Every figure that a story states, of a judgement as the API answers it."""
    paid = sum(one["amount"]["amount_minor"] for one in judgement["payments"])
    assert judgement["due"]["amount_minor"] == step.pays
    assert judgement["discount"]["amount_minor"] == step.off
    assert paid == step.paid_by_units
    assert judgement["total"]["amount_minor"] == step.pays + paid
    lines = judgement["lines"]
    assert sum(line["net"]["amount_minor"] for line in lines) == step.pays + paid
    assert sum(line["gross"]["amount_minor"] for line in lines) == step.pays + paid + step.off
    off = [one["amount"]["amount_minor"] for line in lines for one in line["discounts"]]
    assert (sum(off), all(amount > 0 for amount in off)) == (step.off, True)
    names = {own: name for name, own in shop.ids.items()}
    outcomes = {names[one["program_id"]]: one for one in judgement["programs"]}
    earned = {name: (one["units_earned"], one["balance"]) for name, one in outcomes.items()}
    assert earned == step.earns
    ready = {name: one["rewards_ready"] for name, one in outcomes.items() if one["rewards_ready"]}
    assert ready == step.opens
    refused = [one for one in judgement["refused"] if one["cause"]["id"] not in shop.automatic]
    assert tuple(one["reason"]["code"] for one in refused) == step.refused
    sentences = [reason["sentence"] for one in outcomes.values() for reason in one["reasons"]]
    assert set(step.says) <= set(sentences)
