"""The front page of the service."""

from __future__ import annotations

from flask import Blueprint, Response

from saas.web.access import public
from saas.web.render import render

bp = Blueprint("merchants", __name__)


@bp.get("/")
@public(on="nothing")
def landing() -> Response:
    """What the service is, for whoever comes by."""
    return render("saas/merchants/landing.html", demo=[])
