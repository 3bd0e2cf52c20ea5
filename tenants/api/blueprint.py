"""The blueprint of the API: no cookie is read there, so no form's token is asked for."""

from __future__ import annotations

from flask import Blueprint

from saas.web.security import csrf

bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)
