"""A member's enrolments as the engine's values, read from rows, and written back to them.

What was given by hand has no lot: it is one implicit lot, `HAND`, that never expires and holds what the balance has
beyond the stored lots. A stamp card stores no lots of its own for stamps that never expire.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from saas.web.refusals import Refusal
from tenants.engine.lots import Account, Lot, earn
from tenants.engine.mapping import from_mapping
from tenants.engine.rewards import Reward as RewardTerms
from tenants.engine.values import Card, Enrolment, Ready
from tenants.programs import models, terms
from tenants.programs.models import Entry, Program, ProgramVersion
from tenants.units.models import Lot as LotRow

HAND = "hand"
BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LARGEST = 2**31 - 1


class TooManyUnits(Refusal):
    """More units than an account can hold: two billion."""


@dataclass
class Held:
    """An enrolment: its row, and its value as the engine reads it. `rewards` are the issued ones by the engine's id,
    `lots` the open ones as they are stored."""

    row: models.Enrolment
    kind: str
    enrolment: Enrolment
    rewards: dict[str, models.Reward]
    lots: Sequence[Lot] = ()

    @property
    def account(self) -> Account:
        return self.enrolment.account


def load(member_id: uuid.UUID, at: dt.datetime | None, *, is_locked: bool = False) -> dict[str, Held]:
    """All that a member holds, by program id. `is_locked` locks the enrolments, in the order of their ids.

    Rewards whose time is over by `at` are left out: they are about to be closed. Without `at` they are there too.
    """
    return _held(select_enrolments().where(models.Enrolment.member_id == member_id), at, is_locked)


def load_one(enrolment_id: uuid.UUID, at: dt.datetime, *, is_locked: bool = True) -> Held | None:
    """One enrolment, locked; None where there is none."""
    found = _held(select_enrolments().where(models.Enrolment.id == enrolment_id), at, is_locked)
    return next(iter(found.values()), None)


def select_enrolments() -> Select[models.Enrolment, str, ProgramVersion]:
    return (
        select(models.Enrolment, Program.kind, ProgramVersion)
        .join(Program, Program.id == models.Enrolment.program_id)
        .join(ProgramVersion, ProgramVersion.id == models.Enrolment.version_id)
        .order_by(models.Enrolment.id)
    )


def _held(
    query: Select[models.Enrolment, str, ProgramVersion], at: dt.datetime | None, is_locked: bool
) -> dict[str, Held]:
    if is_locked:
        query = query.with_for_update(of=models.Enrolment)
    rows = db.session.execute(query.execution_options(populate_existing=True)).all()
    ids = [row.id for row, _kind, _version in rows]
    lots, rewards = _lots(ids), _rewards(ids, at)
    found = {}
    for row, kind, version in rows:
        stored = lots.get(row.id, [])
        account = account_of(row.balance, stored)
        card = _card(version) if kind == "stamp_card" and account.balance > 0 else None
        own = rewards.get(row.id, [])
        ready = tuple(_ready(reward, cost, version_of, row.program_id) for reward, cost, version_of in own)
        issued = {ready_id(reward): reward for reward, _cost, _version in own}
        found[str(row.program_id)] = Held(row, kind, Enrolment(account, card, ready), issued, stored)
    return found


def account_of(balance: int, lots: Sequence[Lot]) -> Account:
    """The account of a balance and the open lots; what the balance lacks is taken out of lots as spending would."""
    by_hand = balance - sum(lot.units for lot in lots)
    if by_hand > 0:
        lots = [*lots, Lot(HAND, by_hand, BEGINNING)]
    account = Account((), max(-by_hand, 0))
    for lot in sorted(lots, key=lambda lot: (lot.expires_at is None, lot.expires_at, lot.earned_at, lot.id)):
        account = earn(account, lot)
    return account


def _lots(enrolment_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Lot]]:
    found: dict[uuid.UUID, list[Lot]] = {}
    if not enrolment_ids:
        return found
    query = select(LotRow).where(LotRow.enrolment_id.in_(enrolment_ids), LotRow.units_left > 0)
    for row in db.session.scalars(query.execution_options(populate_existing=True)):
        lot = Lot(row.key, row.units_left, row.earned_at, row.expires_at, row.available_at)
        found.setdefault(row.enrolment_id, []).append(lot)
    return found


def _rewards(
    enrolment_ids: Sequence[uuid.UUID], at: dt.datetime | None
) -> dict[uuid.UUID, list[tuple[models.Reward, int, ProgramVersion]]]:
    """The issued rewards, oldest first, with what each cost and its version."""
    found: dict[uuid.UUID, list[tuple[models.Reward, int, ProgramVersion]]] = {}
    if not enrolment_ids:
        return found
    cost = (
        select(func.coalesce(-func.sum(Entry.units), 0))
        .where(Entry.enrolment_id == models.Reward.enrolment_id, Entry.reward_id == models.Reward.id)
        .where(Entry.kind == "redeem")
        .scalar_subquery()
    )
    query = (
        select(models.Reward, cost, ProgramVersion)
        .join(ProgramVersion, ProgramVersion.id == models.Reward.version_id)
        .where(models.Reward.enrolment_id.in_(enrolment_ids), models.Reward.status == "issued")
        .order_by(
            models.Reward.issued_at, func.length(models.Reward.key), models.Reward.key, models.Reward.id
        )
    )
    if at is not None:
        query = query.where(or_(models.Reward.expires_at.is_(None), models.Reward.expires_at > at))
    for reward, units, version in db.session.execute(query.execution_options(populate_existing=True)):
        found.setdefault(reward.enrolment_id, []).append((reward, int(units), version))
    return found


def ready_id(reward: models.Reward) -> str:
    """The engine's name of an issued reward."""
    return reward.key or str(reward.id)


