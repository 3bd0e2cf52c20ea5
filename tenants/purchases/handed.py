"""Handing a reward out for what it promises: a piece of the stock, or a coupon that then is on the member's card."""

from __future__ import annotations

import datetime as dt
import uuid

from saas.db import db
from tenants.programs.ledger import Actor
from tenants.programs.models import Enrolment, ProgramVersion, Reward
from tenants.purchases import seams
from tenants.units import accounts, handing


def hand_out(
    reward_id: uuid.UUID, *, actor: Actor, location_id: uuid.UUID | None = None, now: dt.datetime
) -> Reward:
    """Fulfil a reward, once. Raises RewardGone, OutOfStock; then nothing of it may be kept."""
    row = handing.hand_out(reward_id, actor=actor, location_id=location_id, now=now)
    promised = accounts.terms_of_reward(row, db.session.get_one(ProgramVersion, row.version_id)).benefit
    if promised.kind == "coupon" and (coupons := seams.coupons()):
        member_id = db.session.get_one(Enrolment, row.enrolment_id).member_id
        coupons.grant(promised.item, member_id, row.id, now)
    return row
