"""A judged purchase or refund in words: what it earns by program and why, what was used, what couldn't be and why."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy import or_, select

from saas.db import db
from saas.merchants.registry import Record
from tenants.counter.drafts import Draft
from tenants.coupons import cards
from tenants.coupons.models import Coupon, CouponCode
from tenants.engine.reasons import Reason
from tenants.engine.refunds import Refund
from tenants.engine.results import Earned, Outcome, Refused, Result, Source
from tenants.engine.values import Enrolment
from tenants.programs import reasons, terms, why
from tenants.programs.models import Program, ProgramVersion, Reward
from tenants.programs.reasons import Speech
from tenants.purchases import hints
from tenants.units import accounts, merchandise
from tenants.units.accounts import Held

_NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True)
class Earning:
    """What a purchase does to one program: `what` in one word, why, and how the member stands afterwards."""

    program: str
    what: str
    why: tuple[str, ...]
    standing: str


@dataclass(frozen=True)
class Offer:
    """Something that can be used on the purchase: the form's field and value for it, its name, and what it costs."""

    field: str
    value: str
    name: str
    note: str = ""
    takes_units: bool = False


@dataclass(frozen=True)
class Told:
    """A result in words: earnings, (name, amount off) of what was used, (name, why not) of what was asked for, rewards
    to hand out now, rewards that open, and (name, what is missing) of coupons that a little more would bring."""

    earnings: tuple[Earning, ...]
    used: tuple[tuple[str, int], ...]
    refused: tuple[tuple[str, str], ...]
    hand_out: tuple[str, ...]
    ready: tuple[str, ...]
    hints: tuple[tuple[str, str], ...] = ()


def result(found: Result) -> Told:
    """A result in the words of the programs' versions."""
    sources = [used.source for used in found.used] + [refused.source for refused in found.refused]
    names, speeches = _names(sources), why.speeches(found.currency)
    programs = _programs(found)
    speech = {key: replace(one, names={**one.names, **names}) for key, one in speeches.items()}
    plain = Speech(found.currency, names=names)
    paid = [
        (_("Paid with %(program)s", program=programs[p.program_id]), p.amount_minor) for p in found.payments
    ]

    def why_not(one: Refused) -> tuple[str, str]:
        known = speech.get(_uuid(one.source.version_id) or _NOBODY, plain)
        return names[one.source.id], reasons.of(one.reason, known)

    return Told(
        tuple(
            _earning(one, programs[one.program_id], speech[uuid.UUID(one.version_id)])
            for one in found.outcomes
        ),
        tuple([(names[used.source.id], used.discount_minor) for used in found.used] + paid),
        tuple(why_not(one) for one in hints.refused(found)),
        tuple(names[used.source.id] for used in found.used if used.to_hand_out or used.kind == "merchandise"),
        tuple(name for one in found.outcomes for name in _opened(one)),
        tuple(why_not(one) for one in hints.hints(found)),
    )


def _programs(found: Result) -> dict[str, str]:
    ids = [uuid.UUID(one.program_id) for one in found.outcomes]
    rows = db.session.execute(select(Program.id, Program.name).where(Program.id.in_(ids))) if ids else ()
    return {str(program_id): name for program_id, name in rows}


def _earning(outcome: Outcome, program: str, speech: Speech) -> Earning:
    said = tuple(reasons.of(reason, speech) for reason in _why(outcome.earned, outcome))
    if outcome.kind == "tiers":
        tier = outcome.standing.tier if outcome.standing else ""
        return Earning(program, "", said, speech.name(tier) if tier else "")
    balance = (outcome.enrolment or Enrolment()).account.balance
    return Earning(
        program,
        _("+%(units)s", units=speech.units(outcome.units)) if outcome.units else "",
        said,
        _("Afterwards: %(units)s", units=speech.units(balance)),
    )


def _why(earned: Iterable[Earned], outcome: Outcome) -> list[Reason]:
    return [reason for one in earned for reason in one.why] + [one.reason for one in outcome.missed]


def _opened(outcome: Outcome) -> list[str]:
    """The names of the rewards that open by the purchase."""
    ready = outcome.enrolment.ready if outcome.enrolment else ()
    opened = [one for one in ready if one.id in outcome.ready]
    versions = _versions(one.version_id for one in opened)
    return [terms.reward_name(versions[one.version_id].terms, one.reward) for one in opened]


def _versions(ids: Iterable[str]) -> dict[str, ProgramVersion]:
    wanted = {uuid.UUID(text) for text in ids if text}
    rows = db.session.scalars(select(ProgramVersion).where(ProgramVersion.id.in_(wanted))) if wanted else ()
    return {str(version.id): version for version in rows}


