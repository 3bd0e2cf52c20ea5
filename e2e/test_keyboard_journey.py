"""The main journey with a keyboard and nothing else, from signing up to the free wash; also without scripts."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.conftest import Live
from e2e.keyboard import Keyboard

PASSWORD = "three small words"


@dataclass(frozen=True)
class People:
    """The owner's browser at the till, the member's phone, and whether scripts run on them."""

    shop: BrowserContext
    phone: BrowserContext
    scripts: bool


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def people(request: pytest.FixtureRequest, live: Live, browser: Browser) -> Iterator[People]:
    options = {"base_url": live.url, "locale": "en-GB", "java_script_enabled": request.param}
    shop = browser.new_context(**options, viewport={"width": 1280, "height": 900})
    phone = browser.new_context(**options, viewport={"width": 360, "height": 740}, is_mobile=True)
    yield People(shop, phone, request.param)
    shop.close()
    phone.close()


def test_from_signing_up_to_the_reward_with_the_keyboard_only(people: People) -> None:
    owner, email = people.shop.new_page(), f"keys-{secrets.token_hex(4)}@mail.example"
    slug = sign_up(owner, email, people.scripts)
    mail = people.shop.new_page()
    confirm_address(mail, email)
    mail.close()
    publish_a_card(owner, people.scripts)

    open_counter(owner)
    member = people.phone.new_page()
    join(member, slug)
    take_a_stamp(member, digits_at(owner, people.scripts))
    expect(member.get_by_text("1 of 6 stamps")).to_be_visible()
    if people.scripts:
        expect(owner.get_by_text("1 stamp for Eleni")).to_be_visible()

    fill_the_card(owner, people.scripts)
    hand_out(owner, reward_code(member), people.scripts)
    expect(member.get_by_text("Enjoy it!")).to_be_visible(timeout=15_000)
    look_at_the_dashboard(owner, slug)


def sign_up(page: Page, email: str, scripts: bool) -> str:
    """From the landing page to the new shop's dashboard; its slug. A password too short comes first."""
    keys, name = Keyboard(page), f"Wash {secrets.token_hex(3)}"
    page.goto("/")
    keys.tab_to("Sign up", "link")
    keys.go()
    page.wait_for_url("**/sign-up")
    keys.tab_to("Name of your shop")
    keys.type(name)
    if scripts:
        expect(page.get_by_text(re.compile(r"Your page: .*/c/wash-"))).to_be_visible()
    keys.tab_to("Your name")
    keys.type("Zoë Wash")
    keys.tab_to("E-mail address")
    keys.type(email)
    keys.tab_to("Password")
    keys.type("short")
    keys.go()
    expect(page.get_by_role("alert")).to_contain_text("at least 8 characters")
    expect(page.get_by_label("Name of your shop")).to_have_value(name)
    if scripts:
        keys.lands_on("Password", "the focus is on what is to be mended")
    else:
        keys.tab_to("Password", "link")  # the summary on top leads to the field
        keys.press("Enter")
        keys.lands_on("Password", "the summary's link leads to the field")
    keys.type(PASSWORD)
    keys.go()
    page.wait_for_url(re.compile(r"/console/wash-[0-9a-f]+/$"))
    return page.url.rstrip("/").rsplit("/", 1)[1]


def confirm_address(page: Page, email: str) -> None:
    address = f"/dev/mailbox?to={email}"
    for _time in range(120):  # the worker sends it within seconds
        if "/confirm/" in page.request.get(address).text():
            break
        time.sleep(0.25)
    keys = Keyboard(page)
    page.goto(address)
    keys.tab_to(re.compile("/confirm/"), "link")
    keys.go()
    keys.tab_to("Yes, this is my address", "button")
    keys.go()
    expect(page.get_by_text("your address is confirmed")).to_be_visible()


def publish_a_card(page: Page, scripts: bool) -> None:
    """An offered card with another picture and small print, live."""
    keys = Keyboard(page)
    keys.tab_to("Programs", "link")
    keys.go()
    page.wait_for_url("**/programs")
    keys.tab_to("Skip to the content", "link")
    keys.press("Enter")
    keys.tab_to("Use this card: Car wash card", most=3)
    keys.go()
    page.wait_for_url("**/programs/new?template=car-wash")
    keys.tab_to("Headline on the card")
    keys.press("End")
    keys.type("!")
    keys.tab_to("Car", "radio")
    keys.press("ArrowLeft")
    chosen = keys.focused()
    assert (chosen.role, chosen.name != "Car") == ("radio", True)
    if scripts:
        expect(page.locator("#preview")).to_contain_text("the next one is free!")
        assert keys.focused() == chosen, "the preview leaves the focus where it is"
    keys.tab_to(re.compile("^Small print"), back=True)
    keys.type("Any car")
    keys.tab_to("Save", "button")
    keys.go("Space")
    expect(page.get_by_text("This is a draft.")).to_be_visible()
    keys.tab_to("Publish", "link")
    keys.go()
    keys.tab_to("Publish", "button")
    keys.go("Space")
    expect(page.get_by_text("Every member takes part now.")).to_be_visible()


