"""A stand-in of its own for each test, spoken to by the real library; a receiver for its webhooks; a visitor."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
import stripe

from saas.billing.local_stripe.server import StandIn


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / "stripe.sqlite", delays=(0.05, 0.05)) as server:
        yield server


def client_for(stand_in: StandIn) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_demo", base_addresses={"api": stand_in.url}, max_network_retries=0)


@pytest.fixture
def api(stand_in: StandIn) -> Any:
    return client_for(stand_in).v1


@dataclass
class Plans:
    """Two products at three prices."""

    starter: Any
    growth: Any
    yearly: Any


@pytest.fixture
def plans(api: Any) -> Plans:
    starter = api.products.create({"name": "Starter"})
    growth = api.products.create({"name": "Growth"})
    monthly = {"currency": "eur", "recurring": {"interval": "month"}}
    return Plans(
        api.prices.create({**monthly, "product": starter.id, "unit_amount": 2900, "lookup_key": "starter"}),
        api.prices.create({**monthly, "product": growth.id, "unit_amount": 5900}),
        api.prices.create(
            {
                "currency": "eur",
                "product": starter.id,
                "unit_amount": 29000,
                "recurring": {"interval": "year"},
            }
        ),
    )


@dataclass
class Shop:
    """A customer on a test clock, with a card."""

    api: Any
    clock: Any
    id: str

    def card(self, name: str) -> Any:
        method = self.api.payment_methods.attach(f"pm_card_{name}", {"customer": self.id})
        self.api.customers.update(self.id, {"invoice_settings": {"default_payment_method": method.id}})
        return method

    def subscribe(self, price: Any, **more: Any) -> Any:
        return self.api.subscriptions.create({"customer": self.id, "items": [{"price": price.id}], **more})

    def pass_time(self, to: int) -> None:
        self.api.test_helpers.test_clocks.advance(self.clock.id, {"frozen_time": to})
        assert self.api.test_helpers.test_clocks.retrieve(self.clock.id).status == "ready"


START = 1_767_225_600  # 1 January 2026, midnight


@pytest.fixture
def shop(api: Any) -> Shop:
    clock = api.test_helpers.test_clocks.create({"frozen_time": START})
    customer = api.customers.create({"email": "shop@example.com", "name": "Bakery", "test_clock": clock.id})
    return Shop(api, clock, customer.id)


@dataclass
class Receiver:
    """An address that webhooks are sent to; `refuse` answers so many of them with 500 first."""

    url: str
    got: list[tuple[bytes, str]] = field(default_factory=list)
    refuse: int = 0

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.got.append((body, self.headers["Stripe-Signature"]))
            state.refuse -= 1
            self.send_response(500 if state.refuse >= 0 else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing on the console."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


LINK = r'<(a|form)\b[^>]*?(?:href|action)="([^"]+)"[^>]*>(.*?)</\1>'


class Visitor:
    """A browser without scripts: follows to the hosted pages, fills in what is asked, and stops where the shop is."""

    def __init__(self, stand_in: StandIn) -> None:
        self.base = stand_in.url
        self.session = requests.Session()
        self.page: requests.Response | None = None

    def open(self, url: str, **headers: str) -> str:
        return self._take(self.session.get(url, allow_redirects=False, timeout=20, headers=headers))

    def send(self, url: str | None = None, **form: str) -> str:
        """Send a form to `url`, or to the page that is open; answers the text, or the address it leads to outside."""
        assert self.page is not None
        return self._take(
            self.session.post(url or self.page.url, data=form, allow_redirects=False, timeout=20)
        )

    def _take(self, response: requests.Response) -> str:
        where = response.headers.get("Location", "")
        if response.is_redirect and where.startswith(("/", self.base)):
            return self.open(where if where.startswith("http") else self.base + where)
        self.page = response
        return where or html.unescape(response.text)

    def link(self, text: str) -> str:
        """The address of a link or a form of the open page, by what it says."""
        assert self.page is not None
        for _, address, said in re.findall(LINK, self.page.text, re.S):
            if text in html.unescape(said):
                found = html.unescape(address)
                return self.base + found if found.startswith("/") else found
        raise AssertionError(f"no {text!r} on the page")


@pytest.fixture
def visitor(stand_in: StandIn) -> Iterator[Visitor]:
    found = Visitor(stand_in)
    yield found
    found.session.close()
