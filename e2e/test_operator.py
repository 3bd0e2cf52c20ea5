"""An operator's day: two factors, a shop that is found, a look into its console, and the owner who reads of it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.conftest import Live
from saas.merchants.registry import Record
from saas.operator import totp
from saas.web.clock import utcnow
from tests.factories import operators

WHY = "A stamp of yesterday is missing"


def test_an_operator_looks_in_and_the_owner_reads_of_it(
    live: Live,
    page: Page,
    browser: Browser,
    bakery: Record,
    log_in: Callable[[BrowserContext, Record, str], None],
) -> None:
    made = operators.operator(live.app, is_enrolled=False, name="Otto Operator")
    page.goto(f"{live.url}/operator")
    page.get_by_label("E-mail address").fill(made.email)
    page.get_by_label("Password").fill(operators.PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code for an authenticator app")).to_be_visible()
    app = totp.TOTP(operators.secret_of(live.app, made))
    page.get_by_label("Code", exact=True).fill(app.generate_otp(int(utcnow().timestamp()) // totp.STEP))
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator(".recovery-codes li")).to_have_count(totp.RECOVERY_CODES)
    page.get_by_role("link", name="I have kept them").click()

    page.get_by_label("Name, address or a user’s e-mail").fill(bakery.slug)
    expect(page).to_have_url(re.compile(f"q={bakery.slug}"))
    page.get_by_role("link", name="Bakery", exact=True).click()
    page.get_by_text("Look into the console").first.click()
    page.get_by_label("Reason").first.fill(WHY)
    page.get_by_role("button", name="Look into the console").click()
    banner = page.get_by_text(f"The reason: {WHY}")
    expect(banner).to_be_visible()
    page.get_by_role("link", name="Settings").click()
    expect(banner).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("That could not be done")).to_be_visible()
    page.get_by_role("button", name="End the visit").click()
    expect(page.get_by_text("The visit is over.")).to_be_visible()
    assert page.goto(f"{live.url}/console/{bakery.slug}/settings").url.endswith("settings")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()

    context = browser.new_context()
    log_in(context, bakery, "owner")
    owner = context.new_page()
    owner.goto(f"{live.url}/console/{bakery.slug}/settings")
    owner.get_by_role("link", name="Visits by Regulars").click()
    row = owner.get_by_role("row").filter(has_text=WHY)
    expect(row).to_contain_text("Otto Operator")
    context.close()
