"""Pictures of the pages that matter, for looking at: light and dark, wide and phone, English and Greek.

`bin/screenshots` runs it; it is no test, only built like one to use the same service and browser.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update

from e2e.conftest import Live
from e2e.pages import Visit
from e2e.test_pages import House
from saas.accounts.models import Staff, User
from saas.config import ROOT
from saas.db import PLATFORM, db, transaction
from saas.merchants.registry import Record
from tests.factories import cast
from tests.factories.filled import fill

FOLDER = Path(os.environ.get("REGULARS_SCREENSHOTS") or ROOT / "build" / "screenshots")
SIZES = {"wide": {"width": 1360, "height": 900}, "phone": {"width": 390, "height": 844}}
SHOTS = {
    "landing": Visit("merchants.landing", "anyone"),
    "sign-up": Visit("accounts.sign_up", "anyone"),
    "log-in": Visit("accounts.log_in", "anyone"),
    "onboarding": Visit("stats.dashboard", "owner", is_empty_shop=True),
    "dashboard": Visit("stats.dashboard", "owner"),
    "members": Visit("members.index", "owner"),
    "member": Visit("members.show", "owner", lambda filled: {"member_id": filled.members["ready"]}),
    "programs": Visit("programs.index", "owner"),
    "program-editor": Visit("programs.edit", "owner", lambda filled: {"program_id": filled.program_id}),
    "poster": Visit("programs.poster", "owner", lambda filled: {"program_id": filled.program_id}),
    "import": Visit("purchases.import_show", "owner", lambda filled: {"import_id": filled.upload_id}),
    "settings": Visit("settings.show", "owner"),
    "staff": Visit("staff.index", "owner"),
    "counter": Visit("counter.show", "cashier"),
    "counter-member": Visit(
        "counter.member", "cashier", lambda filled: {"member_id": filled.members["ready"]}
    ),
    "counter-stamped": Visit("counter.entry", "cashier", lambda filled: {"entry_id": filled.entry_id}),
    "card-join": Visit("card.show", "anyone"),
    "card-fresh": Visit("card.show", "fresh"),
    "card-half": Visit("card.show", "half"),
    "card-full": Visit("card.show", "almost"),
    "card-ready": Visit("card.show", "ready"),
    "card-reward": Visit("card.show", "ready"),
}
PEOPLE = {"owner": "Olga Pappa", "manager": "Manuel Reis", "cashier": "Casey"}


@pytest.mark.timeout(1200)
def test_take(live: Live, browser: Browser) -> None:
    bakery = cast.open_shop(live.app, live.control, "Sunny Bakery", "bakery", "GR", "EUR", "Europe/Athens")
    florist = cast.open_shop(live.app, live.control, "Florist", "florist", "SE", "SEK", "Europe/Stockholm")
    house = House(live, browser, fill(live.app, bakery), florist)
    for shop in (bakery, florist):
        _name_people(live.app, shop)
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = os.environ.get("REGULARS_SCREENSHOTS_OF", "").split()
    for name, visit in SHOTS.items():
        if wanted and name not in wanted:
            continue
        for size, viewport in SIZES.items():
            context = browser.new_context(
                viewport=viewport,  # type: ignore[arg-type]  # the names of its keys are right
                reduced_motion="reduce",
                device_scale_factor=2 if size == "phone" else 1,
            )
            page = context.new_page()
            for theme in ("light", "dark"):
                for language in ("en", "el"):
                    cookies = {"theme": theme, "language": language, **house.cookies(visit)}
                    context.clear_cookies()
                    for cookie, value in cookies.items():
                        context.add_cookies([{"name": cookie, "value": value, "url": live.url}])
                    page.goto(house.address(visit))
                    if name == "card-reward":
                        _use_reward(page)
                    page.wait_for_timeout(250)
                    page.screenshot(path=FOLDER / f"{name}-{size}-{theme}-{language}.png", full_page=True)
            context.close()
    print(f"\nin {FOLDER}")


def _use_reward(page: Page) -> None:
    """Show the reward's code, as a member does at the counter."""
    page.locator(".ready form button").click()
    page.locator(".ready-code").wait_for()


def _name_people(app: Flask, shop: Record) -> None:
    """Give the staff names as people have them."""
    with app.app_context(), transaction(PLATFORM):
        for role, name in PEOPLE.items():
            mine = (Staff.merchant_id == shop.id) & (Staff.role == role) & Staff.user_id.is_not(None)
            users = select(Staff.user_id).where(mine).scalar_subquery()
            db.session.execute(update(User).where(User.id.in_(users)).values(name=name))
            db.session.execute(update(Staff).where(mine).values(name=name))
