"""Every page, by the routes: readable by all, no errors in its console, fits a phone, has a title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from e2e.conftest import Live
from e2e.pages import NO_PAGES, VISITS, Visit
from e2e.sight import LOOKS, RULES, no_sideways_scroll, violations
from saas.merchants.registry import Record
from tests.factories import cast, operators
from tests.factories.filled import STAGES, Filled, fill

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
DARK = """() => {
  document.documentElement.dataset.theme = document.documentElement.dataset.bsTheme = 'dark';
  document.querySelector('meta[name=color-scheme]').content = 'dark';
}"""


@dataclass
class House:
    """A full shop, an empty one, and a browser for each who looks at them, with one page in which they go about."""

    live: Live
    browser: Browser
    filled: Filled
    empty: Record
    pages: dict[str, Page] = field(default_factory=dict)

    def address(self, visit: Visit) -> str:
        merchant = self.empty if visit.is_empty_shop else self.filled.merchant
        values = visit.values(self.filled)
        with self.live.app.test_request_context():
            if self.live.app.url_map.is_endpoint_expecting(visit.endpoint, "merchant"):
                values = {**values, "merchant": merchant.slug}
            return self.live.url + self.live.app.url_for(visit.endpoint, **values).removeprefix(
                "http://localhost"
            )

    def cookies(self, visit: Visit) -> dict[str, str]:
        merchant = self.empty if visit.is_empty_shop else self.filled.merchant
        if visit.who in STAGES:
            return {f"card-{merchant.slug}": self.filled.cards[visit.who]}
        return (
            {}
            if visit.who == "anyone"
            else {"operator": self.filled.tokens[visit.who]}
            if visit.who.startswith("operator")
            else {"session": cast.session_cookie(self.live.app, merchant, visit.who)}
        )

    def page(self, visit: Visit) -> Page:
        """A page at its first size; what the last visit left to be heard or kept in it is gone."""
        key = f"{visit.who} {visit.is_empty_shop}"
        if key not in self.pages:
            made = self.browser.new_context(viewport=WIDE, locale="en", reduced_motion="reduce")  # type: ignore[arg-type]
            for name, value in {"theme": "light", **self.cookies(visit)}.items():
                made.add_cookies([{"name": name, "value": value, "url": self.live.url}])
            self.pages[key] = made.new_page()
        page = self.pages[key]
        page.context.clear_cookies(name="language")
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        return page


@pytest.fixture(scope="module")
def house(live: Live, browser: Browser) -> Iterator[House]:
    shop = cast.open_shop(
        live.app, live.control, "Artopoieío tis Geitoniás", "bakery", "GR", "EUR", "Europe/Athens"
    )
    empty = cast.open_shop(live.app, live.control, "Florist", "florist", "SE", "SEK", "Europe/Stockholm")
    filled = fill(live.app, shop)
    filled.tokens.update(operators.furnish(live.app, shop))
    house = House(live, browser, filled, empty)
    yield house
    for page in house.pages.values():
        page.context.close()


def test_every_page_is_visited(live: Live) -> None:
    views = live.app.view_functions
    pages = {
        rule.endpoint
        for rule in live.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and views[rule.endpoint].access.who != "api"
    }
    visited = {visit.endpoint for visit in VISITS}
    assert not pages - visited - NO_PAGES.keys(), "add these to e2e/pages.py"
    assert not (visited | NO_PAGES.keys()) - pages, (
        "these are no pages any more: take them out of e2e/pages.py"
    )
    assert not visited & NO_PAGES.keys()


def test_titles_say_where_one_is(house: House) -> None:
    """Within what one person sees, no two pages have the same title."""
    titles: dict[tuple[str, str], set[str]] = defaultdict(set)
    for visit in VISITS:
        client = house.live.app.test_client()
        for name, value in house.cookies(visit).items():
            client.set_cookie(name, value)
        answer = client.get(house.address(visit).removeprefix(house.live.url))
        assert answer.status_code == visit.status, (
            visit.name,
            answer.status_code,
            answer.headers.get("Location"),
        )
        title = answer.text.partition("<title>")[2].partition("</title>")[0].strip()
        assert title, visit.name
        # Whoever has no card is asked to join by a code's address as by the card's: it is the same page.
        endpoint = {"card.stamp_by_code": "card.show"}.get(visit.endpoint, visit.endpoint)
        if visit.status == 200:
            titles[(visit.who, title)].add(endpoint)
    same = [f"{who}, {title!r}: {sorted(found)}" for (who, title), found in titles.items() if len(found) > 1]
    assert not same, "\n".join(same)


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name)
def test_page(house: House, visit: Visit) -> None:
    page = house.page(visit)
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        is_the_page_itself = f"status of {visit.status} " in message.text
        if message.type in ("error", "warning") and not is_the_page_itself:
            said.append(message.text)

    def crashed(error: Error) -> None:
        said.append(str(error))

    page.on("console", hear)
    page.on("pageerror", crashed)
    try:
        answer = page.goto(house.address(visit))
        assert answer is not None
        assert answer.status == visit.status, page.title()
        problems = [f"light, wide: {found}" for found in violations(page, RULES)]
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        page.evaluate(DARK)
        problems += [f"dark, phone: {found}" for found in violations(page, LOOKS)]
        assert not problems, "\n".join(problems)
        assert no_sideways_scroll(page), wide_elements(page)
        page.context.add_cookies([{"name": "language", "value": "el", "url": house.live.url}])
        page.goto(house.address(visit))
        assert no_sideways_scroll(page), "in Greek: " + wide_elements(page)
        assert not said
    finally:
        page.remove_listener("console", hear)
        page.remove_listener("pageerror", crashed)
        page.evaluate("sessionStorage.clear()")


def wide_elements(page: Page) -> str:
    """The elements that stick out, for the person who has to mend it."""
    script = """() => [...document.querySelectorAll('body *')]
      .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.getClientRects().length)
      .slice(0, 8).map(e => e.tagName + '.' + e.className + ' ' + Math.round(e.getBoundingClientRect().right))"""
    return f"sticks out of {PHONE['width']} px: {page.evaluate(script)}"
