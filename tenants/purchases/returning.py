"""What the engine answers to a refund, as lines of the ledger: units taken back and given back, rewards, tiers."""

from __future__ import annotations

import uuid
from collections import Counter

from sqlalchemy import update

from saas.db import db
from saas.merchants.registry import Record
from tenants.engine import tiers
from tenants.engine.clawbacks import Reversal
from tenants.engine.lots import units_of
from tenants.engine.refunds import Refund
from tenants.engine.results import Result
from tenants.engine.values import Ready
from tenants.programs import terms
from tenants.programs.models import Reward
from tenants.purchases import forgetting
from tenants.purchases.models import Purchase
from tenants.purchases.posting import pieces_of, settle
from tenants.units import handing, merchandise
from tenants.units.accounts import Held
from tenants.units.entries import Event, note, post
from tenants.units.models import Qualification
from tenants.units.rewards import return_cost
from tenants.units.standing import standings


def post_refund(
    found: Refund, result: Result, held: dict[str, Held], purchase: Purchase, event: Event, merchant: Record
) -> None:
    """Write what a refund does, under the locks that are held. What came back is written before what is taken."""
    moved = _post_units(found, held, event)
    for program_id, after in (found.enrolments or {}).items():
        one = held[program_id]
        if one.row.balance + moved[program_id] != after.account.balance:
            raise RuntimeError(f"enrolment {one.row.id}: {moved[program_id]} is not what the refund moved")
        if after.account != one.account or after.card != one.enrolment.card:
            settle(one, after, str(one.row.version_id))
    for program_id, units in (found.qualifying or {}).items():
        if program_id in held:
            _disqualify(program_id, units, result, held, purchase, event, merchant)
    if found.void:
        for item, count in pieces_of(result):
            merchandise.give_back(item, count, event.now)
    if found.is_everything:
        forgetting.forget(result, held, purchase.id, event)


def _post_units(found: Refund, held: dict[str, Held], event: Event) -> Counter[str]:
    """The entries of a refund, and the rewards that wait again or are cancelled; answers the units moved by program."""
    moved: Counter[str] = Counter()
    for given in found.given_back:
        units = units_of(given.pieces)
        post(held[given.program_id], event, "reverse", units, [note("given_back", units=units)])
        moved[given.program_id] += units
    for ready in found.ready_back:
        _issue_again(held[ready.program_id], ready, event)
    for ready in found.cancelled:
        moved[ready.program_id] += _cancel(held[ready.program_id], ready, event)
    for reversal in found.reversals:
        _take_back(held[reversal.program_id], reversal, event)
        moved[reversal.program_id] -= reversal.units
    return moved


def _take_back(one: Held, reversal: Reversal, event: Event) -> None:
    if not reversal.units:
        return
    why = [note("returned", units=reversal.units)]
    if reversal.shortfall > 0:
        why.append(note("shortfall", units=reversal.shortfall))
    post(one, event, "reverse", -reversal.units, why, version_id=uuid.UUID(reversal.version_id))


def _issue_again(one: Held, ready: Ready, event: Event) -> None:
    """A reward that was used on the purchase waits again, as it was promised."""
    names = Reward.key == ready.id if "/" in ready.id else Reward.id == uuid.UUID(ready.id)
    row = db.session.scalar(
        update(Reward)
        .where(Reward.enrolment_id == one.row.id, names, Reward.status == "fulfilled")
        .values(status="issued", fulfilled_at=None, fulfilled_by=None, location_id=None)
        .returning(Reward)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise RuntimeError(f"reward {ready.id} was used on the purchase and isn't fulfilled")
    handing.put_stock_back(row, event.now)
    one.rewards[ready.id] = row


def _cancel(one: Held, ready: Ready, event: Event) -> int:
    """Cancel a reward that the units no longer pay for; answers what it had cost."""
    row = one.rewards[ready.id]
    row.status, row.closed_at = "cancelled", event.now
    return units_of(return_cost(one, row, event))


def _disqualify(
    program_id: str,
    units: int,
    result: Result,
    held: dict[str, Held],
    purchase: Purchase,
    event: Event,
    merchant: Record,
) -> None:
    """Take qualifying units back, dated as the purchase was; a tier that what remains never reached is given up."""
    one = held[program_id]
    outcome = result.outcome(program_id)
    if outcome is None:
        raise RuntimeError(f"purchase {purchase.id} did nothing in program {program_id}")
    version = terms.versions_of([uuid.UUID(outcome.version_id)], merchant.currency)[outcome.version_id].terms
    standing = standings(held)[program_id]
    after = tiers.taken_back(
        version.tiers, version.window, standing, units, purchase.occurred_at, merchant.time_zone
    )
    db.session.add(
        Qualification(
            enrolment_id=one.row.id,
            units=-units,
            purchase_id=purchase.id,
            refund_id=event.cause_id,
            occurred_at=purchase.occurred_at,
            recorded_at=event.now,
        )
    )
    if after.tier != (one.row.tier or ""):
        one.row.tier, one.row.tier_kept_until = after.tier or None, after.kept_until
