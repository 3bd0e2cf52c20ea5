"""The blueprint of the webhooks' pages."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("webhooks", __name__, url_prefix="/console/<slug:merchant>/settings/webhooks")
