"""The pages of stamp cards: as page, as fragment, as plain form; bad input; who may."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.db import PLATFORM, db, transaction
from saas.merchants import categories
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.programs import operations, queries, templates_offered
from tenants.programs.models import Program
from tenants.programs.rules import ICONS, Terms
from tests.factories import ledger
from tests.factories.programs import draft_program, published_program

Within = Callable[[Record], AbstractContextManager[None]]
AsRole = Callable[[Record, str], FlaskClient]
GOOD = {
    "name": "Coffee card",
    "headline": "Your 10th coffee is on us",
    "required": "10",
    "reward_name": "Free coffee",
    "reward_note": "Any size",
    "icon": "coffee",
    "earn_by": "visit",
    "amount_step": "",
    "cooldown_minutes": "60",
    "daily_cap": "2",
}
HTMX = {"HX-Request": "true"}


def at(merchant: Record, rest: str = "") -> str:
    return f"/console/{merchant.slug}/programs{rest}"


def the_program(merchant: Record, within: Within) -> tuple[Program, Terms]:
    with within(merchant):
        program = db.session.scalars(select(Program)).one()
        return program, Terms.from_mapping(program.draft)


def test_the_first_visit_teaches(bakery: Record, as_role: AsRole) -> None:
    page = as_role(bakery, "owner").get(at(bakery)).text
    assert "Make your first stamp card" in page
    assert page.count("Use this card") >= 3
    assert "template=ice-cream" in page
    cashier = as_role(bakery, "cashier").get(at(bakery))
    assert cashier.status_code == 200
    assert "template=ice-cream" not in cashier.text


@pytest.mark.parametrize(("key", "required"), [("ice-cream", 10), ("car-wash", 6), ("shoes", 4)])
def test_an_offered_card_fills_the_editor(bakery: Record, as_role: AsRole, key: str, required: int) -> None:
    page = as_role(bakery, "owner").get(at(bakery, f"/new?template={key}"))
    assert page.status_code == 200
    assert f'value="{required}"' in page.text


def test_an_empty_card_has_the_picture_of_the_trade(bakery: Record, as_role: AsRole) -> None:
    assert bakery.category == "bakery"
    page = as_role(bakery, "owner").get(at(bakery, "/new")).text
    assert re.search(r'<input checked[^>]*value="bread"', page)


@pytest.mark.parametrize("category", categories.CATEGORIES)
def test_every_trade_has_a_picture_that_there_is(category: str) -> None:
    assert templates_offered.blank(category).icon in ICONS


def test_an_unknown_offer_is_not_found(bakery: Record, as_role: AsRole) -> None:
    assert as_role(bakery, "owner").get(at(bakery, "/new?template=gold")).status_code == 404


def test_from_form_to_published_card(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    answer = client.post(at(bakery), data={**GOOD, "name": ""})
    assert answer.status_code == 303
    program, terms = the_program(bakery, within)
    assert program.name == "Your 10th coffee is on us", "a card without a name goes by its headline"
    assert (terms.required, terms.cooldown_minutes, terms.daily_cap) == (10, 60, 2)
    assert "This is a draft" in client.get(answer.location).text
    assert client.get(at(bakery, f"/{program.id}/publication")).status_code == 200
    assert client.post(at(bakery, f"/{program.id}/publication")).status_code == 303
    assert client.post(at(bakery, f"/{program.id}/publication")).status_code == 303
    with within(bakery):
        assert [version.published_by for version in queries.versions(program.id)] == ["Owner of Bakery"]
    assert "Now put the poster on the counter." in client.get(answer.location).text
    for rest in (
        "",
        f"/{program.id}",
        f"/{program.id}/edit",
        f"/{program.id}/versions",
        f"/{program.id}/poster",
    ):
        page = client.get(at(bakery, rest))
        assert page.status_code == 200
        assert "Your 10th coffee is on us" in page.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("required", "0"),
        ("required", "-3"),
        ("required", "31"),
        ("required", "9" * 30),
        ("required", "9" * 6000),
        ("required", "ten"),
        ("required", "10.5"),
        ("required", ""),
        ("headline", ""),
        ("headline", "   "),
        ("headline", "Ω" * 121),
        ("name", "Ω" * 300),
        ("reward_name", ""),
        ("reward_note", "x" * 201),
        ("icon", "../../etc/passwd"),
        ("earn_by", "luck"),
        ("cooldown_minutes", "-1"),
        ("cooldown_minutes", "10081"),
        ("daily_cap", "-1"),
        ("daily_cap", "many"),
    ],
)
def test_bad_input_stays_on_the_form(
    bakery: Record, as_role: AsRole, within: Within, field: str, value: str
) -> None:
    answer = as_role(bakery, "owner").post(at(bakery), data={**GOOD, field: value})
    assert answer.status_code == 422
    assert "Please look at this again" in answer.text
    assert "Free coffee" in answer.text or field == "reward_name"
    with within(bakery):
        assert db.session.scalars(select(Program)).all() == []


@pytest.mark.parametrize("field", ["headline", "required", "cooldown_minutes", "daily_cap"])
def test_a_missing_field_is_no_fault_of_the_program(bakery: Record, as_role: AsRole, field: str) -> None:
    data = {key: value for key, value in GOOD.items() if key != field}
    assert as_role(bakery, "owner").post(at(bakery), data=data).status_code == 422


@pytest.mark.parametrize(
    ("language", "typed", "minor"),
    [("en", "3.50", 350), ("el", "3,50", 350), ("en", "1,000", 100_000), ("sv", "10", 1_000)],
)
def test_the_amount_is_read_in_the_locales_notation(
    bakery: Record, as_role: AsRole, within: Within, language: str, typed: str, minor: int
) -> None:
    client = as_role(bakery, "owner")
    client.set_cookie("language", language)
    data = {**GOOD, "earn_by": "amount", "amount_step": typed}
    assert client.post(at(bakery), data=data).status_code == 303
    program, terms = the_program(bakery, within)
    assert terms.amount_step_minor == minor
    assert client.get(at(bakery, f"/{program.id}/edit")).status_code == 200


@pytest.mark.parametrize(
    "typed",
    ["", "0", "-1", "abc", "NaN", "Infinity", "1e999999", "1e-9", "3.505", "3,50", "9" * 400, "1000000.01"],
)
def test_an_amount_that_is_none(bakery: Record, as_role: AsRole, typed: str) -> None:
    data = {**GOOD, "earn_by": "amount", "amount_step": typed}
    assert as_role(bakery, "owner").post(at(bakery), data=data).status_code == 422


def test_control_characters_and_markup_do_no_harm(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    headline = "Free\x00 <script>alert(1)</script>\n coffee {{ 7 * 7 }}"
    assert client.post(at(bakery), data={**GOOD, "headline": headline}).status_code == 303
    program, terms = the_program(bakery, within)
    assert terms.headline == "Free <script>alert(1)</script> coffee {{ 7 * 7 }}"
    page = client.get(at(bakery, f"/{program.id}")).text
    assert "<script>alert" not in page
    assert "{{ 7 * 7 }}" in page


def test_the_preview_as_fragment_and_as_page(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    with within(bakery):
        program = draft_program()
    for rest in ("/preview", f"/{program.id}/preview"):
        data = {**GOOD, "headline": "Typed just now", "required": "7"}
        fragment = client.post(at(bakery, rest), data=data, headers=HTMX)
        assert fragment.status_code == 200
        assert "<html" not in fragment.text
        assert "Typed just now" in fragment.text
        assert "4 of 7 stamps" in fragment.text
        assert fragment.headers["Vary"].count("HX-Request") == 1
        page = client.post(at(bakery, rest), data=data)
        assert "<html" in page.text
        assert "4 of 7 stamps" in page.text
    program, terms = the_program(bakery, within)
    assert terms.headline == "Your next coffee is on us"


@pytest.mark.parametrize("required", ["", "0", "-5", "99999", "x"])
def test_the_preview_bears_what_is_half_typed(bakery: Record, as_role: AsRole, required: str) -> None:
    data = {"required": required, "icon": "nothing"}
    assert as_role(bakery, "owner").post(at(bakery, "/preview"), data=data, headers=HTMX).status_code == 200


def test_publishing_says_what_happens_to_cards_under_way(
    bakery: Record, as_role: AsRole, within: Within
) -> None:
    client = as_role(bakery, "manager")
    with within(bakery):
        program = published_program(10)
        ledger.stamp(ledger.member().id, program.id, 3)
    client.post(
        at(bakery, f"/{program.id}/edit"),
        data={**GOOD, "headline": "Better", "required": "8", "reward_note": "", "cooldown_minutes": "0"},
    )
    page = client.get(at(bakery, f"/{program.id}/publication")).text
    assert "1 card is under way" in page
    assert "so those cards get them too" in page
    client.post(at(bakery, f"/{program.id}/edit"), data={**GOOD, "required": "12"})
    assert (
        "finished under the terms they began with"
        in client.get(at(bakery, f"/{program.id}/publication")).text
    )


def test_pause_resume_archive_and_back(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "manager")
    with within(bakery):
        program = published_program()
    for verb, status in (
        ("pause", "paused"),
        ("resumption", "published"),
        ("archive", "archived"),
        ("archive", "archived"),
        ("restoration", "paused"),
    ):
        assert client.post(at(bakery, f"/{program.id}/{verb}")).status_code == 303
        assert the_program(bakery, within)[0].status == status
        assert client.get(at(bakery, f"/{program.id}")).status_code == 200


def test_an_archived_card_refuses_changes_in_words(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    with within(bakery):
        program = published_program()
        operations.archive(program.id, program.updated_at)
    answer = client.post(at(bakery, f"/{program.id}/edit"), data=GOOD)
    assert answer.status_code == 422
    assert "archived" in answer.text
    assert client.post(at(bakery, f"/{program.id}/publication")).status_code == 422
    assert client.post(at(bakery, f"/{program.id}/pause")).status_code == 422


GETS = ("", "/edit", "/publication", "/versions", "/poster", "/poster.pdf", "/qr.svg", "/qr.png")
POSTS = ("/edit", "/publication", "/pause", "/resumption", "/archive", "/restoration", "/preview")


def test_a_foreign_or_unknown_program_is_not_found(
    bakery: Record, florist: Record, as_role: AsRole, within: Within
) -> None:
    client = as_role(bakery, "owner")
    with within(florist):
        foreign = published_program().id
    for program_id in (foreign, uuid.uuid4()):
        assert [client.get(at(bakery, f"/{program_id}{rest}")).status_code for rest in GETS] == [404] * len(
            GETS
        )
        codes = [client.post(at(bakery, f"/{program_id}{rest}"), data=GOOD).status_code for rest in POSTS]
        assert codes == [404] * len(POSTS)


def test_a_cashier_reads_and_prints_but_changes_nothing(
    bakery: Record, as_role: AsRole, within: Within
) -> None:
    client = as_role(bakery, "cashier")
    with within(bakery):
        program = published_program()
    for rest in ("", "/versions", "/poster", "/poster.pdf", "/qr.svg"):
        assert client.get(at(bakery, f"/{program.id}{rest}")).status_code == 200
    assert client.get(at(bakery, f"/{program.id}/edit")).status_code == 403
    for rest in POSTS:
        assert client.post(at(bakery, f"/{program.id}{rest}"), data=GOOD).status_code == 403
    assert client.post(at(bakery), data=GOOD).status_code == 403


def test_printing_is_remembered_by_a_button_only(bakery: Record, as_role: AsRole, within: Within) -> None:
    client = as_role(bakery, "owner")
    with within(bakery):
        program = published_program()
    client.get(at(bakery, f"/{program.id}/poster"))
    client.get(at(bakery, f"/{program.id}/poster.pdf"))
    assert printed_at(bakery, client) is None
    assert client.post(at(bakery, f"/{program.id}/poster/printing")).status_code == 303
    first = printed_at(bakery, client)
    assert first is not None
    client.post(at(bakery, f"/{program.id}/poster/printing"))
    assert printed_at(bakery, client) == first


def printed_at(merchant: Record, client: FlaskClient) -> object:
    with client.application.app_context(), transaction(PLATFORM):
        return db.session.scalar(select(Merchant.poster_printed_at).where(Merchant.id == merchant.id))


def test_two_versions_of_a_card_are_compared(bakery: Record, as_role: AsRole, within: Within) -> None:
    with within(bakery):
        program = published_program(10, headline="Ten")
        operations.save_draft(program.id, "Card", Terms("Eight", 8, "Free coffee"), utcnow())
        operations.publish(program.id, "Owner", utcnow())
        program_id = program.id
    client = as_role(bakery, "owner")
    page = client.get(at(bakery, f"/{program_id}/versions?before=1&after=2")).text
    table = page.split("<tbody>")[1].split("</tbody>")[0]
    assert "Ten" in table
    assert "Eight" in table
    assert "Free coffee" not in table
    assert "<tbody>" not in client.get(at(bakery, f"/{program_id}/versions?before=7&after=x")).text


def test_rules_set_up_elsewhere_stay_with_a_card(bakery: Record, as_role: AsRole, within: Within) -> None:
    engine = {
        "kind": "stamp_card",
        "required": 6,
        "rules": [{"key": "wash", "per": "item"}],
        "rewards": [{"key": "r", "benefit": {"kind": "merchandise", "item": "wash"}}],
    }
    with within(bakery):
        mapping = {**Terms("Six", 6, "Free wash").to_mapping(), "engine": engine}
        program_id = operations.create_of_kind("stamp_card", "Washes", mapping, utcnow()).id
    client = as_role(bakery, "owner")
    assert client.post(at(bakery, f"/{program_id}/edit"), data={**GOOD, "required": "7"}).status_code == 303
    program, terms = the_program(bakery, within)
    assert terms.required == 7
    assert program.draft["engine"] == {**engine, "required": 7}
    assert client.post(at(bakery, f"/{program_id}/publication")).status_code == 303
