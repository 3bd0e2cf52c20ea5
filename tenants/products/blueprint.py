"""Where the products' pages hang in the address tree."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("products", __name__, url_prefix="/console/<slug:merchant>/products")
