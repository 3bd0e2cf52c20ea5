"""The blueprint of billing in the console."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("billing", __name__, url_prefix="/console/<slug:merchant>/billing")
