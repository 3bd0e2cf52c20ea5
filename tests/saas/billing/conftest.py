"""Stripe for the tests of billing: the stand-in over HTTP, or Stripe's own test mode where STRIPE_TEST_KEY is set."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flask import Flask

from saas.billing import catalogue, portal
from saas.billing.gateway import Gateway
from saas.billing.local_stripe.server import StandIn
from saas.config import Billing
from tests.saas.billing import checked
from tests.saas.billing.local_stripe.conftest import Visitor

TEST_KEY = os.environ.get("STRIPE_TEST_KEY", "")
SECRET = "whsec_of_the_tests"


@pytest.fixture(scope="module")
def own_stripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn | None]:
    """A stand-in for the tests of a module; None where Stripe itself answers. What it checked is counted."""
    if TEST_KEY:
        yield None
        return
    path = tmp_path_factory.mktemp("stripe") / "stripe.sqlite"
    with StandIn(path, delays=(0.05,), after_retries="unpaid") as server:
        yield server
        checked.add(server.checked)


@pytest.fixture
def stand_in_only(own_stripe: StandIn | None) -> StandIn:
    """The stand-in, for what can't be done to Stripe itself: hosted pages without a browser, time, faults."""
    if own_stripe is None:
        pytest.skip("Stripe's own pages and clocks are left to the stand-in")
    return own_stripe


@pytest.fixture
def shopper(stand_in_only: StandIn) -> Iterator[Visitor]:
    found = Visitor(stand_in_only)
    yield found
    found.session.close()


@pytest.fixture
def billing(own_stripe: StandIn | None) -> Billing:
    if own_stripe is None:
        return Billing("test", TEST_KEY, None, (SECRET,))
    return Billing("demo", "sk_test_demo", own_stripe.url, (SECRET,))


@pytest.fixture
def stripe_side(app: Flask, billing: Billing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """The gateway; the app sells plans through it for the length of a test."""
    platform = app.extensions["regulars"]
    settings = platform.settings
    found = Gateway(billing)
    monkeypatch.setitem(app.extensions, "billing_gateway", found)
    object.__setattr__(settings, "billing", billing)
    yield found
    object.__setattr__(settings, "billing", Billing())
    catalogue.forget()
    portal.forget()


@pytest.fixture
def sold(app: Flask) -> Iterator[None]:
    """The app sells plans, and asks nobody."""
    settings = app.extensions["regulars"].settings
    nobody = Billing("demo", "sk_test_demo", "http://127.0.0.1:9", ("whsec_x",))
    object.__setattr__(settings, "billing", nobody)
    yield
    object.__setattr__(settings, "billing", Billing())
