"""What the owner of a shop reads of it: the operator's visits, suspensions and gifts, each with its reason."""

from __future__ import annotations

from flask import Blueprint, Response, g, url_for

from saas.operator import audit, words
from saas.operator.blueprint import asked_number
from saas.web.access import requires
from saas.web.render import render

bp = Blueprint("visits", __name__)


@bp.get("/console/<slug:merchant>/settings/visits")
@requires("settings.manage", on="platform")
def index() -> Response:
    """What the operator did with this shop, the newest first."""
    at = asked_number("before")
    actions, older = audit.page(merchant_id=g.merchant.id, before=at)
    return render(
        "saas/operator/visits.html",
        actions=actions,
        words=words,
        newest_url=url_for("visits.index") if at else None,
        older_url=url_for("visits.index", before=older) if older else None,
    )
