"""What a page weighs on its way to a browser that has never been here: everything it loads, compressed."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.merchants.registry import Record
from tests.factories.filled import Filled, fill

CARD_LIMIT = 30 * 1024
CONSOLE_LIMIT = 250 * 1024
AsRole = Callable[[Record, str], FlaskClient]


@pytest.fixture
def filled(app: Flask, bakery: Record) -> Filled:
    return fill(app, bakery)


def test_the_card_is_light(app: Flask, filled: Filled) -> None:
    slug = filled.merchant.slug
    for stage in ("fresh", "ready"):
        phone = app.test_client()
        phone.set_cookie(f"card-{slug}", filled.cards[stage])
        for path in ("", "/history", "/profile", f"/rewards/{filled.reward_id}"):
            if stage == "ready" or "rewards" not in path:
                weights = weigh(phone, f"/c/{slug}{path}")
                assert len(weights) >= 4
                assert sum(weights.values()) < CARD_LIMIT, (stage, path, weights)


def test_console_and_counter_are_no_burden(filled: Filled, as_role: AsRole) -> None:
    owner, slug = as_role(filled.merchant, "owner"), filled.merchant.slug
    pages = (
        "/",
        "/members",
        "/programs",
        "/programs/new",
        "/coupons",
        "/coupons/new",
        "/products",
        "/products/imports",
        "/imports",
        "/settings",
        "/settings/webhooks",
        "/billing",
        "/staff",
    )
    for address in (*(f"/console/{slug}{page}" for page in pages), f"/counter/{slug}"):
        weights = weigh(owner, address)
        assert sum(weights.values()) < CONSOLE_LIMIT, (address, weights)


@pytest.mark.parametrize("path", ["/", "/pricing", "/sign-up", "/log-in"])
def test_the_public_pages_are_no_burden(client: FlaskClient, path: str) -> None:
    weights = weigh(client, path)
    assert sum(weights.values()) < CONSOLE_LIMIT, weights


def weigh(client: FlaskClient, path: str) -> dict[str, int]:
    """The page, what it links, and what its stylesheets load for Latin letters: bytes by address."""
    with client.get(path) as answer:
        assert answer.status_code == 200, path
        page = answer.text
    weights = {"page": len(gzip.compress(page.encode()))}
    linked = r'(?:href|src)="([^"#]+\.(?:css|js|svg|png|woff2|webmanifest)[^"#]*)'
    for address in sorted(set(re.findall(linked, page))):
        body = fetch(client, address)
        weights[address] = packed(body)
        if ".css" in address:
            for inner in loaded_by(body.decode()):
                found = urljoin(address, inner)
                weights[found] = packed(fetch(client, found))
    return weights


def loaded_by(stylesheet: str) -> set[str]:
    """The addresses that a stylesheet loads; a font only if it holds basic Latin letters."""
    found: set[str] = set()
    faces = re.findall(r"@font-face\s*{([^}]*)}", stylesheet)
    for face in faces:
        letters = re.search(r"unicode-range:\s*([^;}]+)", face)
        if letters is None or re.search(r"U\+0000-00FF|U\+20-7E|U\+0020-007E", letters[1], re.IGNORECASE):
            found |= set(re.findall(r"url\([\"']?(?!data:)([^\"')]+)", face)[:1])
    rest = re.sub(r"@font-face\s*{[^}]*}", "", stylesheet)
    return found | set(re.findall(r"url\([\"']?(?!data:|#)([^\"')]+)", rest))


def fetch(client: FlaskClient, address: str) -> bytes:
    with client.get(address) as answer:
        assert answer.status_code == 200, address
        return answer.data


def packed(body: bytes) -> int:
    return min(len(body), len(gzip.compress(body)))
