"""Handing rewards out, by the member's changing code or because the cashier knows the member."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Response, abort

from saas.db import db
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, is_fragment
from tenants.counter import codes, queries, shift
from tenants.counter.desk import bp, location_id, page
from tenants.counter.forms import RedemptionForm
from tenants.programs import ledger
from tenants.programs.models import Reward
from tenants.purchases import handed

GRACE = dt.timedelta(minutes=1)  # from looking at a code until "Hand out" is pressed


@bp.get("/counter/<slug:merchant>/rewards/<uuid:reward_id>")
@requires("counter.use")
def reward(reward_id: uuid.UUID) -> Response:
    """One reward: ready to be handed out, or what became of it."""
    return reward_page(reward_id)


@bp.post("/counter/<slug:merchant>/rewards/<uuid:reward_id>/redemption")
@requires("counter.use")
def redeem(reward_id: uuid.UUID) -> Response:
    """Hand a reward out: burn the member's code, where there was one, and fulfil, in one transaction."""
    form, now, actor = RedemptionForm(), utcnow(), shift.actor()
    if not form.validate():
        abort(400)
    reward, _member, _program = queries.reward(reward_id) or abort(404)
    try:
        with db.session.begin_nested():
            _hand_out(reward, form.code.data, actor, now)
    except Refusal as refusal:
        return reward_page(reward_id, status=refusal.status, refusal=refusal)
    if not is_fragment():
        return done("counter.reward", reward_id=reward_id)
    return reward_page(reward_id, counts=True)


def _hand_out(reward: Reward, text: str, actor: ledger.Actor, now: dt.datetime) -> None:
    if text and codes.burn_reward(text, now, staff_id=actor.id, grace=GRACE).reward_id != reward.id:
        raise codes.CodeDoesNotWork
    if not _was_just_handed_out(reward, actor, now):
        handed.hand_out(reward.id, actor=actor, location_id=location_id(), now=now)


def _was_just_handed_out(reward: Reward, actor: ledger.Actor, now: dt.datetime) -> bool:
    """Whether this is the same hand-over sent again because its answer was lost."""
    at = reward.fulfilled_at
    return at is not None and reward.fulfilled_by == actor.id and now - at < codes.RETRY_WINDOW


def reward_page(reward_id: uuid.UUID, status: int = 200, counts: bool = False, **context: Any) -> Response:
    reward, member, program = queries.reward(reward_id) or abort(404)
    context = {"reward_code": "", "handed_by": shift.name_of(reward.fulfilled_by), **context}
    return page(
        "tenants/counter/reward.html",
        status=status,
        counts=counts,
        reward=reward,
        member=member,
        program=program,
        **context,
    )
