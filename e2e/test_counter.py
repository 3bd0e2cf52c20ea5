"""The counter in a real browser: the changing code, the camera, a line that breaks, a day without scripts."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, Route, expect
from sqlalchemy import func, select, update

from e2e import sight
from e2e.conftest import Live
from e2e.keyboard import Keyboard
from saas.db import db
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.counter import codes
from tenants.counter.models import OneTimeCode
from tenants.programs import ledger
from tenants.programs.models import Entry, Reward
from tests.factories import ledger as make

Within = Callable[[Record], AbstractContextManager[None]]
LogIn = Callable[[BrowserContext, Record, str], None]
TABLET = {"width": 1024, "height": 768}
COUNTED = "document.body.dispatchEvent(new Event('counted'))"


class Shop:
    """A bakery with a card of five stamps and one member."""

    def __init__(self, record: Record, within: Within, live: Live) -> None:
        self.record, self.within = record, within
        self.address = f"{live.url}/counter/{record.slug}"
        with within(record):
            self.program_id = make.stamp_card(5).id
            member = make.member("Eleni")
            self.member_id, self.number = member.id, member.number

    def entries(self) -> int:
        with self.within(self.record):
            return db.session.scalar(select(func.count()).select_from(Entry)) or 0

    def reward_code(self) -> codes.OneTimeCode:
        with self.within(self.record):
            make.stamp(self.member_id, self.program_id, 5)
            reward_id = db.session.scalars(select(Reward.id)).one()
            return codes.issue_reward(reward_id, utcnow())


@pytest.fixture
def shop(bakery: Record, within: Within, live: Live) -> Shop:
    return Shop(bakery, within, live)


@pytest.fixture
def till(browser: Browser, shop: Shop, log_in: LogIn) -> Iterator[Page]:
    """A tablet at the counter, logged in as the cashier."""
    context = browser.new_context(viewport=TABLET)  # type: ignore[arg-type]  # a mapping of two integers
    log_in(context, shop.record, "cashier")
    page = context.new_page()
    page.goto(shop.address)
    yield page
    context.close()


def test_the_code_changes_by_itself_when_it_was_used(shop: Shop, till: Page) -> None:
    code_shown = till.locator("[data-code]")
    for_one = code_shown.inner_text()
    till.get_by_role("button", name="One stamp more").click()
    expect(till.get_by_label("Stamps the code gives")).to_have_value("2")
    expect(code_shown).not_to_have_text(for_one)  # the one that gives two has come
    digits = code_shown.inner_text()
    with shop.within(shop.record):
        code = codes.burn_stamp(digits, shop.member_id, utcnow())
        assert code.units == 2
        ledger.earn(
            shop.member_id,
            shop.program_id,
            code.units,
            actor=ledger.Actor("staff", code.staff_id, code.staff_name),
            cause="counter_code",
            request_key=f"code:{code.id}",
            now=utcnow(),
        )
    expect(till.get_by_text("2 stamps for Eleni")).to_be_visible()
    expect(till.locator("[data-code]")).not_to_have_text(digits)
    expect(till.get_by_label("Stamps the code gives")).to_have_value("1")
    expect(till.locator("#today")).to_contain_text("Eleni 2 stamps")


def test_stamps_by_keyboard_only_then_undo(shop: Shop, till: Page) -> None:
    keys = Keyboard(till)
    keys.tab_to("Number, name, phone, or the code of a reward")
    keys.type("ele")
    expect(till.get_by_role("link", name="Eleni")).to_be_visible()
    keys.tab_to(re.compile("Eleni"), "link")
    keys.press("Enter")
    expect(till.get_by_role("button", name="Give stamps")).to_be_visible()
    keys.tab_to("Give stamps", "button")
    keys.press("Enter")
    expect(till.locator("#work")).to_contain_text("1 stamp for Eleni")
    expect(till.locator("#today")).to_contain_text("Eleni 1 stamp")
    keys.tab_to("Undo", "button")
    keys.press("Enter")
    expect(till.locator("#work")).to_contain_text("1 stamp undone")
    assert shop.entries() == 2


def test_the_focus_stays_when_others_change_the_screen(shop: Shop, till: Page) -> None:
    """Another counter stamps, and undoes what one was about to undo here."""
    with shop.within(shop.record):
        first = make.stamp(shop.member_id, shop.program_id).entry_id
    till.reload()
    keys = Keyboard(till)
    keys.tab_to(re.compile("^Undo Eleni"), "button")
    with shop.within(shop.record):
        make.stamp(shop.member_id, shop.program_id, 2)
    till.evaluate(COUNTED)
    expect(till.locator("#today")).to_contain_text("3 stamps")
    expect(till.locator(f"#undo-{first}")).to_be_focused()
    with shop.within(shop.record):
        ledger.undo(first, actor=make.CASHIER, request_key="elsewhere", now=utcnow())
    till.evaluate(COUNTED)
    expect(till.locator(f"#undo-{first}")).to_have_count(0)
    expect(till.locator("#today")).to_be_focused()
    keys.tab_to("Eleni", "link", most=1)


def test_a_number_that_is_typed_opens_the_member_and_leaves_the_typing_alone(shop: Shop, till: Page) -> None:
    keys = Keyboard(till)
    keys.tab_to("Number, name, phone, or the code of a reward")
    keys.type(shop.number)
    expect(till.get_by_role("button", name="Give stamps")).to_be_visible()
    assert keys.focused().role == "searchbox"
    expect(till.get_by_role("searchbox")).to_have_value(shop.number)


def test_a_line_that_breaks_after_the_server_wrote_never_doubles(shop: Shop, till: Page) -> None:
    lost: list[str] = []

    def lose_the_answer(route: Route) -> None:
        if len(lost) < 2:
            lost.append(route.fetch().text())  # it arrived and was written
            route.abort()
        else:
            route.continue_()

    till.route("**/stamps", lose_the_answer)
    till.goto(f"{shop.address}/members/{shop.member_id}")
    till.get_by_role("button", name="Give stamps").click()
    expect(till.get_by_text("Waiting for the connection")).to_be_visible()
    expect(till.locator("#work")).to_contain_text("1 stamp for Eleni", timeout=15_000)
    assert len(lost) == 2
    assert shop.entries() == 1


def test_a_reward_by_its_code(shop: Shop, till: Page) -> None:
    code = shop.reward_code()
    till.get_by_role("searchbox").fill(f"{code.digits[:3]} {code.digits[3:]}")
    expect(till.get_by_text("Reward for Eleni")).to_be_visible()
    sight.check(till)
    till.get_by_role("button", name="Hand out").click()
    expect(till.locator("#work")).to_contain_text("Free coffee handed out to Eleni")
    expect(till.locator("#today")).to_contain_text("Free coffee handed out")


@pytest.fixture
def film(tmp_path: Path) -> Callable[[str], Path]:
    """Makes what a fake camera sees: a QR code, held still."""

    def make_film(text: str) -> Path:
        matrix = tmp_path / "code.png"
        segno.make(text, error="m", micro=False).save(str(matrix), scale=8, border=4)
        picture = Image.new("L", (640, 480), 255)
        code = Image.open(matrix).convert("L")
        picture.paste(code, ((640 - code.width) // 2, (480 - code.height) // 2))
        path = tmp_path / "camera.y4m"
        chroma = bytes([128]) * (320 * 240 * 2)
        frame = b"FRAME\n" + picture.tobytes() + chroma
        path.write_bytes(b"YUV4MPEG2 W640 H480 F15:1 Ip A1:1 C420\n" + frame * 15)
        return path

    return make_film


@pytest.mark.parametrize("what", ["member", "reward"])
def test_the_camera_reads_a_card_and_a_reward(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    film: Callable[[str], Path],
    shop: Shop,
    log_in: LogIn,
    what: str,
) -> None:
    text = f"R:{shop.number}" if what == "member" else shop.reward_code().token
    arguments = [*browser_type_launch_args["args"], f"--use-file-for-fake-video-capture={film(text)}"]
    browser = browser_type.launch(**{**browser_type_launch_args, "args": arguments})
    try:
        context = browser.new_context(viewport=TABLET, permissions=["camera"])  # type: ignore[arg-type]
        log_in(context, shop.record, "cashier")
        page = context.new_page()
        page.goto(shop.address)
        page.get_by_role("button", name="Scan a card or a reward").click()
        seen = shop.number[:4] if what == "member" else "Reward for Eleni"
        expect(page.locator("#work")).to_contain_text(seen, timeout=20_000)
        expect(page.get_by_role("searchbox")).to_have_value("")
    finally:
        browser.close()


def test_without_scripts(browser: Browser, shop: Shop, log_in: LogIn) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    log_in(context, shop.record, "cashier")
    page = context.new_page()
    page.goto(shop.address)
    page.get_by_role("button", name="New code").click()
    expect(page.locator("[data-code]")).to_be_visible()
    page.get_by_role("searchbox").fill(shop.number)
    page.get_by_role("button", name="Find").click()
    page.get_by_label("Stamps", exact=True).fill("5")
    page.get_by_role("button", name="Give stamps").click()
    expect(page.get_by_text("5 stamps for Eleni")).to_be_visible()
    page.get_by_role("button", name="Hand out now").click()
    expect(page.get_by_text("Free coffee handed out to Eleni")).to_be_visible()
    page.get_by_role("link", name="All of today").click()
    expect(page.get_by_text("1 reward handed out")).to_be_visible()
    context.close()


def test_without_scripts_a_code_that_is_over_leaves_the_screen(
    browser: Browser, shop: Shop, log_in: LogIn
) -> None:
    context = browser.new_context(java_script_enabled=False)
    log_in(context, shop.record, "cashier")
    page = context.new_page()
    page.goto(shop.address)
    page.get_by_role("button", name="New code").click()
    expect(page.locator("[data-code]")).to_be_visible()
    with shop.within(shop.record):
        db.session.execute(update(OneTimeCode).values(expires_at=utcnow() + dt.timedelta(seconds=2)))
    page.reload()  # it looks at its time again, instead of in fifty seconds
    expect(page.locator("[data-code]")).to_be_visible()
    expect(page.get_by_text("Press “New code” to show one.")).to_be_visible(timeout=10_000)
    expect(page.locator("[data-code]")).to_have_count(0)
    context.close()


def test_a_foreign_member_is_not_here(shop: Shop, till: Page) -> None:
    answer = till.goto(f"{shop.address}/members/{uuid.uuid4()}")
    assert answer is not None
    assert answer.status == 404
