"""A merchant builds tiers, points and a coupon in the browser and makes a key; a till sells with it over the API; the
member's card says why, in Greek and in Swedish."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from e2e.conftest import Live
from saas.accounts.models import User
from saas.accounts.passwords import hash_secret
from saas.config import ROOT
from saas.db import PLATFORM, db, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.members import operations as members
from tests.factories.ledger import member

Within = Callable[[Record], AbstractContextManager[None]]
SCRIPT = ROOT / "docs" / "examples" / "till.py"
PASSWORD = "six loaves before dawn"
CUP = {"name": "Flat white", "sku": "flat-white", "unit_price_minor": 1000}
# Each line of the card, newest first: its title, and what it says.
LINES = {
    "el": [
        ("−27 πόντοι", ["Αφαιρέθηκαν 27 πόντοι, γιατί επιστράφηκε ό,τι τα έδωσε."]),
        (
            "+54 πόντοι",
            [
                "Το κουπόνι «Ten percent» αφαίρεσε 4,00 €.",
                "36 πόντοι για 36,00 € που μετρούν.",
                "18 πόντοι επιπλέον για το επίπεδο Silver (×1,5).",
            ],
        ),
        ("+60 πόντοι", ["60 πόντοι για 60,00 € που μετρούν.", "μ. Έκδοση όρων: 1."]),
    ],
    "sv": [
        ("−27 poäng", ["27 poäng återtagna, eftersom det som gav dem lämnades tillbaka."]),
        (
            "+54 poäng",
            [
                "Kupongen ”Ten percent” gav 4,00 € rabatt.",
                "36 poäng för 36,00 € som räknas.",
                "18 poäng extra för din nivå Silver (×1,5).",
            ],
        ),
        ("+60 poäng", ["60 poäng för 60,00 € som räknas."]),
    ],
}


@pytest.fixture(scope="module")
def example() -> Any:
    """The script that merchants copy."""
    spec = importlib.util.spec_from_file_location("till_example", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sign_in(page: Page, live: Live, shop: Record) -> None:
    email = f"owner@{shop.slug}.example"
    with live.app.app_context(), transaction(PLATFORM):
        db.session.execute(
            update(User).where(User.email == email).values(password_hash=hash_secret(PASSWORD))
        )
    page.goto("/log-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/**")


def publish(page: Page) -> None:
    page.get_by_role("button", name="Save").last.click()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Every member takes part now.")).to_be_visible()


def build(page: Page, console: str) -> None:
    """Bronze, silver and gold; a point for each euro; ten percent off by a code."""
    page.goto(f"{console}/programs")
    page.get_by_role("link", name="Tiers", exact=False).click()
    for place, threshold in enumerate(("10", "50", "200")):
        page.get_by_label("Reached at").nth(place).fill(threshold)
    publish(page)
    page.goto(f"{console}/programs/new?template=points")
    publish(page)
    page.goto(f"{console}/coupons/new?template=percent")
    page.get_by_label("Name", exact=True).fill("Ten percent")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published. It counts from now on.")).to_be_visible()


def make_key(page: Page, console: str) -> str:
    page.goto(f"{console}/settings")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="API keys").click()
    page.get_by_label("What is it for?").fill("Till at the counter")
    page.get_by_label("Members: Read", exact=True).check()
    page.get_by_label("Purchases: quoting, buying, returning: Read").check()
    page.get_by_label("Purchases: quoting, buying, returning: Write").check()
    page.get_by_role("button", name="Make the key").click()
    return page.get_by_label("The new key.").input_value()


def test_built_in_the_browser_sold_by_a_script_and_explained_on_the_card(
    live: Live, browser: Browser, bakery: Record, within: Within, example: Any
) -> None:
    context = browser.new_context(base_url=live.url, locale="en")
    page = context.new_page()
    sign_in(page, live, bakery)
    build(page, f"/console/{bakery.slug}")
    key = make_key(page, f"/console/{bakery.slug}")
    with within(bakery):
        person = member("Ελένη")
        number, token = person.number, members.sign_in(person.id, utcnow())

    till = example.Till(f"{live.url}/api/v1", key, "EUR")
    sell(till, number)
    said = run_as_merchants_do(live, key, number)
    assert "10.00 EUR" in said
    assert "This code isn’t known here" in said

    card = browser.new_context(base_url=live.url)
    cookie = {"name": f"card-{bakery.slug}", "value": token, "url": f"{live.url}/c/{bakery.slug}"}
    card.add_cookies([cookie])  # type: ignore[list-item]  # a mapping of strings
    for language, lines in LINES.items():
        card.add_cookies([{"name": "language", "value": language, "url": live.url}])
        shown = card.new_page()
        shown.goto(f"/c/{bakery.slug}/history")
        explained(shown, lines)
    card.close()
    context.close()


def sell(till: Any, number: str) -> None:
    """Two purchases, the second with a coupon and sent again; then half of it comes back, which is sent again too."""
    person = till.member(number)
    first = till.basket(person["id"], [{**CUP, "quantity": "6"}])
    bought = till.commit(first, till.quote(first), "1001")
    assert [one["tier"] for one in bought["judgement"]["programs"] if one["kind"] == "tiers"] == ["tier-2"]

    basket = till.basket(person["id"], [{**CUP, "quantity": "4"}], ["welcome10"])
    quoted = till.quote(basket)
    sold = till.commit(basket, quoted, "1002")
    again = till.commit(basket, quoted, "1002")
    assert again == sold
    assert sold["judgement"]["due"]["amount_minor"] == quoted["due"]["amount_minor"] == 3600
    assert points(sold) == 60 + 54

    back = till.refund(sold["id"], 1, {"1": "2"}, "Cold")
    assert till.refund(sold["id"], 1, {"1": "2"}, "Cold") == back
    assert back["money"]["amount_minor"] == 1800
    assert points({"judgement": till.quote(till.basket(person["id"], []))}) == 60 + 54 - 27


def points(answer: dict[str, Any]) -> int:
    (found,) = (one["balance"] for one in answer["judgement"]["programs"] if one["kind"] == "points")
    return int(found)


def run_as_merchants_do(live: Live, key: str, number: str) -> str:
    environ = {**os.environ, "REGULARS": f"{live.url}/api/v1", "REGULARS_KEY": key}
    command = [sys.executable, str(SCRIPT), number, "1003", "1", "1000", "NOBODYS"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=30).stdout


def explained(page: Page, lines: list[tuple[str, list[str]]]) -> None:
    """The lines before the last purchase, opened one after the other."""
    shown = page.locator("details.line")
    for place, (title, sentences) in enumerate(lines, 1):
        line = shown.nth(place)
        expect(line.locator("summary")).to_contain_text(title)
        line.locator("summary").click()
        for sentence in sentences:
            expect(line.locator(".why")).to_contain_text(sentence)
