"""Where the programs' pages hang in the address tree."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("programs", __name__, url_prefix="/console/<slug:merchant>/programs")
