"""Health: is the process alive, is the database reachable and current; and the choice of a language."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, abort, current_app, jsonify, redirect, request
from sqlalchemy import Column, MetaData, String, Table, select
from sqlalchemy.exc import SQLAlchemyError

from saas.db import PLATFORM, db, transaction
from saas.db.migrations import head
from saas.web.access import public
from saas.web.i18n import LANGUAGES
from saas.web.render import safe_next
from saas.web.security import set_cookie

bp = Blueprint("web", __name__)
YEAR = 365 * 24 * 3600
schema_version = Table("schema_version", MetaData(), Column("version_num", String))


@bp.get("/healthz")
@public(on="nothing")
def healthz() -> Response:
    """Alive: the process answers."""
    return jsonify(status="alive")


@bp.get("/readyz")
@public(on="nothing")
def readyz() -> tuple[Response, int]:
    """Ready: the database answers, and the platform's schema is at the version of this code."""
    try:
        with transaction(PLATFORM):
            version = db.session.scalar(select(schema_version.c.version_num))
    except SQLAlchemyError as error:
        current_app.logger.warning("not ready: %s", error)
        return jsonify(status="no database"), 503
    if version != head("platform"):
        return jsonify(status="migrations behind"), 503
    return jsonify(status="ready"), 200


@bp.post("/language", endpoint="language")
@public(on="nothing")
def choose_language() -> Response:
    """Remember a language on this device."""
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        abort(404)
    response = cast(Response, redirect(safe_next(request.form.get("next")) or "/", 303))
    secure = current_app.extensions["regulars"].settings.is_production
    set_cookie(response, "language", language, seconds=YEAR, secure=secure)
    return response
