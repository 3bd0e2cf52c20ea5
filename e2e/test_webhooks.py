"""An owner points a webhook at a till; the till is told of a stamp within seconds and can check who says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from standardwebhooks import Webhook

from e2e import sight
from e2e.conftest import Live
from saas.merchants.registry import Record
from tests.factories.ledger import member, stamp, stamp_card
from tests.tenants.webhooks.receiver import Receiver, listening

LogIn = Callable[[BrowserContext, Record, str], None]
Within = Callable[[Record], AbstractContextManager[None]]
SECONDS = 30


def wait_for(receiver: Receiver, count: int) -> None:
    deadline = time.monotonic() + SECONDS
    while len(receiver.bodies) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(receiver.bodies) == count


def until_seen(page: Page, words: str) -> None:
    """Reload as an owner would, until the worker has written down what came back."""
    deadline = time.monotonic() + SECONDS
    while not page.get_by_text(words, exact=True).count() and time.monotonic() < deadline:
        page.reload()
    expect(page.get_by_text(words, exact=True).first).to_be_visible()


@pytest.mark.parametrize("has_script", [True, False])
def test_from_the_form_to_a_message_that_is_believed(
    live: Live, browser: Browser, bakery: Record, within: Within, log_in: LogIn, has_script: bool
) -> None:
    context = browser.new_context(
        base_url=live.url, java_script_enabled=has_script, viewport={"width": 390, "height": 844}, locale="en"
    )
    log_in(context, bakery, "owner")
    page = context.new_page()
    with listening() as receiver:
        page.goto(f"/console/{bakery.slug}/settings")
        page.get_by_role("navigation", name="Settings").get_by_role("link", name="Webhooks").click()
        page.get_by_role("link", name="Add an endpoint").click()
        page.get_by_label("Address").fill("https://10.0.0.1/hooks")
        page.get_by_role("button", name="Add and show the secret").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose at least one event")
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_label("What it is for").fill("Till")
        page.get_by_label("Stamps or points were given").check()
        page.get_by_role("button", name="Add and show the secret").click()
        secret = Webhook(page.get_by_label("The secret.").input_value())
        if has_script:
            sight.check(page)
        page.get_by_role("link", name="I have copied it").click()
        with page.expect_navigation():
            page.get_by_role("button", name="Send a test").click()
        wait_for(receiver, 1)
        assert secret.verify(receiver.bodies[0], receiver.heard[0])["type"] == "webhook.test"
        until_seen(page, "Delivered (200)")
        with within(bakery):
            program, person = stamp_card(), member()
            stamp(person.id, program.id)
            number = person.number
        wait_for(receiver, 2)
        told = secret.verify(receiver.bodies[1], receiver.heard[1])
        assert (told["type"], told["data"]["member_number"]) == ("units.earned", number)
        page.get_by_role("link", name="Till").click()
        expect(page.get_by_role("link", name="units.earned")).to_be_visible()
        page.get_by_label("Type, id or member number").fill(number)
        page.get_by_label("Type, id or member number").press("Enter")
        expect(page.get_by_role("link", name="webhook.test")).to_have_count(0)
        page.get_by_role("link", name="units.earned").click()
        expect(page.get_by_role("region", name="Body")).to_contain_text(number)
        page.get_by_role("button", name="Send again").click()
        wait_for(receiver, 3)
        assert receiver.heard[1]["webhook-id"] == receiver.heard[2]["webhook-id"]
        assert sight.no_sideways_scroll(page)
    context.close()
