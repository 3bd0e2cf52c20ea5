"""A shop brings its products: a list from a till, looked at, imported and tidied up, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.conftest import Live
from saas.merchants.registry import Record
from tests.factories import cast

LIST = (
    "Artikelnr;Benämning;Varugrupp;Pris\r\n"
    "101;Räksmörgås;Mat;89,50\r\n"
    "102;Kanelbulle;Fika;32,00\r\n"
    "103;Snus;Tobak;-5,00\r\n"
    "104;Kaffe;Fika;28\r\n"
).encode("latin-1")


@pytest.fixture
def shop(live: Live) -> Record:
    return cast.open_shop(live.app, live.control, "Deli", "florist", "SE", "SEK", "Europe/Stockholm")


@pytest.fixture(params=[True, False], ids=["with-scripts", "without-scripts"])
def page(browser: Browser, live: Live, shop: Record, request: pytest.FixtureRequest) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(locale="en", java_script_enabled=request.param)
    cookie = cast.session_cookie(live.app, shop, "manager")
    context.add_cookies([{"name": "session", "value": cookie, "url": live.url}])
    yield context.new_page()
    context.close()


def test_a_list_is_brought_and_tidied_up(page: Page, live: Live, shop: Record) -> None:
    page.goto(f"{live.url}/console/{shop.slug}/products")
    page.get_by_role("link", name="Import from a file").click()
    page.get_by_label("File with products").set_input_files(
        {"name": "artiklar.csv", "mimeType": "text/csv", "buffer": LIST}
    )
    page.get_by_role("button", name="Upload and look").click()
    expect(page.get_by_role("cell", name="Räksmörgås")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="A price can't be negative.")).to_be_visible()
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_text("the list is up to date")).to_be_visible(
        timeout=30_000
    )  # the worker carries it out
    page.get_by_role("link", name="See the products").click()
    expect(page.get_by_text("3 products")).to_be_visible()

    for name in ("Kanelbulle", "Kaffe"):
        page.get_by_role("checkbox", name=f"Tick {name}").check()
    page.get_by_label("With the ticked products").select_option(label="Add tags")
    page.get_by_label("Category or tags").fill("Sweet, vegan")
    page.get_by_role("button", name="Change the ticked ones").click()
    expect(page.get_by_text("2 products were changed.")).to_be_visible()

    page.get_by_role("link", name="Kanelbulle").click()
    expect(page.get_by_label("Tags")).to_have_value("sweet, vegan")
    page.get_by_label("Price").fill("-1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile("negative")).first).to_be_visible()
    page.get_by_label("Price").fill("35")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name=re.compile(r"35\.00"))).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.get_by_role("heading", name="Products", level=1)).to_be_visible()


def test_the_search_answers_while_it_is_typed(browser: Browser, live: Live, shop: Record) -> None:
    from saas.db import transaction
    from tests.factories.products import product

    with live.app.app_context(), transaction(shop.binding):
        product("1", name="Räksmörgås")
        product("2", name="Kanelbulle", category="Fika")
    context = browser.new_context(locale="en")
    cookie = cast.session_cookie(live.app, shop, "owner")
    context.add_cookies([{"name": "session", "value": cookie, "url": live.url}])
    page = context.new_page()
    page.goto(f"{live.url}/console/{shop.slug}/products")
    page.get_by_label("Name, SKU, category or tag").press_sequentially("raks")
    expect(page.get_by_text("1 product", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Räksmörgås")).to_be_visible()
    page.get_by_label("Name, SKU, category or tag").fill("")
    expect(page.get_by_text("2 products")).to_be_visible()
    page.get_by_label("Category", exact=True).select_option("Fika")
    expect(page.get_by_text("1 product", exact=True)).to_be_visible()
    page.get_by_role("checkbox", name="Tick all of this page").check()
    expect(page.get_by_role("checkbox", name="Tick Kanelbulle")).to_be_checked()
    context.close()
