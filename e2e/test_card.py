"""The member's card in a real browser: readable by all, in light and dark, by keyboard, without a line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e import sight
from e2e.conftest import Live
from saas.db import PLATFORM, db, transaction
from saas.merchants import registry
from saas.merchants.models import Merchant
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.counter import codes
from tenants.members import operations as members
from tests.factories import ledger as factory
from tests.factories.programs import published_program

Within = Callable[[Record], AbstractContextManager[None]]


@pytest.fixture
def hold(live: Live, bakery: Record, within: Within) -> Callable[[BrowserContext, int], None]:
    """Gives a browser the card of a member with so many stamps."""
    with within(bakery):
        program_id = factory.stamp_card(10, icon="bread").id

    def give(context: BrowserContext, stamps: int) -> None:
        with within(bakery):
            member = factory.member("Eleni")
            for _ in range(stamps):
                factory.stamp(member.id, program_id)
            token = members.sign_in(member.id, utcnow())
        cookie = {"name": f"card-{bakery.slug}", "value": token, "url": f"{live.url}/c/{bakery.slug}"}
        context.add_cookies([cookie])  # type: ignore[list-item]  # a mapping of strings

    return give


def clean(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    sight.check(page)


def visit_all(page: Page, home: str) -> None:
    page.goto(home)
    clean(page)
    for summary in ("History", "This card"):
        page.get_by_text(summary, exact=True).click()
    clean(page)
    for path in ("/profile", "/recover", "/recover/nothing", "/history", "/n/22222222"):
        page.goto(home + path)
        clean(page)


@pytest.mark.parametrize(
    ("colour", "scheme"),
    [("#0f766e", "dark"), ("#facc15", "light"), ("#facc15", "dark"), ("#e11d48", "light")],
)
def test_every_page_can_be_read(
    live: Live, browser: Browser, bakery: Record, hold: Callable[..., None], scheme: str, colour: str
) -> None:
    with live.app.app_context(), transaction(PLATFORM):
        db.session.get_one(Merchant, bakery.id).brand_colour = colour
    registry.forget_all()
    size = {"width": 360, "height": 740}
    context = browser.new_context(viewport=size, color_scheme=scheme, locale="en", reduced_motion="reduce")  # type: ignore[arg-type]
    page, home = context.new_page(), f"{live.url}/c/{bakery.slug}"
    page.goto(home)
    clean(page)
    page.get_by_role("button", name="Get my card").click()
    expect(page.get_by_text("Tell us what to call you.")).to_be_visible()
    clean(page)
    hold(context, 10)
    visit_all(page, home)
    page.goto(home)
    page.get_by_role("button", name="Use it now").click()
    expect(page.locator("[data-reward-code]")).to_be_visible()
    clean(page)
    context.close()


def test_joining_by_keyboard_in_greek(
    live: Live, browser: Browser, bakery: Record, hold: Callable[..., None]
) -> None:
    context = browser.new_context(locale="el")
    page = context.new_page()
    page.goto(f"{live.url}/c/{bakery.slug}")
    expect(page.locator("html")).to_have_attribute("lang", "el")
    page.locator("[name=first_name]").focus()
    page.keyboard.type("Ελένη")
    page.keyboard.press("Enter")
    expect(page.locator(".pass-foot")).to_contain_text("Ελένη")
    context.close()


def test_a_stamp_by_the_cashier_lands_by_itself(
    live: Live, browser: Browser, bakery: Record, hold: Callable[..., None], within: Within
) -> None:
    context = browser.new_context(locale="en")
    hold(context, 3)
    page = context.new_page()
    page.goto(f"{live.url}/c/{bakery.slug}")
    expect(page.get_by_text("3 of 10 stamps")).to_be_visible()
    with within(bakery):
        from sqlalchemy import select

        from tenants.programs.models import Enrolment

        enrolment = db.session.scalars(select(Enrolment)).one()
        factory.stamp(enrolment.member_id, enrolment.program_id)
    expect(page.get_by_text("4 of 10 stamps")).to_be_visible(timeout=9000)
    expect(page.locator(".stamp-new").first).to_be_visible()
    context.close()


def test_loading_the_stamped_page_anew_sends_nothing(
    live: Live, browser: Browser, bakery: Record, hold: Callable[..., None], within: Within
) -> None:
    context = browser.new_context(locale="en")
    hold(context, 0)
    page, home = context.new_page(), f"{live.url}/c/{bakery.slug}"
    with within(bakery):
        token = codes.issue_stamp(1, None, None, None, None, utcnow()).token
    page.goto(f"{home}/s/{token}")
    expect(page.get_by_text("1 of 10 stamps")).to_be_visible()
    expect(page).to_have_url(home)
    page.reload()
    expect(page.get_by_text("1 of 10 stamps")).to_be_visible()
    context.close()


def test_the_last_card_is_there_without_a_line(
    live: Live, browser: Browser, bakery: Record, hold: Callable[..., None]
) -> None:
    context = browser.new_context(locale="en", service_workers="allow")
    hold(context, 7)
    page, home = context.new_page(), f"{live.url}/c/{bakery.slug}"
    page.goto(home)
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    page.reload()
    context.set_offline(True)
    page.goto(home)
    expect(page.get_by_text("7 of 10 stamps")).to_be_visible()
    expect(page.get_by_text("No connection: this is your card as you last saw it.")).to_be_visible()
    context.close()


def test_words_without_an_end_break_rather_than_widen_the_card(
    live: Live, browser: Browser, bakery: Record, within: Within
) -> None:
    with live.app.app_context(), transaction(PLATFORM):
        db.session.get_one(Merchant, bakery.id).name = "Ω" * 300
    registry.forget_all()
    with within(bakery):
        program = published_program(2, headline="Ψ" * 120, reward_name="Φ" * 120)
        member = factory.member("Ξ" * 120)
        factory.stamp(member.id, program.id, 3)
        token = members.sign_in(member.id, utcnow())
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="en")
    page, home = context.new_page(), f"{live.url}/c/{bakery.slug}"
    page.goto(home)
    assert sight.no_sideways_scroll(page), "joining"
    context.add_cookies([{"name": f"card-{bakery.slug}", "value": token, "url": home}])
    page.goto(home)
    expect(page.get_by_text("1 of 2 stamps")).to_be_visible()
    assert sight.no_sideways_scroll(page), "a card with a reward"
    page.get_by_role("button", name="Use it now").click()
    expect(page.locator("[data-reward-code]")).to_be_visible()
    assert sight.no_sideways_scroll(page), "the reward"
    context.close()
