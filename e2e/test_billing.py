"""A plan's whole life in a browser and no key: trial, Checkout, switching, cancelling, a failing card, paid again."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select, update

from e2e.conftest import Live, database
from saas.billing import copies, trials
from saas.billing.models import Subscription
from saas.db import PLATFORM, db, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow

DAY = 86400
LogIn = Callable[[BrowserContext, Record, str], None]


class Owner:
    """The owner of a shop on its free plan, at the console."""

    def __init__(self, page: Page, live: Live, shop: Record) -> None:
        self.page, self.live, self.shop = page, live, shop
        self.console = f"{live.url}/console/{shop.slug}"

    def billing(self) -> Page:
        self.page.goto(f"{self.console}/billing")
        return self.page

    def until(self, words: str) -> None:
        """Look at the billing page until the worker has heard of it."""
        for _try in range(40):
            if self.billing().get_by_text(words).count():
                return
            self.page.wait_for_timeout(250)
        expect(self.page.get_by_text(words)).to_be_visible()

    def add_location(self, name: str) -> None:
        self.page.goto(f"{self.console}/settings/locations/new")
        self.page.locator("#name").fill(name)
        self.page.get_by_role("button", name="Add the location").click()

    def days(self, count: int) -> None:
        self.live.stand_in.advance(count * DAY)

    def told(self, words: str) -> None:
        """Wait for the worker's mail."""
        for _try in range(40):
            if words in self.mails():
                return
            self.page.wait_for_timeout(250)
        raise AssertionError(f"no mail says “{words}”:\n{self.mails()}")

    def mails(self) -> str:
        query = "SELECT string_agg(subject, E'\\n') FROM platform.kept_mail WHERE recipient = %s"
        with database(self.live) as connection:
            row = connection.execute(query, [f"owner@{self.shop.slug}.example"]).fetchone()
        return str(row[0] if row else "")


@pytest.fixture
def owner(page: Page, live: Live, bakery: Record, log_in: LogIn) -> Owner:
    with live.app.app_context(), transaction(PLATFORM):
        trials.begin(bakery.id, f"owner@{bakery.slug}.example", utcnow())
    log_in(page.context, bakery, "owner")
    return Owner(page, live, bakery)


def end_trial(live: Live, shop: Record) -> None:
    now = utcnow()
    with live.app.app_context(), transaction(PLATFORM):
        statement = update(Subscription).where(Subscription.merchant_id == shop.id)
        db.session.execute(statement.values(trial_ends_at=now - dt.timedelta(minutes=1)))
        copies.review(
            db.session.scalars(select(Subscription).where(Subscription.merchant_id == shop.id)).one(), now
        )


@pytest.mark.timeout(240)
def test_a_plans_life(owner: Owner, live: Live) -> None:
    page = owner.page
    expect(owner.billing().get_by_text("The trial ends in 14 days.")).to_be_visible()
    expect(page.get_by_text("You are trying Growth until")).to_be_visible()
    end_trial(live, owner.shop)
    page.wait_for_timeout(5100)  # other processes read the registry every five seconds
    owner.add_location("Harbour")
    expect(page.get_by_text("The plan Free includes 1 location")).to_be_visible()

    owner.billing().get_by_role("link", name="Choose Starter").click()
    page.get_by_label("Is declined").check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    page.get_by_label("Asks for 3-D Secure once").check()
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Thank you! Starter is yours")).to_be_visible(timeout=20_000)
    page.go_back()
    owner.until("Paid until")
    page.wait_for_timeout(5100)
    owner.add_location("Harbour")
    expect(page.get_by_text("Harbour is added.")).to_be_visible()

    owner.billing().get_by_role("link", name="Switch to Growth").click()
    expect(page.get_by_role("row", name=re.compile("Charged now"))).to_contain_text("€30.00")
    page.get_by_role("link", name="Go on to confirm").click()
    page.get_by_role("button", name="Confirm the change").click()
    expect(page.get_by_role("heading", name="Growth", level=2)).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Paid")).to_have_count(2)
    download = page.get_by_role("link", name=re.compile("^PDF")).first.get_attribute("href")
    assert page.request.get(str(download)).ok

    page.get_by_role("link", name="Switch to Starter").click()
    expect(page.get_by_text("Nothing is charged now.")).to_be_visible()
    page.get_by_role("link", name="Go on to confirm").click()
    page.get_by_role("button", name="Confirm the change").click()
    expect(page.get_by_role("heading", name="Growth", level=2)).to_be_visible()
    owner.days(32)
    owner.until("€19.00 a month, plus tax where it applies")

    page.get_by_role("link", name="Cancel the plan").click()
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(page.get_by_text("Cancelled: Starter lasts until")).to_be_visible()
    page.get_by_role("button", name="Keep the plan").click()
    expect(page.get_by_text("Your plan goes on.")).to_be_visible()

    page.get_by_role("link", name="Payment card").click()
    page.get_by_label("Can be saved, then every payment fails").check()
    page.get_by_role("button", name="Save the card").click()
    expect(page.get_by_role("heading", name="Starter", level=2)).to_be_visible()
    owner.days(32)
    owner.until("The last payment did not go through. Everything works as before until")
    owner.days(22)
    owner.until("A payment is missing, so the console can only be read.")
    page.wait_for_timeout(5100)
    page.goto(f"{owner.console}/members")
    expect(page.get_by_text("Members and the counter notice nothing.")).to_be_visible()
    assert page.goto(f"{live.url}/counter/{owner.shop.slug}").ok  # type: ignore[union-attr]

    owner.billing().get_by_role("link", name="Pay now").last.click()
    page.get_by_label("Works ••••").check()
    page.get_by_role("button", name="Pay").click()
    owner.until("Paid until")
    for words in (
        "your payment did not go through",
        "can only be read for now",
        "thank you, the payment arrived",
    ):
        owner.told(words)
