"""The front page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from saas.merchants import registry, views
from saas.merchants.registry import Record
from tenants import demo


def test_a_stranger_is_led_to_sign_up_and_log_in(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert 'href="/sign-up"' in page.text
    assert 'href="/log-in"' in page.text


def test_whoever_is_logged_in_sees_the_way_to_the_shop(
    bakery: Record, as_role: Callable[[Record, str], FlaskClient]
) -> None:
    assert f'href="/console/{bakery.slug}/"' in as_role(bakery, "owner").get("/").text
    assert f'href="/counter/{bakery.slug}"' in as_role(bakery, "cashier").get("/").text


def test_the_demonstration_is_named_where_there_is_one(
    client: FlaskClient, bakery: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert views.DEMO_SHOP in {shop.slug for shop in demo.SHOPS}
    assert views.DEMO_PASSWORD == demo.PASSWORD
    monkeypatch.setattr(registry, "find", lambda slug: None)
    assert views.DEMO_PASSWORD not in client.get("/").text
    monkeypatch.setattr(registry, "find", lambda slug: bakery)
    assert views.DEMO_PASSWORD in client.get("/").text
