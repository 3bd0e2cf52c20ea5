"""The main job: two phones and a counter, from the poster to the free coffee, which the owner then sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.conftest import Live
from e2e.sight import no_sideways_scroll
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.counter import codes
from tests.factories import ledger as factory

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "en",
}
SCAN = """async () => {
  const svg = document.querySelector(".qr svg").cloneNode(true);
  svg.setAttribute("width", 600); svg.setAttribute("height", 600);
  const image = new Image();
  image.src = "data:image/svg+xml," + encodeURIComponent(new XMLSerializer().serializeToString(svg));
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 700;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; context.fillRect(0, 0, 700, 700); context.drawImage(image, 50, 50, 600, 600);
  return jsQR(context.getImageData(0, 0, 700, 700).data, 700, 700).data;
}"""

Within = Callable[[Record], AbstractContextManager[None]]
LogIn = Callable[[BrowserContext, Record, str], None]


def scan(page: Page) -> str:
    """What a camera reads from the QR code that the page shows."""
    page.locator(".qr svg").first.wait_for()
    if not page.evaluate("'jsQR' in window"):
        page.add_script_tag(url="/static/vendor/jsqr/jsQR.js")
    return str(page.evaluate(SCAN))


def join(phone: Page, name: str, button: str = "Get my card") -> None:
    phone.get_by_label("First name").fill(name)
    phone.get_by_role("button", name=button).click()


def next_code(counter: Page, last: str) -> str:
    """The address of the code that follows `last` on the counter's screen."""
    for _ in range(40):
        address = scan(counter)
        if address != last:
            return address
        counter.wait_for_timeout(250)
    raise AssertionError("the counter's code did not change")


def hand_out(counter: Page, code: str, reward: str) -> None:
    counter.get_by_label("Number, name, phone, or the code of a reward").fill(code)
    counter.get_by_role("button", name="Find").click()
    counter.get_by_role("button", name="Hand out").click()
    expect(counter.get_by_text(f"{reward} handed out to Eleni")).to_be_visible()


@pytest.fixture
def card(bakery: Record, within: Within) -> None:
    """The bakery's published card of ten."""
    with within(bakery):
        factory.stamp_card(10, icon="bread", reward_note="Any size, any milk")


def test_two_phones_a_counter_and_the_owner(
    live: Live, browser: Browser, bakery: Record, card: None, within: Within, log_in: LogIn
) -> None:
    shop, eleni_browser, nikos_browser = (
        browser.new_context(base_url=live.url, locale="en"),
        browser.new_context(base_url=live.url, **PHONE),
        browser.new_context(base_url=live.url, **PHONE),
    )
    log_in(shop, bakery, "owner")
    counter, eleni, nikos = shop.new_page(), eleni_browser.new_page(), nikos_browser.new_page()
    counter.goto(f"/counter/{bakery.slug}")

    # The poster opens the card, and joining takes one step.
    eleni.goto(f"/c/{bakery.slug}")
    expect(eleni.get_by_text("Your next coffee is on us")).to_be_visible()
    assert no_sideways_scroll(eleni)
    join(eleni, "Eleni")
    expect(eleni.get_by_text("0 of 10 stamps")).to_be_visible()
    assert no_sideways_scroll(eleni)

    # Scan, stamped; the same code does nothing for the next phone.
    code = scan(counter)
    eleni.goto(code)
    expect(eleni.get_by_text("1 of 10 stamps")).to_be_visible()
    assert no_sideways_scroll(eleni)
    nikos.goto(code)
    join(nikos, "Nikos", "Get my stamp")
    expect(nikos.get_by_text("This code does not work")).to_be_visible()
    expect(nikos.get_by_text("0 of 10 stamps")).to_be_visible()

    # Nikos scans the one that is shown now.
    nikos.goto(next_code(counter, code))
    expect(nikos.get_by_text("1 of 10 stamps")).to_be_visible()

    # Eleni's card fills up; the tenth stamp is typed.
    with within(bakery):
        tenth = codes.issue_stamp(9, None, None, None, None, utcnow()).digits
    eleni.goto(f"/c/{bakery.slug}")
    eleni.get_by_label("Type the code on the counter’s screen").fill(tenth)
    eleni.get_by_role("button", name="Stamp", exact=True).click()
    eleni.get_by_role("link", name="Use it now").click()
    eleni.get_by_role("button", name="Use it now").click()
    digits = eleni.locator("[data-reward-code]").get_attribute("data-reward-code") or ""
    assert re.fullmatch(r"\d{6}", digits)
    assert no_sideways_scroll(eleni)

    # The counter burns it, the phone notices, the owner sees it.
    hand_out(counter, digits, "Free coffee")
    expect(eleni.get_by_text("Enjoy it!")).to_be_visible(timeout=8000)
    eleni.get_by_role("link", name="Back to the card").click()
    expect(eleni.get_by_text("Use it now")).to_have_count(0)
    eleni.get_by_text("History").click()
    eleni.get_by_text("Handed out: Free coffee").click()
    expect(eleni.get_by_text("was handed out at Bakery")).to_be_visible()
    owner = shop.new_page()
    owner.goto(f"/console/{bakery.slug}/")
    handed_out = owner.locator(".stat", has_text="Rewards handed out").locator(".stat-value")
    expect(handed_out).to_have_text("1")
    expect(owner.locator(".stat", has_text="Active members").locator(".stat-value")).to_have_text("2")
    for context in (shop, eleni_browser, nikos_browser):
        context.close()


def test_the_same_without_scripts(
    live: Live, browser: Browser, bakery: Record, card: None, within: Within, log_in: LogIn
) -> None:
    shop = browser.new_context(base_url=live.url, locale="en", java_script_enabled=False)
    phone = browser.new_context(base_url=live.url, java_script_enabled=False, **PHONE)
    log_in(shop, bakery, "cashier")
    counter, eleni = shop.new_page(), phone.new_page()
    counter.goto(f"/counter/{bakery.slug}")
    counter.get_by_role("button", name="New code").click()
    digits = counter.locator("[data-code]").inner_text()

    eleni.goto(f"/c/{bakery.slug}")
    join(eleni, "Eleni")
    eleni.get_by_label("Type the code on the counter’s screen").fill(digits)
    eleni.get_by_role("button", name="Stamp", exact=True).click()
    expect(eleni.get_by_text("1 of 10 stamps")).to_be_visible()

    with within(bakery):
        token = codes.issue_stamp(9, None, None, None, None, utcnow()).token
    eleni.goto(f"/c/{bakery.slug}/s/{token}")
    eleni.get_by_role("button", name="Stamp my card").click()
    eleni.goto(f"/c/{bakery.slug}")
    eleni.get_by_role("button", name="Use it now").click()
    reward_code = eleni.locator("[data-reward-code]").get_attribute("data-reward-code") or ""

    counter.goto(f"/counter/{bakery.slug}")
    hand_out(counter, reward_code, "Free coffee")
    eleni.reload()
    expect(eleni.get_by_text("Enjoy it!")).to_be_visible()
    shop.close()
    phone.close()
