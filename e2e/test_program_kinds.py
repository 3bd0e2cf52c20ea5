"""A points program with a bonus, and tiers beside it, from the first click to the member's card; with and without
JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e import sight
from e2e.conftest import Live
from saas.merchants.registry import Record

LogIn = Callable[[BrowserContext, Record, str], None]
LONG = "Ζαχαροπλαστεία" * 4


def check(page: Page) -> None:
    page.mouse.move(0, 0)  # nothing is pointed at
    sight.check(page)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_points_with_tiers(
    live: Live, browser: Browser, bakery: Record, log_in: LogIn, scripts: bool
) -> None:
    context = browser.new_context(base_url=live.url, java_script_enabled=scripts)
    log_in(context, bakery, "owner")
    page = context.new_page()
    base = f"/console/{bakery.slug}/programs"
    page.goto(base)
    page.get_by_role("link", name="Tiers", exact=False).click()
    page.get_by_role("button", name="Remove number 1").last.click()
    expect(page.get_by_label("Tier", exact=True)).to_have_count(2)
    page.get_by_role("button", name="Add a tier").click()
    expect(page.get_by_label("Tier", exact=True)).to_have_count(3)
    page.get_by_label("Tier", exact=True).last.fill("Platinum")
    page.get_by_label("Reached at").last.fill("20")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Each tier needs more than the one before it.").first).to_be_visible()
    page.get_by_label("Reached at").last.fill("2000")
    page.get_by_label("Units count times").last.fill("3")
    page.get_by_role("button", name="Save").last.click()
    expect(
        page.get_by_text("Platinum from 2,000 points on: units of other programs count 3 times.")
    ).to_be_visible()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish").click()

    page.goto(f"{base}/new?template=points")
    page.get_by_label("Members earn").fill("2")
    page.get_by_role("button", name="Add a bonus").click()
    page.get_by_label("Name of the bonus").fill("Double Tuesdays")
    page.get_by_label("Times", exact=True).fill("2")
    page.get_by_role("checkbox", name="Tuesday").check()
    page.get_by_role("checkbox", name="Platinum").check()
    page.get_by_label("A basket of").fill("10")
    page.get_by_label("The member is").select_option("Platinum")
    if not scripts:
        page.get_by_role("button", name="Show the preview").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("60 points")
    expect(preview).to_contain_text("because you are Platinum (×3)")
    page.get_by_label("Headline on the card").fill("Points for all you buy")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Tuesday only. For Platinum only.")).to_be_visible()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Every member takes part now.")).to_be_visible()
    page.goto(base)
    expect(page.get_by_text("Members earn 2 points for every €1.00.")).to_be_visible()
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark")])
def test_the_editor_is_accessible_at_every_width(
    live: Live, browser: Browser, bakery: Record, log_in: LogIn, scheme: str, width: int
) -> None:
    context = browser.new_context(
        base_url=live.url,
        color_scheme=scheme,  # type: ignore[arg-type]  # one of two words
        viewport={"width": width, "height": 900},
    )
    log_in(context, bakery, "owner")
    page = context.new_page()
    base = f"/console/{bakery.slug}/programs"
    for key in ("points", "cashback", "tiers", "birthday"):
        page.goto(f"{base}/new?template={key}")
        if key == "points":
            page.get_by_role("button", name="Add a bonus").click()
            page.get_by_label("Name of the bonus").fill(LONG)
            page.get_by_label("Times", exact=True).fill("2")
        page.get_by_label("Headline on the card").fill(LONG)
        check(page)
        page.get_by_role("button", name="Save").last.click()
        expect(page.get_by_text("This is a draft.")).to_be_visible()
        check(page)
        page.get_by_role("link", name="Publish").click()
        check(page)
        page.get_by_role("button", name="Publish").click()
        page.get_by_role("link", name="All versions").click()
        check(page)
    page.goto(base)
    check(page)
    context.close()
