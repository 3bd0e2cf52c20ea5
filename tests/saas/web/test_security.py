"""What other sites can't do, and what every page says to the browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.merchants.registry import Record

NAME = {"name": "Zoë", "language": "en"}


@pytest.fixture
def guarded(
    app: Flask, bakery: Record, as_role: Callable[[Record, str], FlaskClient]
) -> Iterator[FlaskClient]:
    """An owner's browser at a service that asks for tokens, as it does outside the tests."""
    client = as_role(bakery, "owner")
    app.config["WTF_CSRF_ENABLED"] = True
    yield client
    app.config["WTF_CSRF_ENABLED"] = False


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_form_counts_with_its_token_only_as_a_field_or_as_a_header(guarded: FlaskClient) -> None:
    token = token_in(guarded.get("/account").text)
    assert guarded.post("/account", data=NAME).status_code == 400
    assert guarded.post("/account", data={**NAME, "csrf_token": token[::-1]}).status_code == 400
    assert "Zoë" not in guarded.get("/account").text
    assert guarded.post("/account", data={**NAME, "csrf_token": token}).status_code == 303
    assert guarded.post("/account", data=NAME, headers={"X-CSRFToken": token}).status_code == 303
    assert "Zoë" in guarded.get("/account").text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_sends_is_refused_whatever_token_it_carries(
    guarded: FlaskClient, site: str
) -> None:
    form = {**NAME, "csrf_token": token_in(guarded.get("/account").text)}
    assert guarded.post("/account", data=form, headers={"Sec-Fetch-Site": site}).status_code == 403
    assert guarded.get("/account", headers={"Sec-Fetch-Site": site}).status_code == 200
    assert guarded.post("/account", data=form, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_page_runs_no_foreign_script_and_stays_out_of_frames_and_caches(client: FlaskClient) -> None:
    headers = client.get("/log-in").headers
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store, private"
