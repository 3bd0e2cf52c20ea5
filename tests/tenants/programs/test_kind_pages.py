"""Programs of every kind in the console: offered, written, tried, refused at the right field, published, compared."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.db import db
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.engine.mapping import to_mapping
from tenants.programs import kind_offers, operations, terms
from tenants.programs.models import Program
from tests.factories import browser, coupons

Within = Callable[[Record], AbstractContextManager[None]]
AsRole = Callable[[Record, str], FlaskClient]
HTMX = {"HX-Request": "true"}


def sent(page: str, **changed: object) -> dict[str, object]:
    return {**browser.largest(page).fields, **changed}


def at(merchant: Record, rest: str = "") -> str:
    return f"/console/{merchant.slug}/programs{rest}"


def the_program(merchant: Record, within: Within) -> Program:
    with within(merchant):
        return db.session.scalars(select(Program).order_by(Program.created_at.desc()).limit(1)).one()


@pytest.mark.parametrize("key", sorted(kind_offers.BY_KEY))
def test_an_offer_is_saved_as_it_was_offered(
    bakery: Record, as_role: AsRole, within: Within, key: str
) -> None:
    client = as_role(bakery, "owner")
    page = client.get(at(bakery, f"/new?template={key}"))
    assert page.status_code == 200
    answer = client.post(at(bakery), data=sent(page.text))
    assert answer.status_code == 303, re.findall(r"invalid-feedback[^>]*>(.*?)</div>", answer.text)
    program = the_program(bakery, within)
    offer = kind_offers.BY_KEY[key]
    _name, begun, words = kind_offers.begun(offer, bakery.language, 100)
    assert program.kind == offer.kind
    assert to_mapping(terms.terms_of(program.draft)) == to_mapping(begun)
    assert program.draft["words"]["headline"] == words["headline"]
    again = client.get(at(bakery, f"/{program.id}/edit"))
    assert client.post(at(bakery, f"/{program.id}/edit"), data=sent(again.text)).status_code == 303
    assert the_program(bakery, within).draft == program.draft
    assert client.post(at(bakery, f"/{program.id}/publication")).status_code == 303
    for rest in (
        "",
        f"/{program.id}",
        f"/{program.id}/edit",
        f"/{program.id}/publication",
        f"/{program.id}/versions",
    ):
        assert html.unescape(client.get(at(bakery, rest)).text).count(words["headline"]) >= (
            0 if "versions" in rest else 1
        )


def points(client: FlaskClient, merchant: Record, **changed: object) -> dict[str, object]:
    return sent(client.get(at(merchant, "/new?template=points")).text, **changed)


BONUS = {
    "multipliers-0-label": "Double Tuesdays",
    "multipliers-0-factor": "2",
    "multipliers-0-goods_by": "categories",
    "multipliers-0-goods": "cakes, bread",
    "multipliers-0-weekdays": ["2"],
    "multipliers-0-start": "08:00",
    "multipliers-0-end": "10:30",
    "multipliers-0-birthday": "y",
    "multipliers-0-days_after": "6",
    "rules-0-not_categories": "tobacco",
    "rules-0-min_amount": "5.00",
}


def test_every_part_of_a_rule_is_stored_and_said(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    answer = client.post(at(bakery), data=points(client, bakery, **BONUS))
    assert answer.status_code == 303
    found = terms.terms_of(the_program(bakery, within).draft)
    [multiplier] = found.multipliers
    assert (multiplier.key, multiplier.factor, multiplier.conditions.weekdays) == ("Double Tuesdays", 2, {2})
    assert multiplier.conditions.goods.categories.any == {"cakes", "bread"}
    assert multiplier.conditions.birthday is not None
    assert found.rules[0].conditions.goods.categories.none == {"tobacco"}
    page = html.unescape(client.get(answer.location).text)
    assert "Members earn 1 point for every €1.00. From a purchase of €5.00 on. Not on tobacco." in page
    assert "“Double Tuesdays”: units count 2 times. On bread and cakes only. Tuesday only." in page


def test_the_preview_judges_the_basket(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    typed = points(client, bakery, amount="12.00", goods="bread", weekday="2", time="09:00", **BONUS)
    typed |= {"multipliers-0-birthday": "", "more": "10.00"}
    del typed["multipliers-0-birthday"]
    block = client.post(at(bakery, "/preview"), data=typed, headers=HTMX)
    assert block.status_code == 200
    assert "34 points" in block.text  # 12 twice and 10 once
    assert "<form" not in block.text
    assert (
        "22 points" in client.post(at(bakery, "/preview"), data={**typed, "weekday": "3"}, headers=HTMX).text
    )
    assert (
        "10 points"
        in client.post(at(bakery, "/preview"), data={**typed, "goods": "tobacco"}, headers=HTMX).text
    )
    whole = client.post(at(bakery, "/preview"), data=typed)
    assert "34 points" in whole.text
    assert "<form" in whole.text
    with within(bakery):
        assert db.session.scalars(select(Program)).all() == []


@pytest.mark.parametrize("name", ["rules", "multipliers", "occasions", "rewards", "tiers"])
def test_rows_come_and_go_with_buttons_alone(bakery: Record, as_role: AsRole, name: str) -> None:
    client = as_role(bakery, "owner")
    page = client.get(at(bakery, f"/new?template={'tiers' if name == 'tiers' else 'points'}")).text
    typed = sent(page, headline="What was typed")
    more = client.post(at(bakery, "/preview"), data={**typed, "add": name})
    assert "What was typed" in more.text
    before = {field for field in typed if field.startswith(f"{name}-")}
    after = {field for field in sent(more.text) if field.startswith(f"{name}-")}
    assert after > before
    rows = client.post(at(bakery, "/preview"), data={**typed, "add": name}, headers=HTMX).text
    assert 'id="rows"' in rows
    assert "What was typed" not in rows
    assert "data-autofocus" in rows
    last = max(int(field.split("-")[1]) for field in after)
    less = client.post(at(bakery, "/preview"), data={**sent(more.text), "remove": f"{name}-{last}"})
    assert {field for field in sent(less.text) if field.startswith(f"{name}-")} == before


@pytest.mark.parametrize(
    ("template", "changed", "field"),
    [
        ("points", {"headline": ""}, "headline"),
        ("points", {"rules-0-units": "0"}, "rules-0-units"),
        ("points", {"rules-0-units": "many"}, "rules-0-units"),
        ("points", {"rules-0-units": "-1"}, "rules-0-units"),
        ("points", {"rules-0-step": ""}, "rules-0-step"),
        ("points", {"rules-0-step": "1.001"}, "rules-0-step"),
        ("points", {"rules-0-goods_by": "tags", "rules-0-goods": " , "}, "rules-0-goods"),
        (
            "points",
            {"rules-0-goods_by": "tags", "rules-0-goods": "a", "rules-0-not_tags": "a"},
            "rules-0-goods",
        ),
        ("points", {"rules-0-max_units": "9" * 30}, "rules-0-max_units"),
        ("points", {"rewards-0-cost": ""}, "rewards-0-cost"),
        ("points", {"rewards-0-name": " "}, "rewards-0-name"),
        ("points", {"rewards-0-amount": ""}, "rewards-0-amount"),
        ("points", {"rewards-0-gives": "percent", "rewards-0-percent": "101"}, "rewards-0-percent"),
        ("points", {"rewards-0-gives": "free_item"}, "rewards-0-goods_by"),
        ("points", {"rewards-0-gives": "payment", "rewards-0-worth": "1"}, "rules-0-units"),
        ("points", {"rewards-0-gives": "luck"}, "rewards-0-gives"),
        ("points", {"expires": "after", "expiry_months": ""}, "expires"),
        ("points", {"pending_days": "-1"}, "pending_days"),
        ("points", {"multipliers-0-label": "x", "multipliers-0-factor": "0.5"}, "multipliers-0-factor"),
        (
            "points",
            {"multipliers-0-factor": "2", "multipliers-0-start": "08:00", "multipliers-0-end": "08:00"},
            "multipliers-0-end",
        ),
        ("points", {"multipliers-0-factor": "2", "multipliers-0-tiers": "gold"}, "multipliers-0-tiers"),
        ("points", {"rewards-0-gives": "coupon"}, "rewards-0-coupon"),
        ("cashback", {"rules-0-percent": ""}, "rules-0-percent"),
        ("cashback", {"rules-0-percent": "100"}, "rules-0-percent"),
        ("tiers", {"tiers-1-threshold": "100"}, "tiers-2-threshold"),
        ("tiers", {"tiers-1-multiplier": "0.5"}, "tiers-1-multiplier"),
        ("tiers", {"window_months": "0"}, "window_months"),
        ("birthday", {"occasions-0-units": "0"}, "occasions-0-units"),
    ],
)
def test_a_fault_stands_at_its_field_and_what_was_typed_stays(
    bakery: Record, as_role: AsRole, within: Within, template: str, changed: dict[str, str], field: str
) -> None:
    client = as_role(bakery, "owner")
    typed = sent(client.get(at(bakery, f"/new?template={template}")).text, name="Kept name", **changed)
    answer = client.post(at(bakery), data=typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Kept name" in answer.text
    for name, value in changed.items():
        if value.strip() and name in sent(answer.text) and not name.endswith(("gives", "tiers")):
            assert sent(answer.text)[name] == [value]
    with within(bakery):
        assert db.session.scalars(select(Program)).all() == []


def test_a_coupon_as_reward_is_chosen_and_kept_by_what_it_is(
    bakery: Record, as_role: AsRole, within: Within
) -> None:
    client = as_role(bakery, "owner")
    with within(bakery):
        coupon = coupons.published(bakery, trigger="personal", name="Next order")
        coupons.drafted(bakery, name="Not yet")
    typed = points(client, bakery, **{"rewards-0-gives": "coupon", "rewards-0-coupon": str(coupon.id)})
    assert "Not yet" not in client.get(at(bakery, "/new?template=points")).text
    assert client.post(at(bakery), data=typed).status_code == 303
    program = the_program(bakery, within)
    assert program.draft["engine"]["rewards"][0]["benefit"] == {"kind": "coupon", "item": str(coupon.id)}
    again = client.get(at(bakery, f"/{program.id}/edit")).text
    assert sent(again)["rewards-0-coupon"] == [str(coupon.id)]
    assert client.post(at(bakery, f"/{program.id}/edit"), data=sent(again)).status_code == 303
    assert the_program(bakery, within).draft == program.draft


def test_what_the_editor_cannot_say_is_carried_along(bakery: Record, as_role: AsRole, within: Within) -> None:
    place = str(uuid.uuid4())
    engine = {
        "kind": "points",
        "spends_at_once": True,
        "rules": [
            {
                "key": "spend",
                "step_minor": 100,
                "conditions": {
                    "locations": {"any": [place]},
                    "goods": {"categories": {"any": ["a"]}, "tags": {"any": ["b"]}},
                },
            }
        ],
        "rewards": [
            {
                "key": "x",
                "cost": 5,
                "benefit": {"kind": "cheapest_free", "quantity": 3},
                "conditions": {"first_purchase": True},
            }
        ],
    }
    mapping = {"engine": engine, "words": {"headline": "Hi", "rewards": {"x": {"name": "3 for 2"}}}}
    with within(bakery):
        program_id = operations.create_of_kind("points", "By machine", mapping, utcnow()).id
    client = as_role(bakery, "owner")
    page = client.get(at(bakery, f"/{program_id}/edit")).text
    assert client.post(at(bakery, f"/{program_id}/edit"), data=sent(page)).status_code == 303
    found = terms.terms_of(the_program(bakery, within).draft)
    assert to_mapping(found) == to_mapping(terms.terms_of(mapping))


def test_two_versions_are_compared_in_words(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    page = client.post(at(bakery), data=points(client, bakery)).location
    client.post(f"{page}/publication")
    client.post(f"{page}/edit", data=sent(client.get(f"{page}/edit").text, **{"rules-0-units": "2"}))
    assert "changes that are not published" in client.get(page).text
    draft = client.get(f"{page}/publication").text
    assert "Members earn 1 point for every" in draft
    assert "Members earn 2 points for every" in draft
    client.post(f"{page}/publication")
    compared = client.get(f"{page}/versions?before=1&after=2").text.split("<ol")[0]
    assert "Members earn 1 point for every" in compared
    assert "Members earn 2 points for every" in compared
    assert "Units expire" not in compared
    assert client.get(f"{page}/versions?before=9&after=x").status_code == 200


def test_pause_archive_and_come_back(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    page = client.post(at(bakery), data=points(client, bakery)).location
    client.post(f"{page}/publication")
    for verb, status in (
        ("pause", "paused"),
        ("resumption", "published"),
        ("archive", "archived"),
        ("restoration", "paused"),
    ):
        assert client.post(f"{page}/{verb}").status_code == 303
        assert the_program(bakery, within).status == status
        assert client.get(page).status_code == 200
    assert client.get(f"{page}/poster").status_code == 404


def test_a_cashier_may_look_and_not_write(bakery: Record, as_role: AsRole, within: Within) -> None:
    owner = as_role(bakery, "owner")
    page = owner.post(at(bakery), data=points(owner, bakery)).location
    cashier = as_role(bakery, "cashier")
    assert cashier.get(page).status_code == 200
    assert cashier.get(f"{page}/edit").status_code == 403
    assert cashier.post(at(bakery), data={"kind": "points"}).status_code == 403


def test_a_kind_that_is_not_one_is_a_stamp_card(bakery: Record, as_role: AsRole) -> None:
    client = as_role(bakery, "owner")
    assert client.post(at(bakery), data={"kind": "lottery"}).status_code == 422
    assert client.post(at(bakery), data={"kind": "points"}).status_code == 422
    assert client.post(at(bakery, "/preview"), data={"kind": "tiers"}).status_code == 200
