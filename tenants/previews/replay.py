"""One member's purchases played again under given terms: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tenants.engine.lots import expire
from tenants.engine.programs import Program, ProgramTerms
from tenants.engine.quote import quote
from tenants.engine.tiers import rank
from tenants.engine.values import Basket, Enrolment, Member, Standing


@dataclass(frozen=True)
class Played:
    """What the purchases earned, what of it is still open at the end, how many rewards it pays for, the tier's place
    (0: none)."""

    earned: int = 0
    open_units: int = 0
    rewards: int = 0
    place: int = 0


def play(
    program: Program | None, beside: Sequence[Program], person: Member, baskets: Sequence[Basket]
) -> Played:
    """The member begins with nothing and saves all; full stamp cards become rewards. `beside` are tier programs."""
    if program is None:
        return Played()
    earned = rewards = 0
    for number, basket in enumerate(baskets):
        result = quote(basket, replace(person, purchase_count=number), [program, *beside])
        outcome = result.outcome(program.id)
        enrolments, standings = dict(person.enrolments), dict(person.standings)
        for one in result.outcomes:
            if one.enrolment is not None:
                account, _over = expire(one.enrolment.account, basket.at)
                enrolments[one.program_id] = replace(one.enrolment, account=account, ready=())
            if one.standing is not None:
                standings[one.program_id] = one.standing
        if outcome is not None:
            earned, rewards = earned + outcome.units, rewards + len(outcome.ready)
        person = replace(person, enrolments=enrolments, standings=standings, last_purchase_at=basket.at)
    balance = person.enrolments.get(program.id, Enrolment()).account.balance
    tier = person.standings.get(program.id, Standing()).tier
    keys = [one.key for one in program.terms.tiers]
    cheapest = min((one.cost for one in program.terms.rewards if one.cost), default=0)
    if cheapest and program.terms.kind != "stamp_card":
        rewards = balance // cheapest
    place = keys.index(tier) + 1 if tier and rank(program.terms.tiers, tier) >= 0 else 0
    return Played(earned, balance, rewards, place)


def worth(terms: ProgramTerms | None) -> Fraction | None:
    """What one unit is worth in minor units at the best reward of which that is known; None where none is."""
    found = []
    for reward in terms.rewards if terms else ():
        benefit = reward.benefit
        if benefit.kind in ("payment", "per_unit"):
            found.append(Fraction(benefit.unit_value_minor))
        elif benefit.kind in ("amount", "gift_card") and reward.cost and benefit.amount_minor:
            found.append(Fraction(benefit.amount_minor, reward.cost))
    return max(found, default=None)


def gain(before: Played, after: Played, old: ProgramTerms | None, new: ProgramTerms) -> int:
    """By how much the new terms are better for the member, in what both can be compared by."""
    if new.kind == "tiers":
        return after.place - before.place
    worths = worth(old), worth(new)
    if worths[1] is not None and (worths[0] is not None or old is None):
        return int(after.earned * worths[1] - before.earned * (worths[0] or 0))
    if new.rewards:
        return after.rewards - before.rewards or _sign(after.earned - before.earned, old, new)
    return after.earned - before.earned


def _sign(difference: int, old: ProgramTerms | None, new: ProgramTerms) -> int:
    """More units towards the same reward are better; where the price changed they say nothing."""
    same = old is not None and old.required == new.required and old.rewards == new.rewards
    return (difference > 0) - (difference < 0) if same or old is None else 0
