"""Rewards handed out apart from a purchase: issued for units, then used; cancelled or expired ones return them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from tenants.engine.dates import DAY, end_of, local
from tenants.engine.lots import give_back, spend
from tenants.engine.occasions import refusal
from tenants.engine.programs import Program
from tenants.engine.reasons import Reason, because
from tenants.engine.values import Basket, Enrolment, Member, Ready


@dataclass(frozen=True)
class Issued:
    """A reward that was issued: what it cost is in its pieces, and the enrolment holds it."""

    ready: Ready
    units: int
    enrolment: Enrolment


def issue(program: Program, reward_key: str, member: Member, visit: Basket) -> Issued | Reason:
    """Spend units on a reward that is handed out, or kept for a later purchase. `visit` is a basket without lines: it
    names the redemption and says when and where. Minimums of the reward's conditions wait for the purchase."""
    reward = program.terms.reward(reward_key)
    if reward is None or program.terms.kind == "stamp_card" or reward.benefit.kind in ("per_unit", "payment"):
        return because("unknown_reward")
    used = member.uses.get(f"{program.id}/{reward.key}", 0)
    if reason := refusal(reward.conditions, visit, member, used):
        return reason
    held = member.enrolments.get(program.id, Enrolment())
    balance = held.account.spendable(visit.at)
    units = max(balance, reward.cost) if reward.takes_all else reward.cost
    if not 0 < units <= balance:
        return because("not_enough_units", units=units, balance=balance)
    account, pieces = spend(held.account, units, visit.at)
    last = local(visit.at, visit.time_zone).date() + reward.valid_days * DAY
    expires_at = end_of(last, visit.time_zone) if reward.valid_days else None
    name = f"{visit.key}/{program.id}/{reward.key}"
    ready = Ready(name, program.id, program.version_id, reward, pieces, expires_at)
    return Issued(ready, units, replace(held, account=account, ready=(*held.ready, ready)))


def hand_out(enrolment: Enrolment, ready_id: str) -> Enrolment | None:
    """The enrolment without the reward, or None when it is not there (any more)."""
    left = tuple(ready for ready in enrolment.ready if ready.id != ready_id)
    return replace(enrolment, ready=left) if len(left) < len(enrolment.ready) else None


def cancel(enrolment: Enrolment, ready_id: str) -> Enrolment | None:
    """Take an issued reward back; its units return under their old expiry. None when it is not there (any more)."""
    ready = next((ready for ready in enrolment.ready if ready.id == ready_id), None)
    left = hand_out(enrolment, ready_id)
    if ready is None or left is None:
        return None
    return replace(left, account=give_back(left.account, ready.pieces))


def expire_rewards(enrolment: Enrolment, at: dt.datetime) -> tuple[Enrolment, tuple[Ready, ...]]:
    """Cancel what was not used in time. Doing it again changes nothing."""
    over = tuple(
        ready for ready in enrolment.ready if ready.expires_at is not None and ready.expires_at <= at
    )
    for ready in over:
        enrolment = cancel(enrolment, ready.id) or enrolment
    return enrolment, over
