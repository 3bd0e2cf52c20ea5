"""The blueprint of the coupons' pages."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("coupons", __name__, url_prefix="/console/<slug:merchant>/coupons")