def _ready(reward: models.Reward, cost: int, version: ProgramVersion, program_id: uuid.UUID) -> Ready:
    promised = terms_of_reward(reward, version)
    return Ready(
        ready_id(reward),
        str(program_id),
        str(version.id),
        promised,
        pieces_of(reward, cost),
        reward.expires_at,
    )


def terms_of_reward(reward: models.Reward, version: ProgramVersion) -> RewardTerms:
    """A reward as it was promised; one of a card that was filled by hand is as its version says."""
    if reward.terms is not None:
        return from_mapping(RewardTerms, reward.terms)
    return terms.program_of(version, "").terms.card_reward


def pieces_of(reward: models.Reward, cost: int) -> tuple[Lot, ...]:
    """The pieces of lots that a reward cost; what was paid by hand goes back there."""
    if reward.cost_pieces is not None:
        return tuple(from_mapping(Lot, piece) for piece in reward.cost_pieces)
    return (Lot(HAND, cost, BEGINNING),) if cost else ()


def _card(version: ProgramVersion) -> Card:
    card = terms.program_of(version, "").terms
    return Card(str(version.id), card.required, card.card_reward)


def store(held: Held, after: Account) -> None:
    """Write an account back: lots as they are now, and the balance. The caller holds the enrolment's lock since it was
    loaded, and writes the entries that explain it."""
    if abs(after.balance) > LARGEST or any(lot.units > LARGEST for lot in after.lots):
        raise TooManyUnits(_("That is more than an account can hold."))
    is_card = held.kind == "stamp_card"
    kept = {
        lot.id: lot
        for lot in after.lots
        if lot.id != HAND and not (is_card and lot.expires_at is None and lot.available_at is None)
    }
    gone = [
        Lot(lot.id, 0, lot.earned_at, lot.expires_at, lot.available_at)
        for lot in held.lots
        if lot.id not in kept
    ]
    known = {lot.id: lot for lot in held.lots}
    _write([lot for lot in [*kept.values(), *gone] if known.get(lot.id) != lot], held.row.id)
    held.lots = [lot for lot in kept.values() if lot.units > 0]
    held.row.balance = after.balance
    held.enrolment = Enrolment(after, held.enrolment.card, held.enrolment.ready)


def _write(lots: Sequence[Lot], enrolment_id: uuid.UUID) -> None:
    if not lots:
        return
    rows = [
        {
            "id": new_id(),
            "enrolment_id": enrolment_id,
            "key": lot.id,
            "units_left": lot.units,
            "earned_at": lot.earned_at,
            "expires_at": lot.expires_at,
            "available_at": lot.available_at,
        }
        for lot in lots
    ]
    statement = insert(LotRow).values(rows)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["enrolment_id", "key"], set_={"units_left": statement.excluded.units_left}
        )
    )
