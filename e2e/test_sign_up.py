"""Signing up as people do it: with JavaScript off, on a phone, by invitation; the keyboard has its own journey."""

from __future__ import annotations

import itertools
import re
import secrets
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.conftest import Live

_numbers = itertools.count(1)
_run = secrets.token_hex(3)
PASSWORD = "three small words"


def new_address() -> str:
    return f"browser{next(_numbers)}-{_run}@mail.example"


def sign_up(page: Page, shop: str, email: str | None = None) -> str:
    """Sign up with the fields that can't be guessed; the slug of the new shop."""
    page.goto("/sign-up")
    page.get_by_label("Name of your shop").fill(shop)
    page.get_by_label("Your name").fill("Maria Silva")
    page.get_by_label("E-mail address").fill(email or new_address())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url(re.compile(r"/console/[a-z0-9-]+/$"))
    return page.url.rstrip("/").rsplit("/", 1)[1]


def mailed_link(page: Page, email: str) -> str:
    """The address in the newest mail to somebody; the worker sends it within seconds."""
    for _time in range(60):
        page.goto(f"/dev/mailbox?to={email}")
        link = page.locator(".mail-text a").first
        if link.count():
            return str(link.get_attribute("href"))
        time.sleep(0.25)
    raise AssertionError(f"no mail came to {email}")


def test_the_clock_of_the_device_tells_the_country(live: Live, browser: Browser) -> None:
    context = browser.new_context(base_url=live.url, locale="en-US", timezone_id="Europe/Stockholm")
    page = context.new_page()
    page.goto("/sign-up")
    guessed = page.locator("details.guessed > summary")
    expect(guessed).to_contain_text(re.compile(r"Sweden\s*SEK\s*English"))
    guessed.click()
    page.get_by_label("Country").select_option("BR")
    expect(guessed).to_contain_text(re.compile(r"Brazil\s*BRL\s*English"))
    context.close()


def test_sign_up_without_javascript(live: Live, browser: Browser) -> None:
    context = browser.new_context(base_url=live.url, java_script_enabled=False, locale="sv-SE")
    page = context.new_page()
    email = new_address()
    page.goto("/sign-up")
    page.locator("input[name=shop_name]").fill("Kaféet på hörnet")
    page.locator("details.guessed > summary").click()
    expect(page.locator("select[name=country]")).to_have_value("SE")
    page.locator("input[name=slug]").fill("sign-up")
    page.locator("input[name=name]").fill("Åsa")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    expect(page.locator("input[name=slug]")).to_have_attribute("aria-invalid", "true")
    page.locator("input[name=slug]").fill("")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile(r"/console/kafeet-pa-hornet"))
    page.goto("/account")
    page.locator("form[action='/log-out'] button").click()
    page.goto("/log-in")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile(r"/console/kafeet-pa-hornet"))
    context.close()


def test_a_forgotten_password_is_replaced(page: Page) -> None:
    email = new_address()
    page.goto("/sign-up")
    page.get_by_label("Name of your shop").fill("Forgetful")
    page.get_by_label("Your name").fill("Maria")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url(re.compile(r"/console/forgetful"))
    mailed_link(page, email)
    page.context.clear_cookies()
    page.goto("/log-in")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    for _time in range(60):
        link = mailed_link(page, email)
        if "/reset/" in link:
            break
        time.sleep(0.25)
    page.goto(link)
    page.get_by_label("New password").fill("some new long words")
    page.get_by_role("button", name="Change the password").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill("some new long words")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile(r"/console/forgetful"))


def test_an_owner_invites_a_manager_who_joins(live: Live, page: Page, browser: Browser) -> None:
    own, email = new_address(), new_address()
    slug = sign_up(page, "Inviting Shop", own)
    page.goto(mailed_link(page, own))
    page.get_by_role("button", name="Yes, this is my address").click()
    expect(page.get_by_text("your address is confirmed")).to_be_visible()
    page.goto(f"/console/{slug}/staff")
    form = page.get_by_role("region", name="Invite by e-mail")
    form.get_by_label("E-mail address").fill(email)
    form.get_by_label("Name").fill("Nikos")
    form.get_by_label("Role").select_option("manager")
    form.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("region", name="Invited, not here yet")).to_contain_text(email)
    context = browser.new_context(base_url=live.url)
    other = context.new_page()
    other.goto(mailed_link(other, email))
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="Join the shop").click()
    other.wait_for_url(re.compile(rf"/console/{slug}/$"))
    page.reload()
    page.get_by_role("link", name=re.compile("Change.*Nikos")).click()
    page.get_by_text("Remove from the staff").first.click()
    page.get_by_role("button", name="Remove from the staff").click()
    expect(page.get_by_text("Nikos has no access any more.")).to_be_visible()
    assert (other.goto(f"/console/{slug}/staff") or pytest.fail("no answer")).status == 404
    context.close()
