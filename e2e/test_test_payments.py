"""The stand-in's pages in a browser: readable by all, at a phone's width, in the dark; and bought without a script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import stripe
from playwright.sync_api import Browser, Page, expect

from e2e import sight
from saas.billing.local_stripe.server import StandIn

FEATURES = {
    "customer_update": {"enabled": True, "allowed_updates": ["name", "email", "phone", "address", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {
        "enabled": True,
        "cancellation_reason": {"enabled": True, "options": ["unused", "too_expensive", "other"]},
    },
}


@dataclass
class Till:
    """A stand-in with something to sell, and a customer."""

    stand_in: StandIn
    api: Any
    starter: Any
    growth: Any
    customer: Any

    def checkout(self, **more: Any) -> str:
        return str(
            self.api.checkout.sessions.create(
                {
                    "mode": "subscription",
                    "customer": self.customer.id,
                    "line_items": [{"price": self.starter.id, "quantity": 1}],
                    "success_url": self.stand_in.url + "/?bought",
                    "cancel_url": self.stand_in.url,
                    **more,
                }
            ).url
        )

    def portal(self) -> str:
        changes = {
            "enabled": True,
            "default_allowed_updates": ["price"],
            "proration_behavior": "always_invoice",
            "products": [
                {"product": price.product, "prices": [price.id]} for price in (self.starter, self.growth)
            ],
        }
        features = {**FEATURES, "subscription_update": changes}
        configuration = self.api.billing_portal.configurations.create({"features": features})
        given = {
            "customer": self.customer.id,
            "configuration": configuration.id,
            "return_url": self.stand_in.url,
        }
        return str(self.api.billing_portal.sessions.create(given).url)

    def subscribe(self) -> Any:
        method = self.api.payment_methods.attach("pm_card_visa", {"customer": self.customer.id})
        settings = {"default_payment_method": method.id}
        self.api.customers.update(self.customer.id, {"invoice_settings": settings})
        return self.api.subscriptions.create(
            {
                "customer": self.customer.id,
                "items": [{"price": self.starter.id}],
                "expand": ["latest_invoice"],
            }
        )


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    with StandIn(tmp_path / "stripe.sqlite") as stand_in:
        api = stripe.StripeClient("sk_test_demo", base_addresses={"api": stand_in.url}).v1
        prices = []
        for name, amount in (("Starter", 2900), ("Growth", 5900)):
            product = api.products.create({"name": name})
            monthly = {"currency": "eur", "recurring": {"interval": "month"}, "unit_amount": amount}
            prices.append(api.prices.create({**monthly, "product": product.id}))
        customer = api.customers.create({"email": "bakery@example.com", "name": "Bakery"})
        yield Till(stand_in, api, *prices, customer)


def look(page: Page, name: str) -> None:
    """At the open page as everybody does: with axe, on a phone, in the dark."""
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        sight.check(page, f"{name}, {width}, {scheme}", sight.RULES)
        if "STRIPE_SHOTS" in os.environ:
            page.screenshot(path=f"{os.environ['STRIPE_SHOTS']}/{name}-{width}.png", full_page=True)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser in English; nothing may go wrong in its console."""
    context = browser.new_context(locale="en")
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert [text for text in problems if "422" not in text and "404" not in text] == []


def test_buying(till: Till, page: Page) -> None:
    page.goto(
        till.checkout(
            allow_promotion_codes=True,
            automatic_tax={"enabled": True},
            customer_update={"address": "auto", "name": "auto"},
            tax_id_collection={"enabled": True},
        )
    )
    look(page, "checkout")
    page.get_by_label("Is declined").check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    look(page, "checkout refused")
    page.get_by_label("Asks for 3-D Secure once").check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    look(page, "authentication")
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/?bought")
    look(page, "desk")
    assert till.api.subscriptions.list({}).data[0].status == "active"


def test_the_portal(till: Till, page: Page) -> None:
    made = till.subscribe()
    page.goto(till.portal())
    look(page, "portal")
    page.get_by_role("link", name="Change the plan").click()
    look(page, "switch")
    page.get_by_label("Growth").check()
    page.get_by_role("button", name="Continue").click()
    look(page, "confirm")
    page.get_by_role("button", name="Confirm the change").click()
    expect(page.get_by_role("status")).to_contain_text("Your plan was changed")
    assert till.api.subscriptions.retrieve(made.id)["items"].data[0].price.id == till.growth.id
    page.get_by_role("link", name="Use another card").click()
    look(page, "card")
    page.goto(page.url.replace("/card", "/details"))
    look(page, "details")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="Cancel the subscription").click()
    look(page, "cancel")
    page.get_by_label("It is too expensive").check()
    page.get_by_role("button", name="Cancel the subscription").click()
    look(page, "portal, ending")
    page.get_by_role("button", name="Keep the subscription").click()
    expect(page.get_by_role("status")).to_contain_text("goes on")


def test_an_invoice(till: Till, page: Page) -> None:
    till.subscribe()
    method = till.api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": till.customer.id})
    till.api.customers.update(till.customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    till.stand_in.advance(32 * 86400)
    invoice = till.api.invoices.list({"status": "open"}).data[0]
    page.goto(invoice.hosted_invoice_url)
    look(page, "invoice")
    page.get_by_label("Works ••••").check()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Pay the invoice")).to_have_count(0)
    assert till.api.invoices.retrieve(invoice.id).status == "paid"
    page.goto(till.stand_in.url + "/nothing")
    look(page, "missing")
