"""The ledger's writes: earn, undo, fulfil. Each locks late, appends, and keeps the balance equal to the sum."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import func, or_, select, update

from saas.db import db, new_id
from saas.web.refusals import Conflict, Refusal
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry, Program, ProgramVersion, Reward
from tenants.programs.rules import MAX_UNITS, Terms, fill, is_better


class ProgramNotRunning(Refusal):
    """The program is a draft, paused or archived, or the member takes no part in it."""


class BadCount(Refusal):
    """Fewer than one stamp, or more than MAX_UNITS at once."""


class CooldownRunning(Refusal):
    """The member had a stamp a short while ago."""


class DailyCapReached(Refusal):
    """The member has had all the stamps that a day allows."""


class AlreadyUndone(Refusal):
    """The entry was reversed before, or is none that can be."""


class RewardGone(Refusal):
    """The reward was handed out, cancelled or expired before."""


@dataclass(frozen=True)
class Actor:
    """Who does it: kind is staff, member, system or api; `id` is theirs; `name` is kept in the entry as it is now."""

    kind: str
    id: uuid.UUID | None = None
    name: str | None = None


SYSTEM = Actor("system")


@dataclass(frozen=True)
class Stamped:
    """What became of stamps: the entry, the card as it is now, and how many rewards became ready by it."""

    entry_id: uuid.UUID
    enrolment_id: uuid.UUID
    units: int
    balance: int
    required: int
    rewards_issued: int
    is_repeat: bool


@dataclass(frozen=True)
class Undone:
    """What an undo left: the counter-entry and the balance."""

    entry_id: uuid.UUID
    balance: int
    rewards_cancelled: int


def digest(*parts: object) -> bytes:
    """What a request asked for, so that the same key with another content is noticed."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()


def earn(
    member_id: uuid.UUID,
    program_id: uuid.UUID,
    units: int,
    *,
    actor: Actor,
    cause: str,
    cause_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    request_key: str,
    now: dt.datetime,
    time_zone: str = "UTC",
    is_limited: bool = True,
) -> Stamped:
    """Give stamps; full cards become rewards and the next card opens at once. Locks the enrolment.

    A known `request_key` answers as the first time and adds nothing. Raises BadCount, ProgramNotRunning,
    CooldownRunning, DailyCapReached, or Conflict when the key came with another content. The cool-down and the
    daily cap (in `time_zone`) hold unless `is_limited` is False.
    """
    if not 1 <= units <= MAX_UNITS:
        raise BadCount(_("Give at least 1 and at most %(max)s stamps at once.", max=MAX_UNITS))
    enrolment = _locked(member_id, program_id)
    asked = digest("earn", member_id, program_id, units)
    if repeat := _repeat(request_key, asked):
        return repeat
    current, under_way = _terms(enrolment)
    required_now = under_way.required
    if is_limited:
        _check_limits(enrolment, Terms.from_mapping(current.terms), units, now, time_zone)
    entry = Entry(
        id=new_id(),
        enrolment_id=enrolment.id,
        kind="earn",
        units=units,
        version_id=enrolment.version_id,
        cause=cause,
        cause_id=cause_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        location_id=location_id,
        request_key=request_key,
        request_digest=asked,
        occurred_at=now,
        recorded_at=now,
    )
    db.session.add(entry)
    next_terms = Terms.from_mapping(current.terms)
    filled = fill(enrolment.balance, units, required_now, next_terms.required)
    _open_rewards(enrolment, entry, filled.full_cards, under_way, current, next_terms, now)
    enrolment.balance = filled.balance
    enrolment.last_earned_at = now
    db.session.execute(update(Member).where(Member.id == member_id).values(last_seen_at=now))
    db.session.flush()
    required = next_terms.required if filled.full_cards else required_now
    return Stamped(
        entry.id, enrolment.id, units, filled.balance, required, len(filled.full_cards), is_repeat=False
    )


