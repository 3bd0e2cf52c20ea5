"""All that the engine is told of one purchase: the basket, the programs in force, and the facts about the member."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from flask import abort
from sqlalchemy import func, select

from saas.db import db
from saas.merchants.registry import Record
from tenants.engine.mapping import Invalid
from tenants.engine.programs import Program, ProgramTerms
from tenants.engine.quote import quote
from tenants.engine.results import Result
from tenants.engine.rewards import Coupon
from tenants.engine.values import Basket, Choice, Member, UseReady
from tenants.members.models import Member as MemberRow
from tenants.programs import terms
from tenants.purchases import goods, seams, wishes
from tenants.purchases.models import Purchase, Refund
from tenants.purchases.wishes import BadBasket, Wish
from tenants.segments import queries as segments
from tenants.segments.queries import When
from tenants.units import accounts
from tenants.units.accounts import Held
from tenants.units.models import RuleUse
from tenants.units.standing import standings


@dataclass(frozen=True)
class Scene:
    """The engine's question, and the rows of what the member holds."""

    basket: Basket
    member: Member | None
    programs: Sequence[Program]
    coupons: Sequence[Coupon]
    choices: Sequence[Choice]
    held: dict[str, Held]

    def judged(self) -> Result:
        """The engine's answer. Raises BadBasket."""
        try:
            return quote(self.basket, self.member, self.programs, self.coupons, self.choices)
        except Invalid as invalid:
            raise BadBasket(invalid.problems) from invalid


def scene(wish: Wish, merchant: Record, key: str, now: dt.datetime, *, is_locked: bool = False) -> Scene:
    """Gather the facts; `is_locked` locks what the member holds. An unknown member is 404."""
    wishes.check(wish, merchant.currency, now)
    at = wish.at or now
    basket = Basket(
        key,
        merchant.currency,
        goods.completed(wish.lines),
        at,
        merchant.time_zone,
        str(wish.location_id or ""),
    )
    held = accounts.load(wish.member_id, None, is_locked=is_locked) if wish.member_id else {}
    coupons = seams.coupons()
    offered = (
        coupons.offered(wish.codes, wish.member_id, at, merchant.currency, wish.location_id)
        if coupons
        else []
    )
    programs = terms.in_force_at(at, merchant.currency)
    asked = segments_asked(programs, offered)
    when = When(now, merchant.time_zone)
    member = member_value(wish.member_id, held, at, asked, when) if wish.member_id else None
    return Scene(basket, member, programs, offered, _named(wish.choices, held), held)


def _named(choices: Iterable[Choice], held: dict[str, Held]) -> tuple[Choice, ...]:
    """Choices with issued rewards by the engine's names; they may be chosen by the ids of their rows too."""
    names = {str(reward.id): name for one in held.values() for name, reward in one.rewards.items()}
    return tuple(
        UseReady(names.get(choice.ready_id, choice.ready_id)) if isinstance(choice, UseReady) else choice
        for choice in choices
    )


def segments_asked(programs: Iterable[Program], coupons: Iterable[Coupon]) -> frozenset[str]:
    """The segments that any condition names."""
    found = [coupon.terms.conditions for coupon in coupons]
    for program in programs:
        found += [rule.conditions for rule in program.terms.rules]
        found += [multiplier.conditions for multiplier in program.terms.multipliers]
        found += [reward.conditions for reward in program.terms.rewards]
    return frozenset().union(*(c.segments.any | c.segments.all | c.segments.none for c in found))


def member_value(
    member_id: uuid.UUID, held: dict[str, Held], at: dt.datetime, asked: Collection[str], when: When
) -> Member:
    """What rules may ask of a member; of segments those `asked` are looked at, as of now. A purchase that was returned
    as a whole doesn't count."""
    row = db.session.get(MemberRow, member_id) or abort(404)
    count, last = db.session.execute(
        select(func.count(), func.max(Purchase.occurred_at)).where(
            Purchase.member_id == member_id,
            Purchase.occurred_at <= at,
            ~select(Refund.id)
            .where(Refund.purchase_id == Purchase.id, Refund.is_everything.is_(True))
            .correlate(Purchase)
            .exists(),
        )
    ).one()
    return Member(
        str(member_id),
        birthday=row.birthday,
        tags=frozenset(row.tags),
        segments=segments.of_member(member_id, asked, when),
        purchase_count=count,
        last_purchase_at=last,
        enrolments={program_id: one.enrolment for program_id, one in held.items()},
        standings=standings(held),
        uses=_uses(member_id, held),
    )


def _uses(member_id: uuid.UUID, held: dict[str, Held]) -> dict[str, int]:
    names = {one.row.id: program_id for program_id, one in held.items()}
    query = (
        select(RuleUse.enrolment_id, RuleUse.key, func.sum(RuleUse.count))
        .where(RuleUse.enrolment_id.in_(names))
        .group_by(RuleUse.enrolment_id, RuleUse.key)
    )
    rows = db.session.execute(query).all() if names else []
    found = {f"{names[enrolment_id]}/{key}": int(count) for enrolment_id, key, count in rows}
    coupons = seams.coupons()
    return {**found, **(coupons.uses(member_id) if coupons else {})}


def limited(terms_: ProgramTerms) -> frozenset[str]:
    """The keys of rules, multipliers and rewards whose uses by a member are limited, and so counted."""
    found = [(rule.key, rule.conditions) for rule in terms_.rules]
    found += [(multiplier.key, multiplier.conditions) for multiplier in terms_.multipliers]
    found += [(reward.key, reward.conditions) for reward in terms_.rewards]
    return frozenset(key for key, conditions in found if conditions.uses_per_member)
