"""The engine's one question: what does this basket cost, earn, spend and open for this member, and why?"""

from __future__ import annotations

from collections.abc import Sequence

from tenants.engine.judging import Judged, lot_for, settled
from tenants.engine.mapping import Invalid, Problem, join
from tenants.engine.offers import Offer, of_choices, of_coupons
from tenants.engine.outcomes import outcome_of
from tenants.engine.pricing import grants_of, priced, used_of
from tenants.engine.programs import Program
from tenants.engine.results import Refused, Result
from tenants.engine.rewards import Coupon
from tenants.engine.values import Basket, Choice, GiftCard, Member


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
        *of_choices(choices, member, programs, basket),
    ]:
        if isinstance(offer, Offer):
            offers.append(offer)
        else:
            refused.append(offer)
    cards = [choice for choice in choices if isinstance(choice, GiftCard)]
    judged = settled(basket, member, programs, offers, cards)
    return _result(basket, member, programs, judged, refused)


def _result(
    basket: Basket,
    member: Member | None,
    programs: Sequence[Program],
    judged: Judged,
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
