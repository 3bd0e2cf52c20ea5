"""What a member holds in programs without stamps: points and what can be had for them, money, tiers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import func, select

from saas.db import db
from saas.merchants.registry import Record
from tenants.engine import programs as engine
from tenants.engine.rewards import Reward
from tenants.engine.tiers import qualifying
from tenants.members.models import Member
from tenants.programs import terms
from tenants.programs.models import Enrolment, Program, ProgramVersion
from tenants.programs.reasons import Speech
from tenants.programs.sentences import Telling, benefit_name
from tenants.programs.telling import telling_of
from tenants.units import accounts
from tenants.units.accounts import Held
from tenants.units.models import Lot
from tenants.units.standing import standings

SOON = dt.timedelta(days=30)


@dataclass(frozen=True)
class Prize:
    """A reward that units buy, with its price in words."""

    name: str
    note: str
    price: str
    is_in_reach: bool
    item: str = ""


@dataclass(frozen=True)
class Holding:
    """A card without stamps. `big` is what there is, `small` what comes next and `percent` how far that is; `also`
    are sentences on what is pending or about to expire."""

    program_id: uuid.UUID
    kind: str
    headline: str
    icon: str
    big: str
    small: str
    percent: int | None
    is_running: bool
    prizes: tuple[Prize, ...] = ()
    also: tuple[str, ...] = ()


def promised() -> list[tuple[str, str, str]]:
    """The headline, picture and first promise of each running program without stamps that isn't frozen."""
    return [
        (_headline(program, version), _icon(version), _telling(program, version).short())
        for program, version in _programs(("published",))
        if program.frozen_at is None
    ]


def of(member: Member, merchant: Record, now: dt.datetime) -> list[Holding]:
    """The member's cards of programs without stamps, those that run first."""
    programs = _programs(("published", "paused"))
    if not programs:
        return []
    held = accounts.load(member.id, now)
    return [
        _holding(program, version, held.get(str(program.id)), merchant, now)
        for program, version in programs
        if program.frozen_at is None or str(program.id) in held
    ]


def _programs(statuses: tuple[str, ...]) -> list[tuple[Program, ProgramVersion]]:
    rows = db.session.execute(
        select(Program, ProgramVersion)
        .join(
            ProgramVersion,
            (ProgramVersion.program_id == Program.id) & (ProgramVersion.number == Program.version_number),
        )
        .where(Program.status.in_(statuses), Program.kind != "stamp_card")
        .order_by(Program.status.desc(), Program.created_at, Program.id)
    )
    return [(program, version) for program, version in rows]


def _words(version: ProgramVersion) -> Mapping[str, Any]:
    found: Mapping[str, Any] = version.terms.get("words", {})
    return found


def _headline(program: Program, version: ProgramVersion) -> str:
    return str(_words(version).get("headline") or program.name)


def _icon(version: ProgramVersion) -> str:
    return str(_words(version).get("icon") or "star")


def _telling(program: Program, version: ProgramVersion) -> Telling:
    return telling_of(program.kind, version.terms, terms.terms_of(version.terms))


def _holding(
    program: Program, version: ProgramVersion, held: Held | None, merchant: Record, now: dt.datetime
) -> Holding:
    telling = _telling(program, version)
    if program.kind == "tiers":
        big, small, percent, also = _tier(telling, program, held, merchant, now)
        prizes: tuple[Prize, ...] = ()
    else:
        spendable = held.account.spendable(now) if held else 0
        balance = held.row.balance if held else 0
        prizes = tuple(_prize(reward, telling, spendable) for reward in telling.terms.rewards)
        small, percent = _next(telling, spendable)
        big, also = telling.units(balance), _also(telling, held, now)
    return Holding(
        program.id,
        program.kind,
        _headline(program, version),
        _icon(version),
        big,
        small,
        percent,
        program.status == "published",
        prizes,
        also,
    )


def _prize(reward: Reward, telling: Telling, spendable: int) -> Prize:
    named = telling.words.get("rewards", {}).get(reward.key, {})
    is_free_choice = reward.benefit.kind in ("payment", "per_unit") and not reward.cost
    price = telling.units(reward.cost) if not is_free_choice else ""
    needed = max(reward.cost, 1)
    name = str(named.get("name") or benefit_name(reward))
    item = reward.benefit.item if reward.benefit.kind == "merchandise" else ""
    return Prize(name, str(named.get("note") or ""), price, spendable >= needed, item)


