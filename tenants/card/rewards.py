"""A reward that is ready: its changing code, which the counter burns, and the page that notices it."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort

from saas.web.access import merchant_page
from saas.web.clock import utcnow
from saas.web.qr import qr_svg
from saas.web.render import done
from saas.web.throttle import throttle
from tenants.card import queries
from tenants.card.visit import bp, member_here, page, to_card
from tenants.counter import codes


@bp.get("/c/<slug:merchant>/rewards/<uuid:reward_id>")
@merchant_page()
def reward(reward_id: UUID) -> Response:
    """The reward with its code of the moment, or that it was handed out."""
    member, now = member_here(), utcnow()
    if member is None:
        return to_card()
    found = queries.reward(member, reward_id, now) or abort(404)
    code = queries.live_code(reward_id, now)
    return page(
        "reward",
        reward=found[1],
        shop_icon=found[1].icon,
        reward_status=found[0].status,
        handed_out_at=found[0].fulfilled_at,
        code=code,
        seconds=max(1, round((code.expires_at - now).total_seconds())) if code else 0,
        lifetime=round(codes.LIFETIME.total_seconds()),
        code_qr=qr_svg(code.token) if code else "",
    )


@bp.post("/c/<slug:merchant>/rewards/<uuid:reward_id>/codes")
@merchant_page()
def reward_code(reward_id: UUID) -> Response:
    """Make a code for a reward that is ready."""
    member, now = member_here(), utcnow()
    if member is None:
        return to_card()
    found = queries.reward(member, reward_id, now) or abort(404)
    if found[0].status != "issued":
        return done("card.reward", reward_id=reward_id)
    if queries.live_code(reward_id, now + codes.LIFETIME / 2) is None:  # a double tap is one code
        throttle("reward-code", str(reward_id), 120, 3600)
        codes.issue_reward(reward_id, now)
    return done("card.reward", reward_id=reward_id)


@bp.get("/c/<slug:merchant>/rewards/<uuid:reward_id>/state")
@merchant_page()
def reward_state(reward_id: UUID) -> Response:
    """One word that changes when the reward is handed out."""
    member = member_here()
    found = queries.reward(member, reward_id, utcnow()) if member else None
    answer = Response(found[0].status if found else "", mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store, private"
    return answer
