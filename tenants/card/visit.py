"""One member's browser at one merchant: its cookie, and the frame that every page of the card shares."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from saas.web.clock import utcnow
from saas.web.render import render
from saas.web.security import set_cookie
from tenants.members import operations as members
from tenants.members.models import Member

bp = Blueprint("card", __name__)
COOKIE_SECONDS = 400 * 24 * 3600  # the longest that browsers keep a cookie


def cookie_name() -> str:
    return f"card-{g.merchant.slug}"


def member_here() -> Member | None:
    """The member whose card this browser holds, or None."""
    return members.member_of(request.cookies.get(cookie_name()))


def keep(response: Response, token: str) -> Response:
    """Give the browser its card for 400 days; an empty token takes it away."""
    secure = current_app.extensions["regulars"].settings.is_production
    path = url_for("card.show")
    set_cookie(response, cookie_name(), token, seconds=COOKIE_SECONDS, secure=secure, path=path)
    return response


def keep_longer(response: Response) -> Response:
    """Start the 400 days anew for a browser that came back with its card."""
    return keep(response, request.cookies[cookie_name()])


def sign_in(member: Member, response: Response) -> Response:
    """Make this browser hold the member's card, under a token of its own."""
    return keep(response, members.sign_in(member.id, utcnow()))


def to_card() -> Response:
    return cast(Response, redirect(url_for("card.show"), 303))


def page(template: str, *, status: int = 200, **context: Any) -> Response:
    """A page in the shop's colours."""
    frame = {
        "theme_url": url_for("card.theme", v=g.merchant.brand_colour.lstrip("#")),
        "manifest_url": url_for("card.manifest"),
        "sw_url": url_for("card.service_worker"),
        "switch_next": request.path if request.method == "GET" else url_for("card.show"),
    }
    return render(f"tenants/card/{template}.html", status=status, **frame, **context)


def sign(purpose: str, value: str) -> str:
    """A value that comes back in a form unchanged, for this merchant and purpose only."""
    return str(_signer(purpose).dumps(value))


def unsign(purpose: str, text: str | None, seconds: int) -> tuple[str, Any] | None:
    """The signed value and when it was signed (UTC), or None for a forged, foreign or old one."""
    try:
        value, at = _signer(purpose).loads(text or "", max_age=seconds, return_timestamp=True)
    except BadSignature:
        return None
    return str(value), at


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(cast(str, current_app.secret_key), salt=f"card:{g.merchant.id}:{purpose}")
