"""The mailbox: mails that no server sent, readable outside production only."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy import select

from saas.db import db
from saas.web.access import public
from saas.web.models import KeptMail
from saas.web.render import render

bp = Blueprint("mailbox", __name__)


@bp.get("/dev/mailbox")
@public()
def index() -> Response:
    """The last hundred mails, newest first, of one recipient where `to` is given."""
    query = select(KeptMail).order_by(KeptMail.created_at.desc()).limit(100)
    recipient = request.args.get("to", "").strip()
    if recipient:
        query = query.where(KeptMail.recipient == recipient)
    return render("saas/web/mailbox.html", mails=db.session.scalars(query).all(), recipient=recipient)
