"""What a card page loads from its merchant: colours, logo, and what makes it a page to keep offline."""

from __future__ import annotations

import json

from flask import Response, abort, g, request, url_for

from saas.config import ROOT
from saas.web.access import merchant_page
from saas.web.static import static
from tenants.card import theme
from tenants.card.visit import bp
from tenants.locations import queries as locations

FOR_A_YEAR = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"


def cached(response: Response, version: str | None) -> Response:
    """An address that names its version is kept for a year, any other for a minute."""
    response.headers["Cache-Control"] = (
        FOR_A_YEAR if version and request.args.get("v") == version else FOR_A_MINUTE
    )
    return response


@bp.get("/c/<slug:merchant>/theme.css", endpoint="theme")
@merchant_page(on="nothing")
def stylesheet() -> Response:
    """The merchant's colours."""
    colour = g.merchant.brand_colour
    return cached(Response(theme.css(colour), mimetype="text/css"), colour.lstrip("#"))


@bp.get("/c/<slug:merchant>/logo.png")
@merchant_page()
def logo() -> Response:
    """The newest logo, encoded by us; 404 where the shop has none."""
    picture = locations.logo()
    if picture is None:
        abort(404)
    response = cached(Response(picture.content, mimetype="image/png"), picture.version)
    response.set_etag(picture.version)
    response.make_conditional(request)
    return response


@bp.get("/c/<slug:merchant>/manifest.webmanifest")
@merchant_page(on="nothing")
def manifest() -> Response:
    """Lets a phone keep the card on its home screen."""
    merchant, start = g.merchant, url_for("card.show")
    icons = [
        {"src": static(f"icons/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    if merchant.logo_version:
        address = url_for("card.logo", v=merchant.logo_version)
        icons.insert(0, {"src": address, "sizes": "256x256", "type": "image/png"})
    content = {
        "id": start,
        "name": merchant.name,
        "short_name": merchant.name[:24],
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "background_color": "#f6f6f4",
        "theme_color": theme.make(merchant.brand_colour).brand,
        "icons": icons,
    }
    body = json.dumps(content, ensure_ascii=False)
    return cached(Response(body, mimetype="application/manifest+json"), None)


@bp.get("/c/<slug:merchant>/sw.js")
@merchant_page(on="nothing")
def service_worker() -> Response:
    """The script that keeps the last card for when there is no line; it may serve this card's pages only."""
    response = Response((ROOT / "static" / "js" / "sw.js").read_bytes(), mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = url_for("card.show")
    response.headers["Cache-Control"] = "no-cache"
    return response
