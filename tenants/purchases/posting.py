"""What the engine answers to a purchase, as lines of the ledger: entries, lots, rewards, tiers, uses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from saas.db import db
from tenants.engine.programs import Program
from tenants.engine.results import Earned, Outcome, Result, Source
from tenants.engine.values import Enrolment
from tenants.programs import terms
from tenants.programs.models import ProgramVersion, Reward
from tenants.purchases.facts import Scene, limited
from tenants.units import accounts, handing, merchandise, rewards
from tenants.units.accounts import Held
from tenants.units.entries import Event, as_stored, note, post
from tenants.units.models import Qualification, RuleUse


def post_result(result: Result, scene: Scene, event: Event) -> None:
    """Write what a purchase does to each program of the member, under the locks that are held. Raises OutOfStock."""
    programs = {program.id: program for program in scene.programs}
    for outcome in result.outcomes:
        held = scene.held[outcome.program_id]
        if outcome.kind == "tiers":
            _qualify(held, outcome, event)
        else:
            _post_outcome(held, outcome, result, event)
        _count_uses(held, programs[outcome.program_id], outcome, result, event)
    for used in result.used:
        if used.ready:
            _hand_out(scene.held[used.ready.program_id].rewards[used.ready.id], event)
    for item, count in pieces_of(result):
        merchandise.take(item, count, event.now)


def pieces_of(result: Result) -> Iterator[tuple[str, int]]:
    """Merchandise that a purchase hands out from the stock; an issued reward took its own when it was issued."""
    for grant in sorted(result.grants, key=lambda grant: grant.item):
        if grant.kind == "merchandise" and grant.source.kind != "ready":
            yield grant.item, grant.count


def _post_outcome(held: Held, outcome: Outcome, result: Result, event: Event) -> None:
    after = outcome.enrolment or held.enrolment
    before = held.row.balance
    moved = 0
    earned_id = None
    more = {"version_id": uuid.UUID(outcome.version_id)}
    if outcome.units:
        why = as_stored([reason for earned in outcome.earned for reason in earned.why])
        lot_key = outcome.lot.id if outcome.lot else None
        earned_id = post(held, event, "earn", outcome.units, why, lot_key=lot_key, **more).id
        held.row.last_earned_at = event.at
        moved += outcome.units
    for source, units in _spent(result, outcome.program_id):
        why = [note("spent_on", units=units, reward=_name(source))]
        post(held, event, "redeem", -units, why, **more)
        moved -= units
    for ready in after.ready:
        if ready.id in outcome.ready:
            row = rewards.open_reward(held, ready, event)
            cost = sum(piece.units for piece in ready.pieces)
            filled = Event("card_full", earned_id, event.actor, event.at, event.now, event.location_id)
            post(held, filled, "redeem", -cost, [], version_id=row.version_id, reward_id=row.id)
            moved -= cost
    if before + moved != after.account.balance:
        raise RuntimeError(f"enrolment {held.row.id}: {before} and {moved} are not {after.account.balance}")
    settle(held, after, outcome.version_id)


def settle(held: Held, after: Enrolment, version_id: str) -> None:
    """Write the account, and under which version the enrolment goes on."""
    accounts.store(held, after.account)
    held.enrolment = after
    held.row.version_id = uuid.UUID(after.card.version_id if after.card else version_id)


def _spent(result: Result, program_id: str) -> Iterator[tuple[Source, int]]:
    """What units of a program were spent on, as discounts and as payments."""
    for used in result.used:
        if used.units and used.source.program_id == program_id:
            yield used.source, used.units
    for payment in result.payments:
        if payment.units and payment.program_id == program_id:
            version = next(o.version_id for o in result.outcomes if o.program_id == program_id)
            yield Source("reward", payment.id, program_id, version), payment.units


def _name(source: Source) -> str:
    """What a reward is called by the version that offered it."""
    version = db.session.get_one(ProgramVersion, uuid.UUID(source.version_id))
    key = source.id.partition("/")[2]
    reward = terms.program_of(version, "").terms.reward(key)
    return terms.reward_name(version.terms, reward) if reward else key


def _hand_out(row: Reward, event: Event) -> None:
    row.status, row.fulfilled_at, row.fulfilled_by = "fulfilled", event.at, event.actor.id
    row.location_id = event.location_id
    handing.take_stock(row, event.now)


def _qualify(held: Held, outcome: Outcome, event: Event) -> None:
    """Qualifying units, and the tier that is reached by them; no entry, since nothing can be spent."""
    if outcome.units and event.cause_id:
        db.session.add(
            Qualification(
                enrolment_id=held.row.id,
                units=outcome.units,
                purchase_id=event.cause_id,
                occurred_at=event.at,
                recorded_at=event.now,
            )
        )
        held.row.last_earned_at = event.at
    held.row.version_id = uuid.UUID(outcome.version_id)
    if outcome.standing and outcome.standing.tier != outcome.tier_before:
        held.row.tier = outcome.standing.tier or None
        held.row.tier_kept_until = outcome.standing.kept_until


def _count_uses(held: Held, program: Program, outcome: Outcome, result: Result, event: Event) -> None:
    counted = limited(program.terms)
    if not counted:
        return
    used = {earned.rule_key for earned in outcome.earned if earned.units}
    used |= {key for earned in outcome.earned for key in _multipliers(earned)}
    for item in result.used:
        if item.source.kind == "reward" and item.source.program_id == program.id:
            used.add(item.source.id.partition("/")[2])  # an issued one was counted when it was issued
    for key in sorted(used & counted):
        db.session.add(
            RuleUse(
                enrolment_id=held.row.id, key=key, count=1, purchase_id=event.cause_id, recorded_at=event.now
            )
        )


def _multipliers(earned: Earned) -> Iterator[str]:
    return (str(reason.params["rule"]) for reason in earned.why if reason.code == "multiplied")
