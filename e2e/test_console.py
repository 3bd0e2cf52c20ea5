"""The console: dashboard, members and settings, with JavaScript, without it, and on a phone."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.conftest import Live
from saas.merchants.registry import Record
from tests.factories import ledger

LogIn = Callable[[BrowserContext, Record, str], None]
Within = Callable[[Record], AbstractContextManager[None]]


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (180, 30, 60)).save(out, "PNG")
    return out.getvalue()


def filled(bakery: Record, within: Within) -> None:
    """A shop with three members and their stamps."""
    with within(bakery):
        program = ledger.stamp_card(required=3)
        for name, stamps in (("Ελένη", 4), ("Camille", 2), ("Nikos", 1)):
            member = ledger.member(name, email=f"{stamps}@example.org")
            ledger.stamp(member.id, program.id, stamps)


def test_an_owner_reads_the_dashboard(page: Page, bakery: Record, within: Within, log_in: LogIn) -> None:
    filled(bakery, within)
    log_in(page.context, bakery, "owner")
    page.goto(f"/console/{bakery.slug}/")
    expect(page.get_by_role("heading", name="3 of 3 members are active (100%)")).to_be_visible()
    expect(page.locator("#stamps canvas")).to_be_visible()
    week = page.get_by_role("link", name="7 days")
    week.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#stamps-chart-table tbody tr")).to_have_count(7)
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    expect(page.locator("#stamps canvas")).to_be_visible()
    assert page.url.endswith("?days=7")
    page.go_back()
    expect(page.locator("#stamps-chart-table tbody tr")).to_have_count(30)
    page.get_by_role("link", name="View all").click()
    expect(page.get_by_role("heading", name="Activity", exact=True)).to_be_visible()


def test_the_checklist_completes_itself(page: Page, bakery: Record, within: Within, log_in: LogIn) -> None:
    log_in(page.context, bakery, "owner")
    page.goto(f"/console/{bakery.slug}/")
    steps = page.get_by_role("region", name="Get ready to launch")
    expect(steps).to_contain_text("2 of 7")
    steps.get_by_role("link", name="Do it: Add your logo or colour").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": png()}
    )
    page.get_by_role("button", name="Use this logo").click()
    expect(page.get_by_role("img", name="The logo of Bakery")).to_be_visible()
    filled(bakery, within)
    page.goto(f"/console/{bakery.slug}/")
    expect(steps).to_contain_text("6 of 7")


def test_members_are_found_while_typing(page: Page, bakery: Record, within: Within, log_in: LogIn) -> None:
    filled(bakery, within)
    log_in(page.context, bakery, "manager")
    page.goto(f"/console/{bakery.slug}/members")
    search = page.get_by_role("searchbox", name="Name, number, phone or e-mail")
    search.press_sequentially("ΕΛΈ")
    expect(page.locator("#members tbody tr")).to_have_count(1)
    expect(search).to_be_focused()
    page.get_by_role("link", name="Ελένη").click()
    expect(page.get_by_role("heading", name="Ελένη")).to_be_visible()
    expect(page.get_by_text("filled the card")).to_be_visible()


def test_a_colour_is_judged_while_it_is_chosen(page: Page, bakery: Record, log_in: LogIn) -> None:
    log_in(page.context, bakery, "owner")
    page.goto(f"/console/{bakery.slug}/settings/brand")
    page.get_by_label("Brand colour").fill("#b8860b")
    expect(page.locator("#contrast")).to_contain_text("4.5 to 1 is needed")
    page.get_by_role("button", name="Save the colour").click()
    expect(page.locator("#alerts")).to_contain_text("Saved.")


def test_without_javascript(
    browser: Browser, live: Live, bakery: Record, within: Within, log_in: LogIn
) -> None:
    filled(bakery, within)
    context = browser.new_context(java_script_enabled=False, base_url=live.url)
    log_in(context, bakery, "owner")
    page = context.new_page()
    page.goto(f"/console/{bakery.slug}/")
    page.get_by_text("Show the numbers").click()
    expect(page.locator("#stamps-chart-table tbody tr")).to_have_count(30)
    page.get_by_role("link", name="90 days").click()
    expect(page.locator("#stamps-chart-table tbody tr")).to_have_count(90)
    page.goto(f"/console/{bakery.slug}/members")
    page.get_by_label("Name, number, phone or e-mail").fill("Camille")
    page.locator("#member-filter").get_by_role("button", name="Search").click()
    expect(page.locator("#members tbody tr")).to_have_count(1)
    page.goto(f"/console/{bakery.slug}/settings/locations/new")
    page.get_by_label("Name of the location").fill("Kolonaki")
    page.get_by_label("Monday: opens at").first.fill("08:00")
    page.get_by_role("button", name="Add the location").click()
    expect(page.get_by_role("alert")).to_contain_text("Type both times, or none.")
    page.get_by_label("Monday: closes at").first.fill("17:00")
    page.get_by_role("button", name="Add the location").click()
    expect(page.get_by_role("heading", name="Kolonaki")).to_be_visible()
    context.close()
