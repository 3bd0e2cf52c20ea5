"""What a member's card shows: cards under way, rewards that wait, the shop's line, what changed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_datetime, format_time
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from saas.db import db
from saas.merchants.registry import Record
from tenants.counter.models import OneTimeCode
from tenants.locations import rules as hours
from tenants.locations.queries import default_location
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry, Program, ProgramVersion, Reward
from tenants.programs.queries import offered
from tenants.programs.rules import Terms, is_better
from tenants.programs.terms import reward_words

JUST_NOW = dt.timedelta(seconds=20)


@dataclass(frozen=True)
class Card:
    """A stamp card as the member sees it; the last `landed` of its stamps came just now."""

    program_id: uuid.UUID
    terms: Terms
    balance: int
    is_running: bool
    landed: int = 0

    @property
    def left(self) -> int:
        return max(self.terms.required - self.balance, 0)


@dataclass(frozen=True)
class ReadyReward:
    """A reward that waits to be handed out."""

    id: uuid.UUID
    name: str
    note: str
    icon: str
    issued_at: dt.datetime
    is_new: bool


@dataclass(frozen=True)
class ShopLine:
    """Where the shop is, and in words until when it is open; nothing of that without opening hours."""

    place: str
    hours: str


def samples() -> list[Card]:
    """What a newcomer gets: an empty card for each running program that isn't frozen."""
    return [Card(program.id, terms, 0, is_running=True) for program, _version, terms in offered()]


def shop_icon() -> str:
    """What stands for a shop without a logo: the picture of the first program that it offers."""
    return next((terms.icon for _program, _version, terms in offered()), "building-store")


def cards(member: Member, now: dt.datetime) -> list[Card]:
    """The member's cards, those of running programs first; a program that began since is an empty card."""
    current = aliased(ProgramVersion)
    rows = db.session.execute(
        select(Enrolment, Program, ProgramVersion, current)
        .join(Program, Program.id == Enrolment.program_id)
        .join(ProgramVersion, ProgramVersion.id == Enrolment.version_id)
        .join(current, (current.program_id == Program.id) & (current.number == Program.version_number))
        .where(Enrolment.member_id == member.id, Program.status.in_(("published", "paused")))
        .where(Program.kind == "stamp_card")
        .order_by(Program.status.desc(), Program.created_at, Program.id)
    ).all()
    landed = _landed([enrolment.id for enrolment, *_rest in rows], now)
    held = [
        Card(
            program.id,
            _terms(enrolment, begun, in_force),
            max(enrolment.balance, 0),
            program.status == "published",
            max(min(landed.get(enrolment.id, 0), enrolment.balance), 0),
        )
        for enrolment, program, begun, in_force in rows
    ]
    known = {card.program_id for card in held}
    return held + [card for card in samples() if card.program_id not in known]


def _terms(enrolment: Enrolment, begun: ProgramVersion, in_force: ProgramVersion) -> Terms:
    """The terms that the next stamp will be counted by, as the ledger decides it."""
    old, new = Terms.from_mapping(begun.terms), Terms.from_mapping(in_force.terms)
    return new if enrolment.balance == 0 or is_better(new, old) else old


def _landed(enrolment_ids: Sequence[uuid.UUID], now: dt.datetime) -> dict[uuid.UUID, int]:
    """Stamps of the last seconds by enrolment, without those that were undone."""
    undoing = aliased(Entry)
    rows = db.session.execute(
        select(Entry.enrolment_id, func.sum(Entry.units))
        .outerjoin(undoing, undoing.reverses_id == Entry.id)
        .where(Entry.enrolment_id.in_(enrolment_ids), Entry.kind == "earn", undoing.id.is_(None))
        .where(Entry.occurred_at > now - JUST_NOW, Entry.recorded_at > now - JUST_NOW)
        .group_by(Entry.enrolment_id)
    )
    return {enrolment_id: int(units) for enrolment_id, units in rows}


def rewards(member: Member, now: dt.datetime) -> list[ReadyReward]:
    """Rewards that wait for the member, the oldest first."""
    rows = db.session.execute(
        _rewards(member).where(Reward.status == "issued").order_by(Reward.issued_at, Reward.id)
    )
    return [_ready(reward, version, now) for reward, version in rows]


def reward(member: Member, reward_id: uuid.UUID, now: dt.datetime) -> tuple[Reward, ReadyReward] | None:
    """One of the member's own rewards, in whatever state; None for a foreign or unknown one."""
    row = db.session.execute(_rewards(member).where(Reward.id == reward_id)).first()
    return (row[0], _ready(row[0], row[1], now)) if row else None


def _rewards(member: Member):  # type: ignore[no-untyped-def]  # SQLAlchemy's own type of a two-column select
    return (
        select(Reward, ProgramVersion)
        .join(ProgramVersion, ProgramVersion.id == Reward.version_id)
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .where(Enrolment.member_id == member.id)
    )


def _ready(reward: Reward, version: ProgramVersion, now: dt.datetime) -> ReadyReward:
    note, icon = reward_words(version.terms, reward.terms)
    return ReadyReward(
        reward.id,
        reward.name,
        note,
        icon,
        reward.issued_at,
        now - reward.issued_at < JUST_NOW,
    )


def live_code(reward_id: uuid.UUID, now: dt.datetime) -> OneTimeCode | None:
    """The newest code of a reward that still works."""
    return db.session.scalar(
        select(OneTimeCode)
        .where(OneTimeCode.kind == "reward", OneTimeCode.reward_id == reward_id)
        .where(OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now)
        .order_by(OneTimeCode.expires_at.desc())
        .limit(1)
    )


def state(member: Member) -> str:
    """A text that changes whenever an entry or a reward of the member does."""
    entries = (
        select(func.count(Entry.id))
        .join(Enrolment, Enrolment.id == Entry.enrolment_id)
        .where(Enrolment.member_id == member.id)
    )
    handed = (
        select(func.count(Reward.id))
        .join(Enrolment, Enrolment.id == Reward.enrolment_id)
        .where(Enrolment.member_id == member.id, Reward.status != "issued")
    )
    return f"{db.session.scalar(entries)}.{db.session.scalar(handed)}"


def shop_line(merchant: Record, now: dt.datetime) -> ShopLine | None:
    """The shop's first location, and until when it is open or from when again."""
    location = default_location()
    if location is None:
        return None
    local = now.astimezone(ZoneInfo(merchant.time_zone))
    place = location.name if location.name != merchant.name else location.address
    return ShopLine(place, _hours(location.opening_hours, local))


def _hours(opening_hours: dict[str, Any], local: dt.datetime) -> str:
    if hours.is_open(opening_hours, local):
        closes_at = _closing(opening_hours, local)
        return (
            _("open until %(time)s", time=format_time(closes_at, "short", rebase=False)) if closes_at else ""
        )
    opens_at = hours.next_opening(opening_hours, local)
    if opens_at is None:
        return _("closed")
    return _("closed, opens %(moment)s", moment=format_datetime(opens_at, "EEEE HH:mm", rebase=False))


def _closing(opening_hours: dict[str, Any], local: dt.datetime) -> dt.datetime | None:
    """The next local time at which the open shop is closed; None where it never is."""
    ends = {end for spans in opening_hours.values() for _start, end in spans}
    moments = (
        (local + dt.timedelta(days=days)).replace(
            hour=int(end[:2]), minute=int(end[3:]), second=0, microsecond=0
        )
        for days in range(2)
        for end in ends
    )
    return next((at for at in sorted(moments) if at > local and not hours.is_open(opening_hours, at)), None)
