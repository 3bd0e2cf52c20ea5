"""Reads of the counter: a member's cards, what stamps became, what a code gave."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from saas.db import db
from tenants.coupons.models import Coupon
from tenants.members.models import Member
from tenants.programs import queries as programs
from tenants.programs.models import Enrolment, Entry, Program, ProgramVersion, Reward
from tenants.programs.rules import Terms, is_better

UNDOABLE = ("counter_code", "member_code")


@dataclass(frozen=True)
class Card:
    """A member's card in a program that runs; `terms` are those of the card under way."""

    program_id: uuid.UUID
    program: str
    terms: Terms
    balance: int
    is_enrolled: bool

    @property
    def left(self) -> int:
        return self.terms.required - self.balance


@dataclass
class Found:
    """A member with their cards and the rewards that wait for them."""

    member: Member
    cards: list[Card] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)


@dataclass(frozen=True)
class Receipt:
    """What stamps became: for whom, on which card, what it opened, and whether they were undone."""

    entry: Entry
    member: Member
    program: str
    terms: Terms
    balance: int
    rewards: list[Reward]
    is_undone: bool
    is_undoable: bool

    @property
    def left(self) -> int:
        return self.terms.required - self.balance


def found(members: Iterable[Member]) -> list[Found]:
    """Members with their cards in every program that runs, and waiting rewards; three queries in all."""
    by_id = {member.id: Found(member) for member in members}
    if not by_id:
        return []
    enrolled = {
        (enrolment.member_id, enrolment.program_id): (enrolment.balance, Terms.from_mapping(terms))
        for enrolment, terms in db.session.execute(
            select(Enrolment, ProgramVersion.terms)
            .join(ProgramVersion, ProgramVersion.id == Enrolment.version_id)
            .join(Program, Program.id == Enrolment.program_id)
            .where(Enrolment.member_id.in_(by_id), Program.kind == "stamp_card")
        )
    }
    for program, _version, current in programs.running():
        for member_id, person in by_id.items():
            balance, begun = enrolled.get((member_id, program.id), (0, current))
            terms = _under_way(balance, current, begun)
            is_enrolled = (member_id, program.id) in enrolled
            if program.frozen_at is not None and not is_enrolled:
                continue
            person.cards.append(Card(program.id, program.name, terms, balance, is_enrolled))
    rewards = db.session.execute(
        select(Reward, Enrolment.member_id)
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .where(Enrolment.member_id.in_(by_id), Reward.status == "issued")
        .order_by(Reward.issued_at, Reward.id)
    )
    for reward, member_id in rewards:
        by_id[member_id].rewards.append(reward)
    return list(by_id.values())


def _under_way(balance: int, current: Terms, begun: Terms) -> Terms:
    """The terms that the next stamp will count under, as the ledger decides it."""
    return current if balance == 0 or is_better(current, begun) else begun


def receipt(entry_id: uuid.UUID, now: dt.datetime, zone: str) -> Receipt | None:
    """What an earn entry became; None where there is none."""
    row = db.session.execute(
        select(Entry, Enrolment, Member, Program.name, ProgramVersion.terms)
        .join(Enrolment, Enrolment.id == Entry.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Program, Program.id == Enrolment.program_id)
        .join(ProgramVersion, ProgramVersion.id == Enrolment.version_id)
        .where(Entry.id == entry_id, Entry.kind == "earn", Program.kind == "stamp_card")
    ).first()
    if row is None:
        return None
    entry, enrolment, member, program, terms = row
    rewards = db.session.scalars(
        select(Reward)
        .join(Entry, Entry.reward_id == Reward.id)
        .where(Entry.cause_id == entry_id, Entry.kind == "redeem", Reward.status == "issued")
    ).all()
    is_undone = db.session.scalar(select(Entry.id).where(Entry.reverses_id == entry_id)) is not None
    is_undoable = entry.cause in UNDOABLE and not is_undone and entry.occurred_at >= day_start(now, zone)
    terms = Terms.from_mapping(terms)
    return Receipt(entry, member, program, terms, enrolment.balance, list(rewards), is_undone, is_undoable)


def earns_by_purchase() -> bool:
    """Whether a program runs that isn't stamped by hand: points, cashback, tiers or occasions."""
    running = exists().where(Program.status == "published", Program.kind != "stamp_card")
    return bool(db.session.scalar(select(running)))


def takes_coupons() -> bool:
    """Whether a coupon runs, so that purchases are worth entering also without any program."""
    return bool(db.session.scalar(select(exists().where(Coupon.status == "published"))))


def reward(reward_id: uuid.UUID) -> tuple[Reward, Member, str] | None:
    """A reward with its member and the program's name."""
    row = db.session.execute(
        select(Reward, Member, Program.name)
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Reward.id == reward_id)
    ).first()
    return (row[0], row[1], row[2]) if row else None


def used_by(code_id: uuid.UUID) -> tuple[Entry, str] | None:
    """The stamps that a counter code became, and the first name of who got them."""
    row = db.session.execute(
        select(Entry, Member.first_name)
        .join(Enrolment, Enrolment.id == Entry.enrolment_id)
        .join(Member, Member.id == Enrolment.member_id)
        .where(Entry.request_key == f"code:{code_id}")
    ).first()
    return (row[0], row[1]) if row else None


def day_start(now: dt.datetime, zone: str) -> dt.datetime:
    """Midnight of today by the clock on the shop's wall."""
    place = ZoneInfo(zone)
    return dt.datetime.combine(now.astimezone(place).date(), dt.time(), place)
