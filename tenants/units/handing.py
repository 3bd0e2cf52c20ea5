"""Handing a reward out: once, and one piece less in the stock where it is counted."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from saas.db import db
from tenants.programs import ledger
from tenants.programs.ledger import Actor
from tenants.programs.models import Entry, ProgramVersion, Reward
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


def put_stock_back(row: Reward, now: dt.datetime) -> None:
    """The pieces of a full card's reward that came back are there for everybody again, as before it was handed out;
    one that units were spent on keeps the pieces that it took when it was issued."""
    filled = select(Entry.id).where(Entry.reward_id == row.id, Entry.cause == "card_full").limit(1)
    if not row.stock_taken or db.session.scalar(filled) is None:
        return
    promised = accounts.terms_of_reward(row, db.session.get_one(ProgramVersion, row.version_id))
    merchandise.give_back(promised.benefit.item, row.stock_taken, now)
    row.stock_taken = 0
    db.session.flush()
