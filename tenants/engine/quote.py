"""The engine's one question: what does this basket cost, earn, spend and open for this member, and why?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tenants.engine.bases import base_for
from tenants.engine.bills import Bill
from tenants.engine.earning import earn
from tenants.engine.groups import merge
from tenants.engine.lots import Lot, available_at
from tenants.engine.lots import earn as put
from tenants.engine.mapping import Invalid, Problem, join
from tenants.engine.offers import Offer, of_choices, of_coupons
from tenants.engine.outcomes import outcome_of
from tenants.engine.payments import Till, pay
from tenants.engine.pricing import grants_of, priced, used_of
from tenants.engine.programs import Program
from tenants.engine.results import Earned, Missed, Refused, Result
from tenants.engine.rewards import Coupon
from tenants.engine.stacking import Plan, best_plan
from tenants.engine.values import Basket, Choice, Enrolment, GiftCard, Member


@dataclass(frozen=True)
class _Judged:
    plan: Plan
    till: Till
    earned: dict[str, tuple[Earned | Missed, ...]]

    def units(self, program: Program) -> int:
        return sum(earned.units for earned in self.earned[program.id] if isinstance(earned, Earned))


def quote(
    basket: Basket,
    member: Member | None = None,
    programs: Sequence[Program] = (),
    coupons: Sequence[Coupon] = (),
    choices: Sequence[Choice] = (),
) -> Result:
    """Judge a basket by the programs in force at its time, with these coupons and choices. Changes nothing, and the
    same input gives the same answer: committing is storing it. Raises Invalid for a basket that can't be."""
    problems = [*basket.faults()]
    for index, line in enumerate(basket.lines):
        problems += [Problem(join(f"lines.{index}", p.path), p.code, p.params) for p in line.faults()]
    if problems:
        raise Invalid(problems)
    programs = sorted(programs, key=lambda program: program.id)
    offers: list[Offer] = []
    refused: list[Refused] = []
    for offer in [
        *of_coupons(coupons, basket.currency),
        *of_choices(choices, member, programs, basket.currency),
    ]:
        if isinstance(offer, Offer):
            offers.append(offer)
        else:
            refused.append(offer)
    cards = [choice for choice in choices if isinstance(choice, GiftCard)]
    judged = _settled(basket, member, programs, offers, cards)
    return _result(basket, member, programs, judged, refused)


def _settled(
    basket: Basket,
    member: Member | None,
    programs: Sequence[Program],
    offers: Sequence[Offer],
    cards: Sequence[GiftCard],
) -> _Judged:
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
            return judged
        lent = {name: min(lent[name], earned[name]) for name in lent}


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
) -> _Judged:
    groups = merge(basket.lines)
    purse = {}
    for program in programs:
        account = _enrolment(member, program).account
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
    return _Judged(plan, till, earned)


def _enrolment(member: Member | None, program: Program) -> Enrolment:
    return member.enrolments.get(program.id, Enrolment()) if member else Enrolment()


def _tier_factors(member: Member | None, programs: Sequence[Program]) -> dict[str, Fraction]:
    """What the tiers that the member holds multiply by, by `program/tier`."""
    factors: dict[str, Fraction] = {}
    for program in programs if member else ():
        standing = member.standings.get(program.id) if member else None
        for tier in program.terms.tiers:
            if standing and standing.tier == tier.key and tier.multiplier > 1:
                factors[f"{program.id}/{tier.key}"] = Fraction(tier.multiplier)
    return factors


def _result(
    basket: Basket,
    member: Member | None,
    programs: Sequence[Program],
    judged: _Judged,
    refused: Sequence[Refused],
) -> Result:
    plan, till = judged.plan, judged.till
    lines = priced(basket, plan)
    used, grants = used_of(plan), grants_of(plan)
    total = sum(line.net_minor for line in lines)
    paid = sum(payment.amount_minor for payment, _parts in till.payments)
    outcomes = []
    for program in programs if member else ():
        if member is not None and program.currency == basket.currency:
            units = judged.units(program)
            lot = lot_for(program, basket, units) if units and program.terms.kind != "tiers" else None
            outcomes.append(outcome_of(program, basket, member, judged.earned[program.id], lot, used, till))
    return Result(
        basket.key,
        basket.currency,
        basket.at,
        basket.time_zone,
        member.id if member else "",
        lines,
        total,
        sum(line.gross_minor for line in lines) - total,
        total - paid,
        used,
        tuple(sorted((*refused, *plan.refused, *till.refused), key=lambda r: (r.source.kind, r.source.id))),
        tuple(payment for payment, _parts in till.payments),
        grants,
        tuple(outcomes),
    )
