"""Where the pages about accounts hang in the address tree."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts", __name__)
