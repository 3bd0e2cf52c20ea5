"""Bonuses for what is no purchase: a welcome, a birthday, a referral, a review, a comeback. Once each, and capped."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tenants.engine.lots import Lot, available_at
from tenants.engine.programs import Program
from tenants.engine.reasons import Reason, because
from tenants.engine.values import Member


@dataclass(frozen=True)
class Bonus:
    """Units to add, with why; the uses of the member that grow by one, so that it happens once."""

    program_id: str
    version_id: str
    lot: Lot
    why: Reason
    uses: tuple[str, str]


def bonus(
    program: Program, event: str, identity: str, member: Member, at: dt.datetime, zone_name: str
) -> Bonus | Reason:
    """What an event brings, or why nothing. `identity` is what it may happen with only once: the member for a welcome,
    the year for a birthday, the friend for a referral, the purchase for a review."""
    occasion = next((o for o in program.terms.occasions if o.event == event), None)
    if occasion is None:
        return because("nothing_earned", rule=event)
    if event == "referral" and identity == member.id:
        return because("self_referral")
    whole, once = f"{program.id}/{event}", f"{program.id}/{event}/{identity}"
    if member.uses.get(once):
        return because("already_happened", event=event)
    if occasion.max_times and member.uses.get(whole, 0) >= occasion.max_times:
        return because("cap_reached", max=occasion.max_times)
    terms = program.terms
    lot = Lot(
        once,
        occasion.units,
        at,
        terms.expiry.ends_at(at, zone_name),
        available_at(at, terms.pending_days, zone_name),
    )
    return Bonus(
        program.id,
        program.version_id,
        lot,
        because("bonus", units=occasion.units, event=event),
        (whole, once),
    )
