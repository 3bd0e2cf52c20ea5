"""What a purchase does to one program of a member: the account, the card, the standing, the rewards in reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tenants.engine.cards import fill
from tenants.engine.lots import Account, Lot, earn, units_of
from tenants.engine.payments import Till
from tenants.engine.programs import Program
from tenants.engine.results import Earned, Missed, Outcome, Used
from tenants.engine.tiers import review
from tenants.engine.values import Basket, Enrolment, Member, Standing


def outcome_of(
    program: Program,
    basket: Basket,
    member: Member,
    judged: Sequence[Earned | Missed],
    lot: Lot | None,
    used: Sequence[Used],
    till: Till,
) -> Outcome:
    """The program after the purchase: what was earned is put in, what was spent taken out, full cards opened."""
    earned = tuple(item for item in judged if isinstance(item, Earned))
    missed = tuple(item for item in judged if isinstance(item, Missed))
    units = sum(item.units for item in earned)
    terms = program.terms
    blank = Outcome(program.id, program.version_id, terms.kind, units, terms.clawback, earned, missed)
    if terms.kind == "tiers":
        return _of_tiers(blank, program, basket, member)
    before = member.enrolments.get(program.id, Enrolment())
    spent = [piece for item in used if item.source.program_id == program.id for piece in item.pieces]
    spent += [piece for p, _parts in till.payments if p.program_id == program.id for piece in p.pieces]
    account = earn(before.account, lot) if lot else before.account
    account = without(account, spent)
    gone = {item.source.id for item in used if item.source.kind == "ready"}
    enrolment = replace(
        before, account=account, ready=tuple(ready for ready in before.ready if ready.id not in gone)
    )
    opened: tuple[str, ...] = ()
    if terms.kind == "stamp_card":
        kept = replace(before, ready=enrolment.ready)
        enrolment, ready = fill(kept, account, program, basket.key, basket.at, basket.time_zone)
        opened = tuple(reward.id for reward in ready)
    can_spend = enrolment.account.spendable(basket.at)
    return replace(
        blank,
        lot=lot,
        spent=units_of(spent),
        ready=opened,
        enrolment=enrolment,
        affordable=tuple(r.key for r in terms.rewards if 0 < r.cost <= can_spend),
    )


def without(account: Account, pieces: Sequence[Lot]) -> Account:
    """The account after these pieces of its lots were taken."""
    left = {lot.id: lot for lot in account.lots}
    for piece in pieces:
        left[piece.id] = replace(left[piece.id], units=left[piece.id].units - piece.units)
    return replace(account, lots=tuple(lot for lot in left.values() if lot.units))


def _of_tiers(blank: Outcome, program: Program, basket: Basket, member: Member) -> Outcome:
    """Qualifying units are added; a higher tier is reached at once, none is lost by a purchase."""
    before = member.standings.get(program.id, Standing())
    qualified = before.qualified + (((basket.at, blank.units),) if blank.units else ())
    grown = replace(before, qualified=qualified)
    judged = review(program.terms.tiers, program.terms.window, grown, basket.at, basket.time_zone)
    standing = judged.standing if judged.outcome == "reached" else grown
    return replace(blank, tier_before=before.tier, standing=standing)
