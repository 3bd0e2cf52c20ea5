"""Handing a reward out: once, and one piece less in the stock where it is counted."""

from __future__ import annotations

import datetime as dt
import uuid

from saas.db import db
from tenants.programs import ledger
from tenants.programs.ledger import Actor
from tenants.programs.models import ProgramVersion, Reward
from tenants.units import accounts, merchandise


def hand_out(
    reward_id: uuid.UUID, *, actor: Actor, location_id: uuid.UUID | None = None, now: dt.datetime
) -> Reward:
    """Fulfil a reward and take it from the stock, unless that was done when it was issued, as with what units are spent
    on. Raises RewardGone, OutOfStock; then nothing of it may be kept."""
    row = ledger.fulfil(reward_id, actor=actor, location_id=location_id, now=now)
    take_stock(row, now)
    return row


def take_stock(row: Reward, now: dt.datetime) -> None:
    """Take a reward that holds no pieces yet, such as a full card's, from the stock. Raises OutOfStock."""
    if row.stock_taken:
        return
    promised = accounts.terms_of_reward(row, db.session.get_one(ProgramVersion, row.version_id))
    if promised.benefit.kind == "merchandise":
        row.stock_taken = merchandise.take(promised.benefit.item, promised.benefit.quantity, now)
        db.session.flush()
