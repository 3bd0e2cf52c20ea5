"""Rewards: issued for units, then handed out once, or cancelled or expired, which gives the units back.

Handing out is programs.ledger.fulfil, for rewards of every kind.
"""

from __future__ import annotations

import datetime as dt
import uuid

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select, update

from saas.db import db, new_id
from saas.web.refusals import Refusal
from tenants.engine.dates import DAY, end_of, local
from tenants.engine.lots import Lot, give_back, spend, units_of
from tenants.engine.mapping import to_mapping
from tenants.engine.programs import Program
from tenants.engine.rewards import Reward as RewardTerms
from tenants.engine.values import Ready
from tenants.programs import terms
from tenants.programs.ledger import Actor, RewardGone
from tenants.programs.models import Entry, ProgramVersion, Reward
from tenants.units import accounts, merchandise
from tenants.units.accounts import Held
from tenants.units.entries import Event, note, post


class NotEnoughUnits(Refusal):
    """The reward costs more than there is to spend."""


def issue(
    held: Held, program: Program, reward: RewardTerms, units: int, event: Event, zone: str, **more: object
) -> Reward:
    """Spend units on a reward that is to be handed out later; stock is taken now. The enrolment is locked.

    Raises NotEnoughUnits, OutOfStock. `more` are columns of the entry, such as its request key.
    """
    if units > held.account.spendable(event.at):
        raise NotEnoughUnits(_("There aren’t enough units for this reward."))
    account, pieces = spend(held.account, units, event.at)
    row = open_reward(
        held,
        Ready("", program.id, program.version_id, reward, pieces, over_at(reward, event.at, zone)),
        event,
    )
    if reward.benefit.kind == "merchandise":
        row.stock_taken = merchandise.take(reward.benefit.item, reward.benefit.quantity, event.now)
    why = [note("spent_on", units=units, reward=row.name)]
    post(held, event, "redeem", -units, why, version_id=row.version_id, reward_id=row.id, **more)
    accounts.store(held, account)
    db.session.flush()
    return row


def over_at(reward: RewardTerms, at: dt.datetime, zone: str) -> dt.datetime | None:
    """When an issued reward is no longer good: the end of a local day."""
    if not reward.valid_days:
        return None
    return end_of(local(at, zone).date() + reward.valid_days * DAY, zone)


def open_reward(held: Held, ready: Ready, event: Event) -> Reward:
    """The row of a reward that the engine issued; the caller writes the entry that paid for it."""
    version = db.session.get_one(ProgramVersion, uuid.UUID(ready.version_id))
    row = Reward(
        id=new_id(),
        enrolment_id=held.row.id,
        version_id=version.id,
        name=terms.reward_name(version.terms, ready.reward),
        status="issued",
        issued_at=event.at,
        key=ready.id or None,
        terms=to_mapping(ready.reward),
        cost_pieces=[to_mapping(piece) for piece in ready.pieces],
        expires_at=ready.expires_at,
    )
    db.session.add(row)
    return row


def cancel(reward_id: uuid.UUID, *, actor: Actor, now: dt.datetime) -> Reward:
    """Take a reward back that was not handed out; what it cost is back. Locks the enrolment, raises RewardGone."""
    return _close(reward_id, "cancelled", actor, now)


def expire(reward_id: uuid.UUID, *, actor: Actor, now: dt.datetime) -> Reward:
    """The same, because its time is over."""
    return _close(reward_id, "expired", actor, now)


def _close(reward_id: uuid.UUID, status: str, actor: Actor, now: dt.datetime) -> Reward:
    enrolment_id = db.session.scalar(select(Reward.enrolment_id).where(Reward.id == reward_id))
    held = accounts.load_one(enrolment_id, now) if enrolment_id else None
    if held is None:
        abort(404)
    row = _marked(reward_id, status, now)
    if row is None:
        raise RewardGone(_("This reward was handed out before, taken back, or its time is over."))
    event = Event("reward", row.id, actor, now, now)
    pieces = return_cost(held, row, event)
    accounts.store(held, give_back(held.account, pieces))
    db.session.flush()
    return row


def _marked(reward_id: uuid.UUID, status: str, now: dt.datetime) -> Reward | None:
    return db.session.scalar(
        update(Reward)
        .where(Reward.id == reward_id, Reward.status == "issued")
        .values(status=status, closed_at=now)
        .returning(Reward)
        .execution_options(populate_existing=True)
    )


def return_cost(held: Held, row: Reward, event: Event) -> tuple[Lot, ...]:
    """The counter-entry of what a reward cost, and its stock back; answers the pieces, for the caller to put back."""
    paid = db.session.scalar(
        select(Entry).where(
            Entry.enrolment_id == row.enrolment_id, Entry.reward_id == row.id, Entry.kind == "redeem"
        )
    )
    pieces = accounts.pieces_of(row, -paid.units if paid else 0)
    if paid is not None:
        why = [note("reward_closed", units=-paid.units, reward=row.name)]
        more = {"reverses_id": paid.id, "reward_id": row.id, "version_id": row.version_id}
        post(held, event, "reverse", units_of(pieces), why, **more)
    if row.stock_taken:
        promised = accounts.terms_of_reward(row, db.session.get_one(ProgramVersion, row.version_id))
        merchandise.give_back(promised.benefit.item, row.stock_taken, event.now)
        row.stock_taken = 0
    return pieces