def _names(sources: Iterable[Source]) -> dict[str, str]:
    """What coupons and rewards are called; what isn't known stays as it was typed."""
    named = {source.id: source.id.rpartition("/")[2] for source in sources}
    known = [found for text in named if (found := _uuid(text))]
    by_id: dict[str, str] = {}
    for query in (
        select(Coupon.id, Coupon.name).where(Coupon.id.in_(known)),
        select(CouponCode.id, Coupon.name)
        .join(Coupon, Coupon.id == CouponCode.coupon_id)
        .where(CouponCode.id.in_(known)),
    ):
        by_id |= {str(row_id): name for row_id, name in db.session.execute(query)} if known else {}
    issued = select(Reward.id, Reward.key, Reward.name).where(
        or_(Reward.id.in_(known), Reward.key.in_(named))
    )
    for row_id, key, name in db.session.execute(issued) if named else ():
        by_id |= {str(row_id): name, key or str(row_id): name}
    versions = _versions(source.version_id for source in sources if source.kind == "reward")
    for source in sources:
        if source.kind == "reward" and (version := versions.get(source.version_id)):
            reward = terms.program_of(version, "").terms.reward(source.id.partition("/")[2])
            by_id |= {source.id: terms.reward_name(version.terms, reward)} if reward else {}
    return {source_id: by_id.get(source_id, name) for source_id, name in named.items()}


def offers(draft: Draft, merchant: Record, now: dt.datetime) -> list[Offer]:
    """What the member of a draft may use on the purchase: ready rewards, rewards to be bought, coupons."""
    if draft.member_id is None:
        return []
    held = accounts.load(draft.member_id, now)
    found = [
        Offer("ready", str(reward.id), reward.name, _("Ready to be used"))
        for one in held.values()
        for reward in one.rewards.values()
    ]
    found += _affordable(held, merchant, now)
    coupons = cards.of_member(draft.member_id, now)
    return found + [Offer("code", coupon.code, coupon.name, coupon.sentence) for coupon in coupons]


def _affordable(held: dict[str, Held], merchant: Record, now: dt.datetime) -> list[Offer]:
    speeches, found = why.speeches(merchant.currency), []
    running, sold_out = terms.in_force_at(now, merchant.currency), merchandise.sold_out()
    versions = _versions(program.version_id for program in running)
    for program in running:
        one = held.get(program.id)
        if one is None or program.terms.kind in ("stamp_card", "tiers"):
            continue
        can_spend, speech = one.account.spendable(now), speeches[uuid.UUID(program.version_id)]
        for reward in program.terms.rewards:
            takes_units = reward.takes_all or reward.benefit.kind in ("payment", "per_unit")
            if not 0 < max(reward.cost, 1) <= can_spend:
                continue
            name = terms.reward_name(versions[program.version_id].terms, reward)
            note = (
                _("%(units)s to spend", units=speech.units(can_spend))
                if takes_units
                else _("Costs %(units)s", units=speech.units(reward.cost))
            )
            if reward.benefit.kind == "merchandise" and reward.benefit.item in sold_out:
                note = _("Sold out at the moment")
            found.append(Offer("redeem", f"{program.id}/{reward.key}", name, note, takes_units))
    return found


def refund(found: Refund, bought: Result) -> list[str]:
    """What goes back besides money, a sentence each."""
    speeches = why.speeches(bought.currency)
    said = []
    for reversal in found.reversals:
        speech = speeches[uuid.UUID(reversal.version_id)]
        for code, units in (("returned", reversal.units), ("shortfall", reversal.shortfall)):
            if units > 0:
                said.append(reasons.words(code, {"units": units}, speech))
    for given in found.given_back:
        outcome = bought.outcome(given.program_id)
        units = sum(piece.units for piece in given.pieces)
        if outcome and units:
            speech = speeches[uuid.UUID(outcome.version_id)]
            said.append(reasons.words("given_back", {"units": units}, speech))
    versions = _versions(one.version_id for one in (*found.cancelled, *found.ready_back))
    for one in found.cancelled:
        name = terms.reward_name(versions[one.version_id].terms, one.reward)
        said.append(_("The reward “%(reward)s” is taken back.", reward=name))
    for one in found.ready_back:
        name = terms.reward_name(versions[one.version_id].terms, one.reward)
        said.append(_("The reward “%(reward)s” can be used again.", reward=name))
    names = _names(found.coupons)
    said += [_("The coupon “%(coupon)s” can be used again.", coupon=name) for name in names.values()]
    return said


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
