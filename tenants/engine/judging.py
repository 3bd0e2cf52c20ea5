"""One judgement of a basket: discounts, payments and what each program earns, settled where units are spent at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenants.engine.bases import base_for
from tenants.engine.bills import Bill
from tenants.engine.earning import earn
from tenants.engine.groups import merge
from tenants.engine.lots import Lot, available_at, spend
from tenants.engine.lots import earn as put
from tenants.engine.offers import Offer
from tenants.engine.payments import Till, pay
from tenants.engine.programs import Program
from tenants.engine.results import Earned, Missed
from tenants.engine.sharing import Number, exact
from tenants.engine.stacking import Plan, best_plan
from tenants.engine.values import Basket, Enrolment, GiftCard, Member


@dataclass(frozen=True)
class Judged:
    plan: Plan
    till: Till
    earned: dict[str, tuple[Earned | Missed, ...]]

    def units(self, program: Program) -> int:
        return sum(earned.units for earned in self.earned[program.id] if isinstance(earned, Earned))


def settled(
    basket: Basket,
    member: Member | None,
    programs: Sequence[Program],
    offers: Sequence[Offer],
    cards: Sequence[GiftCard],
) -> Judged:
    """Judge; where a program lets units be spent on the purchase that earns them, lend what it would earn and judge
    again until what was lent is earned. Each round lends less, so it ends."""
    at_once = [program for program in programs if program.terms.spends_at_once]
    judged = _judge(basket, member, programs, offers, cards, {})
    if not at_once or member is None or not any(offer.reward for offer in offers):
        return judged
    lent = {program.id: judged.units(program) for program in at_once}
    while True:
        judged = _judge(basket, member, programs, offers, cards, lent)
        earned = {program.id: judged.units(program) for program in at_once}
        if all(earned[name] >= lent[name] for name in lent):
            for program in at_once:
                _take_anew(program, basket, member, judged)
            return judged
        lent = {name: min(lent[name], earned[name]) for name in lent}


def _take_anew(program: Program, basket: Basket, member: Member, judged: Judged) -> None:
    """Take what is spent from the account that holds all that was earned, which may be more than was lent, so that the
    soonest to expire goes first."""
    account = enrolment_in(member, program).account
    if units := judged.units(program):
        account = put(account, lot_for(program, basket, units))
    applied = judged.plan.applied
    for index, application in enumerate(applied):
        if application.units and application.offer.source.program_id == program.id:
            account, pieces = spend(account, application.units, basket.at)
            applied[index] = replace(application, pieces=pieces)
    payments = judged.till.payments
    for index, (payment, parts) in enumerate(payments):
        if payment.program_id == program.id:
            account, pieces = spend(account, payment.units, basket.at)
            payments[index] = (replace(payment, pieces=pieces), parts)


def lot_for(program: Program, basket: Basket, units: int) -> Lot:
    """The lot that holds what a purchase earned in a program."""
    terms = program.terms
    return Lot(
        f"{basket.key}/{program.id}",
        units,
        basket.at,
        terms.expiry.ends_at(basket.at, basket.time_zone),
        available_at(basket.at, terms.pending_days, basket.time_zone),
    )


def _judge(
    basket: Basket,
    member: Member | None,
    programs: Sequence[Program],
    offers: Sequence[Offer],
    cards: Sequence[GiftCard],
    lent: dict[str, int],
) -> Judged:
    groups = merge(basket.lines)
    purse = {}
    for program in programs:
        account = enrolment_in(member, program).account
        if lent.get(program.id):
            account = put(account, lot_for(program, basket, lent[program.id]))
        purse[program.id] = account
    reducing = [offer for offer in offers if offer.benefit.kind != "payment"]
    paying = [offer for offer in offers if offer.benefit.kind == "payment"]
    plan = best_plan(reducing, Bill.of(groups), purse, basket, member)
    till = pay(paying, cards, plan, basket, member)
    factors = _tier_factors(member, programs)
    earned: dict[str, tuple[Earned | Missed, ...]] = {}
    for program in programs:
        if member is None or program.currency != basket.currency:
            earned[program.id] = ()
            continue
        base = base_for(program, groups, plan.applied, till.payments)
        earned[program.id] = tuple(earn(program, basket, member, groups, base, factors))
    return Judged(plan, till, earned)


def enrolment_in(member: Member | None, program: Program) -> Enrolment:
    return member.enrolments.get(program.id, Enrolment()) if member else Enrolment()


def _tier_factors(member: Member | None, programs: Sequence[Program]) -> dict[str, Number]:
    """What the tiers that the member holds multiply by, by `program/tier`."""
    factors: dict[str, Number] = {}
    for program in programs if member else ():
        standing = member.standings.get(program.id) if member else None
        for tier in program.terms.tiers:
            if standing and standing.tier == tier.key and tier.multiplier > 1:
                factors[f"{program.id}/{tier.key}"] = exact(tier.multiplier)
    return factors
