"""What a card loads from its merchant."""

from __future__ import annotations

import json


def test_the_theme_is_kept_for_a_year_under_its_version(phone, bakery):
    version = bakery.brand_colour.lstrip("#")
    kept = phone().get(f"/theme.css?v={version}")
    assert kept.mimetype == "text/css"
    assert "immutable" in kept.headers["Cache-Control"]
    assert "immutable" not in phone().get("/theme.css?v=123456").headers["Cache-Control"]
    assert "--brand:#0f766e" in kept.text


def test_the_card_can_be_kept_on_the_home_screen(phone, bakery):
    manifest = phone().get("/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    content = json.loads(manifest.text)
    assert content["name"] == "Bakery"
    assert content["start_url"] == content["scope"] == f"/c/{bakery.slug}"


def test_the_service_worker_serves_this_card_only(phone, bakery):
    script = phone().get("/sw.js")
    assert script.mimetype == "text/javascript"
    assert script.headers["Service-Worker-Allowed"] == f"/c/{bakery.slug}"


def test_a_shop_without_a_logo_has_none(phone):
    assert phone().get("/logo.png").status_code == 404
