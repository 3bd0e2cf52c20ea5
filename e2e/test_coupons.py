"""A coupon from one click to a member's card, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.conftest import Live
from saas.merchants.registry import Record
from tests.factories import coupons as make
from tests.factories.ledger import member

LogIn = Callable[[BrowserContext, Record, str], None]
Within = Callable[[Record], AbstractContextManager[None]]


def test_an_owner_makes_a_coupon_and_sees_what_it_does(page: Page, bakery: Record, log_in: LogIn) -> None:
    log_in(page.context, bakery, "owner")
    page.goto(f"/console/{bakery.slug}/coupons")
    page.get_by_role("link", name="Second one half price before 10").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Buy 1 of everything and get 1 of everything at 50% off, before 10:00")
    page.get_by_label("Categories", exact=True).first.fill("coffee")
    expect(preview).to_contain_text("Buy 1 of coffee and get 1 of coffee at 50% off")
    page.get_by_label("Percent off").fill("100")
    expect(preview).to_contain_text("get 1 of coffee free")
    page.get_by_label("Members get").select_option("amount")
    page.get_by_label("Amount", exact=True).fill("3")
    expect(preview).to_contain_text("€3.00 off coffee, before 10:00")
    page.get_by_label("Name", exact=True).fill("Early coffee")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Early coffee")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published. It counts from now on.")).to_be_visible()
    expect(page.get_by_text("Version 1")).to_be_visible()


def test_without_javascript_a_coupon_is_made_and_given(
    browser: Browser, live: Live, bakery: Record, log_in: LogIn, within: Within
) -> None:
    with within(bakery):
        number = member("Eleni").number
        make.drafted(bakery, name="Older one")
    context = browser.new_context(base_url=live.url, java_script_enabled=False)
    log_in(context, bakery, "owner")
    page = context.new_page()
    page.goto(f"/console/{bakery.slug}/coupons/new?template=personal")
    page.get_by_label("Members get").select_option("percent")
    page.get_by_role("button", name="Show its fields").click()
    page.get_by_label("Percent off").fill("200")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Between 0 and 100")
    page.get_by_label("Percent off").fill("20")
    page.get_by_role("button", name="Show the preview").click()
    expect(page.locator("#preview")).to_contain_text("20% off")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Publish").click()
    page.get_by_label("Member number").fill(number)
    page.get_by_role("button", name="Give the coupon").first.click()
    expect(page.get_by_text("Eleni has the coupon now.")).to_be_visible()
    context.close()
