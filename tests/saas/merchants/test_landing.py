"""The front page."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from saas.merchants.registry import Record


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
