"""Everything that may give a benefit on a purchase, in one shape and one order: coupons and rewards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tenants.engine.benefits import GRANTS, ITEMISED, Benefit, Stacking
from tenants.engine.conditions import Conditions
from tenants.engine.programs import Program
from tenants.engine.reasons import Reason, because
from tenants.engine.results import Refused, Source
from tenants.engine.rewards import Coupon, Reward
from tenants.engine.values import Basket, Choice, Member, Ready, Redeem, UseReady


@dataclass(frozen=True)
class Offer:
    """A coupon or reward as it stands before this basket. `reward` is set when units are to be spent on it, `units`
    when the member chose how many. `uses_key` counts its uses by the member."""

    source: Source
    benefit: Benefit
    conditions: Conditions
    stacking: Stacking
    uses_key: str
    reward: Reward | None = None
    units: int | None = None
    refused: Reason | None = None
    ready: Ready | None = None
    is_automatic: bool = False

    @property
    def order(self) -> tuple[int, int, str]:
        """The stated order: by priority, single items before amounts, payments and grants last, then by name."""
        kind = self.benefit.kind
        phase = 0 if kind in ITEMISED else 3 if kind in GRANTS else 2 if kind == "payment" else 1
        return self.stacking.priority, phase, self.source.id


def of_coupons(coupons: Sequence[Coupon], currency: str) -> Iterator[Offer]:
    seen: set[str] = set()
    for coupon in sorted(coupons, key=lambda coupon: coupon.id):
        refused = coupon.refused
        if coupon.id in seen:
            refused = because("used_twice")
        elif coupon.currency != currency:
            refused = because("other_currency", currency=coupon.currency)
        seen.add(coupon.id)
        terms = coupon.terms
        source = Source("coupon", coupon.id, version_id=coupon.version_id)
        yield Offer(
            source,
            terms.benefit,
            terms.conditions,
            terms.stacking,
            coupon.coupon_id,
            refused=refused,
            is_automatic=terms.trigger == "automatic",
        )


def of_choices(
    choices: Sequence[Choice], member: Member | None, programs: Sequence[Program], basket: Basket
) -> Iterator[Offer | Refused]:
    """Offers for the rewards that were chosen; what can't be chosen is refused."""
    seen: set[str] = set()
    for choice in choices:
        if isinstance(choice, Redeem):
            yield _of_redeem(choice, member, programs, basket.currency)
        elif isinstance(choice, UseReady):
            is_again = choice.ready_id in seen
            seen.add(choice.ready_id)
            yield _of_ready(choice.ready_id, member, is_again, basket.at)


def _of_redeem(
    choice: Redeem, member: Member | None, programs: Sequence[Program], currency: str
) -> Offer | Refused:
    source = Source("reward", f"{choice.program_id}/{choice.reward_key}", choice.program_id)
    program = next((program for program in programs if program.id == choice.program_id), None)
    if member is None:
        return Refused(source, because("needs_member"))
    if program is None:
        return Refused(source, because("unknown_program"))
    reward = program.terms.reward(choice.reward_key)
    if reward is None or program.terms.kind == "stamp_card":
        return Refused(source, because("unknown_reward"))
    source = Source("reward", source.id, program.id, program.version_id)
    if program.currency != currency:
        return Refused(source, because("other_currency", currency=program.currency))
    return Offer(source, reward.benefit, reward.conditions, reward.stacking, source.id, reward, choice.units)


def _of_ready(ready_id: str, member: Member | None, is_again: bool, at: dt.datetime) -> Offer | Refused:
    source = Source("ready", ready_id)
    if member is None:
        return Refused(source, because("needs_member"))
    held = [ready for enrolment in member.enrolments.values() for ready in enrolment.ready]
    ready = next((ready for ready in held if ready.id == ready_id), None)
    if ready is None:
        return Refused(source, because("unknown_reward"))
    source = Source("ready", ready_id, ready.program_id, ready.version_id)
    if is_again:
        return Refused(source, because("used_twice"))
    if ready.expires_at is not None and ready.expires_at <= at:
        return Refused(source, because("reward_expired"))
    reward = ready.reward
    return Offer(
        source,
        reward.benefit,
        reward.conditions,
        reward.stacking,
        f"{ready.program_id}/{reward.key}",
        ready=ready,
    )