def _next(telling: Telling, spendable: int) -> tuple[str, int | None]:
    """What comes next: the cheapest reward that isn't in reach yet."""
    ahead = [reward for reward in telling.terms.rewards if reward.cost > spendable]
    if not ahead:
        return "", None
    reward = min(ahead, key=lambda one: one.cost)
    prize = _prize(reward, telling, spendable)
    left = telling.units(reward.cost - spendable)
    said = _("%(units)s more: %(reward)s", units=left, reward=prize.name)
    return said, max(spendable, 0) * 100 // reward.cost


def _also(telling: Telling, held: Held | None, now: dt.datetime) -> tuple[str, ...]:
    """What can't be spent yet, and what will be gone soon."""
    lots = held.account.lots if held else ()
    waiting = [lot for lot in lots if lot.available_at and lot.available_at > now]
    ending = [lot for lot in lots if lot.expires_at and now < lot.expires_at <= now + SOON]
    found = []
    if waiting:
        units = telling.units(sum(lot.units for lot in waiting))
        day = format_date(max(lot.available_at or now for lot in waiting), "medium")
        found.append(
            _("%(units)s of these can be spent from %(day)s on at the latest.", units=units, day=day)
        )
    if ending:
        units = telling.units(sum(lot.units for lot in ending))
        found.append(_gone(units, {lot.expires_at or now for lot in ending}))
    return tuple(found)


def _gone(units: str, moments: Collection[dt.datetime]) -> str:
    """What will be gone, and on which day or from which day on."""
    day = format_date(min(moments) - dt.timedelta(seconds=1), "medium")
    if len(moments) == 1:
        return _("%(units)s expire on %(day)s.", units=units, day=day)
    return _("%(units)s expire soon, the first on %(day)s.", units=units, day=day)


def stamps_ending(member: Member, now: dt.datetime) -> dict[uuid.UUID, str]:
    """Of each stamp card with stamps that are gone soon, a sentence on it."""
    rows = db.session.execute(
        select(Enrolment.program_id, Lot.expires_at, func.sum(Lot.units_left))
        .join(Lot, Lot.enrolment_id == Enrolment.id)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Enrolment.member_id == member.id, Program.kind == "stamp_card", Lot.units_left > 0)
        .where(Lot.expires_at > now, Lot.expires_at <= now + SOON)
        .group_by(Enrolment.program_id, Lot.expires_at)
    ).all()
    found: dict[uuid.UUID, dict[dt.datetime, int]] = {}
    for program_id, ends_at, units in rows:
        found.setdefault(program_id, {})[ends_at or now] = int(units)
    speech = Speech("", "stamp_card")
    return {key: _gone(speech.units(sum(ends.values())), ends) for key, ends in found.items()}


def _tier(
    telling: Telling, program: Program, held: Held | None, merchant: Record, now: dt.datetime
) -> tuple[str, str, int | None, tuple[str, ...]]:
    """The tier held, what the next one takes, and until when it is kept."""
    found: engine.ProgramTerms = telling.terms
    names = telling.words.get("tiers", {})
    standing = standings({str(program.id): held})[str(program.id)] if held else None
    counted = qualifying(found.window, standing, now, merchant.time_zone) if standing else 0
    tier = standing.tier if standing else ""
    also = []
    if standing and tier and standing.kept_until:
        day = format_date(standing.kept_until - dt.timedelta(seconds=1), "medium")
        also.append(_("Yours until %(day)s at least.", day=day))
    big = str(names.get(tier) or tier) or telling.units(counted)
    held_at = next((one.threshold for one in found.tiers if one.key == tier), -1)
    ahead = next((one for one in found.tiers if one.threshold > max(counted, held_at)), None)
    if ahead is None:
        return big, "", None, tuple(also)
    name = str(names.get(ahead.key) or ahead.key)
    left = telling.units(ahead.threshold - counted)
    said = _("%(units)s more: %(reward)s", units=left, reward=name)
    return big, said, max(counted, 0) * 100 // ahead.threshold, tuple(also)
