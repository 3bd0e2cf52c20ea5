"""A stamp card from the first click to the printed poster, with and without JavaScript."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e import sight
from e2e.conftest import Live
from saas.merchants.registry import Record
from tests.factories import ledger
from tests.factories.programs import draft_program, published_program

LogIn = Callable[[BrowserContext, Record, str], None]
Within = Callable[[Record], AbstractContextManager[None]]
DECODE = """async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    const read = jsQR(pen.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height);
    return read && read.data;
}"""


def decoded(page: Page, png: bytes) -> str | None:
    """What the code in a picture says, read by the same library as our scanner."""
    page.add_script_tag(url="/static/vendor/jsqr/jsQR.js")
    answer = page.evaluate(DECODE, "data:image/png;base64," + base64.b64encode(png).decode())
    return str(answer) if answer else None


def programs_of(merchant: Record) -> str:
    return f"/console/{merchant.slug}/programs"


def test_an_owner_makes_a_card_and_sees_it_grow(page: Page, bakery: Record, log_in: LogIn) -> None:
    log_in(page.context, bakery, "owner")
    page.goto(programs_of(bakery))
    page.get_by_role("link", name="Use this card: Ice-cream card").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("the next cone is free")
    page.get_by_label("Headline on the card").fill("Your 7th cone is on us")
    expect(preview.get_by_role("heading", name="Your 7th cone is on us")).to_be_visible()
    page.get_by_label("Stamps to fill a card").fill("7")
    expect(preview).to_contain_text("4 of 7 stamps")
    page.get_by_role("radio", name="Heart").check(force=True)
    expect(preview.locator("use[href$='#heart']")).to_have_count(4)
    page.get_by_role("radio", name="Ice cream").check(force=True)
    expect(preview.locator("use[href$='#ice-cream']")).to_have_count(4)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This is a draft.")).to_be_visible()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Every member takes part now.")).to_be_visible()
    page.locator("summary", has_text="Pause").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused: no stamps are given.")).to_be_visible()


def test_the_editor_without_javascript(live: Live, browser: Browser, bakery: Record, log_in: LogIn) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live.url)
    log_in(context, bakery, "manager")
    page = context.new_page()
    page.goto(f"{programs_of(bakery)}/new")
    page.get_by_label("Headline on the card").fill("Nine, then one free")
    page.get_by_label("Stamps to fill a card").fill("9")
    page.get_by_role("button", name="Show the preview").click()
    expect(page.locator("#preview")).to_contain_text("6 of 9 stamps")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Reward")
    page.get_by_label("Reward", exact=True).fill("Free bread")
    page.get_by_label("Name").fill("Bread card")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish").click()
    page.locator("summary", has_text="Archive").click()
    page.get_by_role("button", name="Archive").click()
    page.get_by_role("button", name="Bring it back").click()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Running again.")).to_be_visible()
    context.close()


def test_the_codes_lead_to_the_card(
    page: Page, live: Live, bakery: Record, within: Within, log_in: LogIn
) -> None:
    with within(bakery):
        program_id = published_program().id
    address = f"{live.url}/c/{bakery.slug}"
    log_in(page.context, bakery, "cashier")
    base = f"{programs_of(bakery)}/{program_id}"
    for paper in ("a4", "a5", "tent"):
        page.goto(f"{base}/poster?format={paper}&language=el")
        assert decoded(page, page.locator(".poster .qr").last.screenshot()) == address
    assert decoded(page, page.request.get(f"{base}/qr.png").body()) == address
    page.get_by_role("button", name="Done, it is printed").click()
    expect(page.get_by_text("Well done.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark"])
def test_every_page_is_accessible_and_fits_a_phone(
    live: Live, browser: Browser, bakery: Record, within: Within, log_in: LogIn, scheme: str
) -> None:
    context = browser.new_context(
        base_url=live.url,
        color_scheme=scheme,  # type: ignore[arg-type]  # one of two words
        viewport={"width": 360, "height": 740},
    )
    log_in(context, bakery, "owner")
    page = context.new_page()
    check(page, programs_of(bakery))
    for path in paths(bakery, *prepare(bakery, within)):
        check(page, path)
    context.close()


def prepare(bakery: Record, within: Within) -> tuple[uuid.UUID, uuid.UUID]:
    """A card with a stamp and unpublished changes, and a draft with names as long as they may be."""
    with within(bakery):
        program = published_program(10)
        ledger.stamp(ledger.member().id, program.id)
        program.draft = {**program.draft, "required": 12, "icon": "cup"}
        long = draft_program(30, name="Ζαχαροπλαστείο" * 8, headline="Ω" * 120, reward_name="Ψ" * 120)
        return program.id, long.id


def paths(bakery: Record, program_id: uuid.UUID, long_id: uuid.UUID) -> list[str]:
    base = programs_of(bakery)
    card = f"{base}/{program_id}"
    some = [base, f"{base}/new", card, f"{card}/edit", f"{card}/publication", f"{card}/versions"]
    return [
        *some,
        f"{card}/poster",
        f"{card}/poster?format=tent",
        f"{base}/{long_id}",
        f"{base}/{long_id}/poster",
    ]


def check(page: Page, path: str) -> None:
    page.goto(path)
    sight.check(page)