def open_counter(page: Page) -> None:
    keys = Keyboard(page)
    keys.tab_to("Counter", "link")
    keys.go()
    expect(page.get_by_role("heading", name="Scan this for a stamp")).to_be_visible()


def join(page: Page, slug: str) -> None:
    keys = Keyboard(page)
    page.goto(f"/c/{slug}")  # the poster's address
    keys.tab_to(re.compile("^First name"))
    keys.type("Eleni")
    keys.tab_to("Get my card", "button")
    keys.go()
    expect(page.get_by_text("0 of 6 stamps")).to_be_visible()


def digits_at(page: Page, scripts: bool) -> str:
    """What somebody reads off the counter's screen, which stays where the person at the till was."""
    keys = Keyboard(page)
    keys.tab_to("New code", "button")
    if not scripts:
        keys.go()
    else:
        keys.tab_to("One stamp more", "button", back=True)
    code = page.locator("[data-code]")
    expect(code).to_be_visible()
    return code.inner_text()


def take_a_stamp(page: Page, digits: str) -> None:
    keys = Keyboard(page)
    keys.tab_to("Type the code on the counter’s screen")
    keys.type(digits)
    keys.go()


def at_the_till(keys: Keyboard, scripts: bool, key: str = "Enter") -> None:
    """Where scripts run, the counter changes without leaving the page."""
    if scripts:
        keys.press(key)
    else:
        keys.go(key)


def fill_the_card(page: Page, scripts: bool) -> None:
    keys = Keyboard(page)
    if scripts:
        keys.lands_on("One stamp more", "a code that was used leaves the focus where it is")
    keys.tab_to("Number, name, phone, or the code of a reward")
    keys.type("ele")
    if not scripts:
        keys.go()
    expect(page.get_by_role("link", name=re.compile("Eleni.* 1.6"))).to_be_visible()
    keys.tab_to(re.compile("Eleni.* 1.6"), "link")
    at_the_till(keys, scripts)
    expect(page.get_by_role("button", name="Give stamps")).to_be_visible()
    if scripts:
        keys.lands_on("Eleni", "the focus is at what was opened")
    keys.tab_to("Stamps", "spinbutton")
    keys.press("ArrowUp", 4)
    keys.tab_to("Give stamps", "button")
    at_the_till(keys, scripts)
    expect(page.get_by_text("5 stamps for Eleni")).to_be_visible()


def reward_code(page: Page) -> str:
    """The member opens the card, which is full, and asks for the code to show."""
    keys = Keyboard(page)
    keys.tab_to("Open my card" if page.get_by_text("Open my card").count() else "Use it now")
    keys.go()
    keys.tab_to("Use it now", "button")
    keys.go()
    code = page.locator("[data-reward-code]")
    expect(code).to_be_visible()
    return code.inner_text()


def hand_out(page: Page, code: str, scripts: bool) -> None:
    keys = Keyboard(page)
    if scripts:
        keys.lands_on("Next", "the focus is at what comes next")
        keys.press("Enter")
        expect(page.get_by_text("5 stamps for Eleni")).to_have_count(0)
    else:
        keys.tab_to("Next", "link")
        keys.go()
    keys.tab_to("Number, name, phone, or the code of a reward")
    keys.type(code)
    at_the_till(keys, scripts)
    expect(page.get_by_text("Reward for Eleni")).to_be_visible()
    keys.tab_to("Hand out", "button")
    at_the_till(keys, scripts, "Space")
    expect(page.get_by_text("Free wash handed out to Eleni")).to_be_visible()


def look_at_the_dashboard(page: Page, slug: str) -> None:
    keys = Keyboard(page)
    keys.tab_to("Console", "link")
    keys.go()
    page.wait_for_url(f"**/console/{slug}/")
    expect(page.get_by_text("1 of 1 member is active")).to_be_visible()
    handed_out = page.locator(".stat", has_text="Rewards handed out").locator(".stat-value")
    expect(handed_out).to_have_text("1")
    expect(page.get_by_role("row", name=re.compile("Eleni")).first).to_be_visible()


RING = "<style>:focus { outline: 3px solid }</style>"


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        (RING + "<button>One</button><button>Two</button>", "2 times Tab does not reach"),
        (RING + "<input><button>Goal</button>", "has no name"),
        ("<style>:focus { outline: none }</style><button>Goal</button>", "does not look focused"),
        (RING + "<style>a { position: absolute; left: -99px }</style><a href='/'>Goal</a>", "is not seen"),
        (RING + "<style>p { position: fixed; inset: 0 }</style><button>Goal</button><p></p>", "is covered"),
        (RING + "<button id=trap>Trap</button><button>Goal</button>", "keeps the focus"),
    ],
)
def test_a_walk_by_tab_complains(page: Page, markup: str, complaint: str) -> None:
    """A walk that passes everything would prove nothing."""
    page.set_content(markup)
    page.evaluate(
        "document.getElementById('trap')"
        "?.addEventListener('keydown', (event) => event.key === 'Tab' && event.preventDefault())"
    )
    with pytest.raises(AssertionError, match=complaint):
        Keyboard(page).tab_to("Goal", most=2)