def _locked(member_id: uuid.UUID, program_id: uuid.UUID) -> Enrolment:
    enrolment = db.session.scalar(
        select(Enrolment)
        .where(Enrolment.member_id == member_id, Enrolment.program_id == program_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if enrolment is None:
        raise ProgramNotRunning(_("This member has no such card."))
    return enrolment


def _repeat(request_key: str, asked: bytes) -> Stamped | None:
    """The answer of the first time, when the key is known; needs the lock, so that the first one has committed."""
    entry = db.session.scalar(select(Entry).where(Entry.request_key == request_key))
    if entry is None:
        return None
    if entry.request_digest != asked:
        raise Conflict(_("This was sent before with another content. Reload the page and start again."))
    enrolment = db.session.get_one(Enrolment, entry.enrolment_id)
    version = db.session.get_one(ProgramVersion, enrolment.version_id)
    rewards = db.session.scalar(
        select(func.count()).select_from(Entry).where(Entry.cause_id == entry.id, Entry.kind == "redeem")
    )
    required = Terms.from_mapping(version.terms).required
    return Stamped(
        entry.id, enrolment.id, entry.units, enrolment.balance, required, rewards or 0, is_repeat=True
    )


def _terms(enrolment: Enrolment) -> tuple[ProgramVersion, Terms]:
    """The version in force, and the terms of the card under way, moved to the newer ones where those are better."""
    program = db.session.get_one(Program, enrolment.program_id)
    if program.status != "published" or program.kind != "stamp_card":
        raise ProgramNotRunning(_("This stamp card is not running at the moment."))
    current = db.session.scalars(
        select(ProgramVersion).where(
            ProgramVersion.program_id == program.id, ProgramVersion.number == program.version_number
        )
    ).one()
    if enrolment.version_id == current.id:
        return current, Terms.from_mapping(current.terms)
    begun = db.session.get_one(ProgramVersion, enrolment.version_id)
    old, new = Terms.from_mapping(begun.terms), Terms.from_mapping(current.terms)
    if enrolment.balance == 0 or is_better(new, old):
        enrolment.version_id = current.id
        return current, new
    return current, old


def _check_limits(enrolment: Enrolment, terms: Terms, units: int, now: dt.datetime, time_zone: str) -> None:
    last = enrolment.last_earned_at
    if terms.cooldown_minutes and last is not None:
        free_at = last + dt.timedelta(minutes=terms.cooldown_minutes)
        if now < free_at:
            minutes = max(1, -(-int((free_at - now).total_seconds()) // 60))
            raise CooldownRunning(
                _(
                    "Stamped a short while ago. The next stamp is possible in %(minutes)s min.",
                    minutes=minutes,
                )
            )
    if terms.daily_cap:
        zone = ZoneInfo(time_zone)
        day = dt.datetime.combine(now.astimezone(zone).date(), dt.time(), zone)
        today = db.session.scalar(
            select(func.coalesce(func.sum(Entry.units), 0)).where(
                Entry.enrolment_id == enrolment.id,
                Entry.kind.in_(("earn", "reverse")),
                Entry.cause != "undo_full",
                Entry.occurred_at >= day,
            )
        )
        if int(today or 0) + units > terms.daily_cap:
            raise DailyCapReached(
                _("No more than %(cap)s stamps a day on this card. Come back tomorrow.", cap=terms.daily_cap)
            )


def _open_rewards(
    enrolment: Enrolment,
    earned: Entry,
    full_cards: tuple[int, ...],
    under_way: Terms,
    current: ProgramVersion,
    next_terms: Terms,
    now: dt.datetime,
) -> None:
    """Turn each full card into a reward of the version it was filled under, by a redeem entry that names both."""
    terms, version_id = under_way, enrolment.version_id
    for cost in full_cards:
        reward = Reward(
            id=new_id(),
            enrolment_id=enrolment.id,
            version_id=version_id,
            name=terms.reward_name,
            issued_at=now,
        )
        db.session.add(reward)
        db.session.add(
            Entry(
                id=new_id(),
                enrolment_id=enrolment.id,
                kind="redeem",
                units=-cost,
                version_id=version_id,
                cause="card_full",
                cause_id=earned.id,
                reward_id=reward.id,
                actor_kind="system",
                location_id=earned.location_id,
                occurred_at=now,
                recorded_at=now,
            )
        )
        terms, version_id = next_terms, current.id
    if full_cards:
        enrolment.version_id = current.id


def undo(entry_id: uuid.UUID, *, actor: Actor, request_key: str, now: dt.datetime) -> Undone:
    """Take an earn entry back by a counter-entry; rewards that it opened are cancelled. Locks the enrolment.

    Raises AlreadyUndone, or RewardGone when a reward that it opened was handed out already. A balance that later
    cards have used up stays at zero or above: the undo is refused then, since units that are spent can't be taken.
    """
    found = db.session.scalar(select(Entry).where(Entry.id == entry_id, Entry.kind == "earn"))
    if found is None:
        raise AlreadyUndone(_("There is no such stamp to undo."))
    if found.why is not None:
        raise AlreadyUndone(_("These were earned by a purchase or a bonus. Refund the purchase instead."))
    enrolment = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.id == found.enrolment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    before = db.session.scalar(select(Entry).where(Entry.reverses_id == entry_id))
    if before is not None:
        if before.request_key == request_key:
            return Undone(before.id, enrolment.balance, 0)
        raise AlreadyUndone(_("This stamp was undone before."))
    cancelled = _cancel_rewards(enrolment, found, actor, now)
    version = db.session.get_one(ProgramVersion, enrolment.version_id)
    left = enrolment.balance - found.units
    if (
        not 0 <= left < Terms.from_mapping(version.terms).required
    ):  # later stamps stand on the card this one filled
        raise RewardGone(
            _("These stamps are used up: the reward is on its way. Undo the later stamps first.")
        )
    entry = _counter_entry(found, actor, now, request_key)
    db.session.add(entry)
    enrolment.balance -= found.units
    enrolment.last_earned_at = _last_earned(enrolment.id, entry_id)
    db.session.flush()
    return Undone(entry.id, enrolment.balance, cancelled)


def _last_earned(enrolment_id: uuid.UUID, undone_id: uuid.UUID) -> dt.datetime | None:
    """When the enrolment last earned, without what was undone, so that an undone stamp starts no cool-down."""
    reversal = Entry.__table__.alias("reversal")
    return db.session.scalar(
        select(func.max(Entry.occurred_at)).where(
            Entry.enrolment_id == enrolment_id,
            Entry.kind == "earn",
            Entry.id != undone_id,
            ~select(reversal.c.id).where(reversal.c.reverses_id == Entry.id).exists(),
        )
    )


def _cancel_rewards(enrolment: Enrolment, earned: Entry, actor: Actor, now: dt.datetime) -> int:
    """Cancel the rewards that an earn entry opened, giving back what they cost; returns how many."""
    redeems = db.session.scalars(
        select(Entry).where(Entry.cause_id == earned.id, Entry.kind == "redeem").order_by(Entry.id)
    ).all()
    for redeem in redeems:
        result = db.session.scalar(
            update(Reward)
            .where(Reward.id == redeem.reward_id, Reward.status == "issued")
            .values(status="cancelled")
            .returning(Reward.id)
        )
        if result is None:
            raise RewardGone(
                _("The reward of this card was handed out already, so its stamps can't be undone.")
            )
        db.session.add(_counter_entry(redeem, actor, now, None))
        enrolment.balance -= redeem.units
    if redeems:
        enrolment.version_id = earned.version_id
    return len(redeems)


def _counter_entry(entry: Entry, actor: Actor, now: dt.datetime, request_key: str | None) -> Entry:
    return Entry(
        id=new_id(),
        enrolment_id=entry.enrolment_id,
        kind="reverse",
        units=-entry.units,
        version_id=entry.version_id,
        cause="undo" if entry.kind == "earn" else "undo_full",
        reverses_id=entry.id,
        reward_id=entry.reward_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        location_id=entry.location_id,
        request_key=request_key,
        occurred_at=now,
        recorded_at=now,
    )


def fulfil(
    reward_id: uuid.UUID,
    *,
    actor: Actor,
    location_id: uuid.UUID | None = None,
    now: dt.datetime,
) -> Reward:
    """Hand a reward out, once: one conditional UPDATE decides among any number. Raises RewardGone."""
    handed = db.session.scalar(
        update(Reward)
        .where(Reward.id == reward_id, Reward.status == "issued")
        .where(or_(Reward.expires_at.is_(None), Reward.expires_at > now))
        .values(status="fulfilled", fulfilled_at=now, fulfilled_by=actor.id, location_id=location_id)
        .returning(Reward)
        .execution_options(populate_existing=True)
    )
    if handed is None:
        raise RewardGone(_("This reward was handed out before, taken back, or its time is over."))
    return handed
