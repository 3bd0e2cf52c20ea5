"""The front page of the service."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from saas.merchants import registry
from saas.web.access import public
from saas.web.render import render

bp = Blueprint("merchants", __name__)
DEMO_SHOP, DEMO_OWNER, DEMO_PASSWORD = "fournos", "owner@regulars.example", "regulars-demo"


@bp.get("/")
@public(on="nothing")
def landing() -> Response:
    """What the service is, for whoever comes by; where there is a demonstration, with its log-in."""
    is_production = current_app.extensions["regulars"].settings.is_production
    has_demo = not is_production and registry.find(DEMO_SHOP) is not None
    demo = {"shop": DEMO_SHOP, "email": DEMO_OWNER, "password": DEMO_PASSWORD} if has_demo else None
    return render("saas/merchants/landing.html", demo=demo)
