"""A purchase at the counter in a real browser: entered, paid with a reward, bought, returned; on a phone, by keyboard,
and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e import sight
from e2e.conftest import Live
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.products import operations as products
from tests.factories import ledger as make
from tests.factories.purchases import POINTS, published

Within = Callable[[Record], AbstractContextManager[None]]
LogIn = Callable[[BrowserContext, Record, str], None]
PHONE = {"width": 360, "height": 800}


@pytest.fixture
def address(bakery: Record, within: Within, live: Live) -> str:
    """The counter's page of a member with 40 points, at a bakery with two products."""
    with within(bakery):
        published(POINTS, unit="ψίχουλα")
        member = make.member("Κωνσταντίνος")
        goods = [
            products.Line("BUN", "Sweet bun", 250, "Bread", ()),
            products.Line("LOAF", "Dark country loaf with sesame and pumpkin seeds", 480, "Bread", ()),
        ]
        products.ensure(goods, utcnow())
    return f"{live.url}/counter/{bakery.slug}/members/{member.id}"


@pytest.fixture(params=["with scripts", "without scripts"])
def till(request: pytest.FixtureRequest, browser: Browser, bakery: Record, log_in: LogIn) -> Iterator[Page]:
    context = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]  # the names of its keys are right
        java_script_enabled=request.param == "with scripts",
    )
    log_in(context, bakery, "cashier")
    yield context.new_page()
    context.close()


def test_an_amount_then_products_with_a_reward_then_a_return(till: Page, address: str) -> None:
    till.goto(address)
    till.get_by_role("link", name="Enter a purchase").click()
    till.get_by_label("Amount paid").fill("30,00")
    till.get_by_role("button", name="See what it comes to").click()
    expect(till.locator("#work")).to_contain_text("+30 ψίχουλα")
    till.get_by_role("button", name="Paid: €30.00").click()
    expect(till.locator("#work")).to_contain_text("€30.00 paid")

    till.goto(address)
    till.get_by_role("link", name="Enter a purchase").click()
    till.get_by_role("link", name="Products").click()
    till.get_by_label("Product: name, SKU or barcode").fill("bun")
    till.keyboard.press("Enter")
    expect(till.get_by_label("Sweet bun: Quantity")).to_have_value("1")
    till.get_by_label("Product: name, SKU or barcode").fill("LOAF")
    till.keyboard.press("Enter")
    expect(till.get_by_label("with sesame and pumpkin seeds: Quantity")).to_have_value("1")
    till.get_by_label("Sweet bun: Quantity").fill("3")
    looked_at(till)
    till.get_by_role("button", name="See what it comes to").click()
    expect(till.get_by_role("button", name="Paid: €12.30")).to_be_visible()
    till.get_by_label("off Costs 20").check()
    again = till.get_by_role("button", name="Work it out again")
    if again.is_visible():
        again.click()
    expect(till.get_by_role("button", name="Paid: €7.30")).to_be_visible()
    looked_at(till)
    till.get_by_role("button", name="Paid: €7.30").click()
    expect(till.locator("#work")).to_contain_text("€7.30 paid")
    looked_at(till)

    till.get_by_role("link", name="Return", exact=True).click()
    till.get_by_label("Sweet bun: Quantity").fill("3")
    looked_at(till)
    till.get_by_role("button", name="See what goes back").click()
    till.get_by_role("button", name="Return it").click()
    expect(till.get_by_role("heading", name="Returned")).to_be_visible()
    looked_at(till)


def test_what_is_typed_faster_than_the_line_answers_is_all_there(
    page: Page, bakery: Record, log_in: LogIn, address: str
) -> None:
    log_in(page.context, bakery, "cashier")
    page.goto(address)
    page.get_by_role("link", name="Enter a purchase").click()
    page.get_by_role("link", name="Products").click()
    product = page.get_by_label("Product: name, SKU or barcode")
    product.focus()
    page.keyboard.type("BUN\nLOAF\nnothing\nBUN\nLOAF\nbun\nbu")
    expect(page.get_by_role("alert")).to_contain_text("nothing No product has this name or SKU.")
    expect(page.get_by_label("Sweet bun: Quantity")).to_have_value("3")
    expect(page.get_by_label("pumpkin seeds: Quantity")).to_have_value("2")
    expect(product).to_be_focused()
    expect(product).to_have_value("bu")
    page.keyboard.type("n\n")
    page.get_by_label("pumpkin seeds: Quantity").click()  # what is typed into a line stays there too
    page.keyboard.type("0")
    expect(page.get_by_label("Sweet bun: Quantity")).to_have_value("4")
    expect(page.get_by_label("pumpkin seeds: Quantity")).to_have_value("20")
    expect(page.get_by_label("pumpkin seeds: Quantity")).to_be_focused()
    page.get_by_role("button", name="Remove Sweet bun").click()
    page.get_by_label("pumpkin seeds: Quantity").fill("2")
    expect(page.get_by_label("Sweet bun: Quantity")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="See what it comes to").click()
    expect(page.get_by_role("button", name="Paid: €9.60")).to_be_visible()


def looked_at(page: Page) -> None:
    """Nothing sticks out on a phone, and whoever can't see it can use it."""
    assert sight.no_sideways_scroll(page)
    if page.evaluate("() => Boolean(window.htmx)"):
        sight.check(page)
