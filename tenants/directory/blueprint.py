"""The blueprint of members in the console."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("members", __name__, url_prefix="/console/<slug:merchant>/members")
