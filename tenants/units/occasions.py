"""Units for something other than a purchase: joining, a birthday, bringing a friend, a review, coming back."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy import func, select

from saas.db import db
from saas.merchants.registry import Record
from saas.web.refusals import Refusal
from tenants.engine import cards
from tenants.engine.bonuses import bonus
from tenants.engine.dates import birthday_in, local
from tenants.engine.lots import Account, earn, units_of
from tenants.engine.programs import Program
from tenants.engine.reasons import Reason
from tenants.engine.values import Member as MemberValue
from tenants.members.models import Member
from tenants.programs import terms
from tenants.programs.enrolments import enrol
from tenants.programs.ledger import SYSTEM, Actor
from tenants.programs.models import Entry
from tenants.units import accounts
from tenants.units.accounts import Held
from tenants.units.entries import Event, as_stored, post
from tenants.units.rewards import open_reward


class SelfReferral(Refusal):
    """A member brought themselves."""


def happened(
    member_id: uuid.UUID,
    event: str,
    identity: str,
    *,
    merchant: Record,
    now: dt.datetime,
    actor: Actor = SYSTEM,
) -> list[Entry]:
    """Give what each running program promises for an event: once for each `identity` (the friend, the year, the
    review), and as often in all as the program says. Locks the member's enrolments; doing it again gives nothing more.

    Raises SelfReferral.
    """
    if event == "referral" and identity == str(member_id):
        raise SelfReferral(_("Members can’t refer themselves."))
    offers = [
        program
        for program in terms.in_force_at(now, merchant.currency)
        if any(occasion.event == event for occasion in program.terms.occasions)
        and program.terms.kind != "tiers"
    ]
    if not offers:
        return []
    enrol(member_id, now)
    held = accounts.load(member_id, now, is_locked=True)
    given = [
        _give(held[program.id], program, identity, Event(event, None, actor, now, now), merchant)
        for program in offers
        if program.id in held
    ]
    db.session.flush()
    return [entry for entry in given if entry]


def welcome(member_id: uuid.UUID, merchant: Record, now: dt.datetime) -> None:
    """What programs promise for joining; for the moment after somebody was enrolled, and harmless later."""
    happened(member_id, "welcome", "joined", merchant=merchant, now=now)


def _give(held: Held, program: Program, identity: str, event: Event, merchant: Record) -> Entry | None:
    name = f"{program.id}/{event.cause}/{identity}/{held.row.member_id}"
    request_key = hashlib.sha256(name.encode()).hexdigest()
    earlier = select(Entry.request_key).where(
        Entry.enrolment_id == held.row.id, Entry.kind == "earn", Entry.cause == event.cause
    )
    keys = set(db.session.scalars(earlier))
    whole, once = f"{program.id}/{event.cause}", f"{program.id}/{event.cause}/{identity}"
    uses = {whole: len(keys), once: int(request_key in keys)}
    member = MemberValue(str(held.row.member_id), uses=uses)
    found = bonus(program, event.cause, identity, member, event.at, merchant.time_zone)
    if isinstance(found, Reason):
        return None
    lot = replace(found.lot, id=f"{event.cause}/{request_key[:32]}")
    more = {"version_id": uuid.UUID(program.version_id), "lot_key": lot.id}
    entry = post(held, event, "earn", lot.units, as_stored([found.why]), request_key=request_key, **more)
    account = earn(held.account, lot)
    if program.terms.kind == "stamp_card":
        _fill(held, account, program, entry, event, merchant)
    else:
        accounts.store(held, account)
    return entry


def _fill(
    held: Held, account: Account, program: Program, entry: Entry, event: Event, merchant: Record
) -> None:
    """Put stamps on the card; full cards become rewards."""
    name = f"{event.cause}-{entry.id}"
    after, opened = cards.fill(held.enrolment, account, program, name, event.at, merchant.time_zone)
    filled = Event("card_full", entry.id, event.actor, event.at, event.now)
    for ready in opened:
        row = open_reward(held, ready, event)
        post(held, filled, "redeem", -units_of(ready.pieces), [], version_id=row.version_id, reward_id=row.id)
    accounts.store(held, after.account)
    held.row.version_id = uuid.UUID(after.card.version_id if after.card else program.version_id)


def has_birthdays(merchant: Record, now: dt.datetime) -> bool:
    """Whether a program gives something for birthdays."""
    programs = terms.in_force_at(now, merchant.currency)
    return any(occasion.event == "birthday" for program in programs for occasion in program.terms.occasions)


def birthdays(merchant: Record, now: dt.datetime) -> Sequence[uuid.UUID]:
    """The members whose birthday is today by the shop's calendar; those of 29 February on the 28th in common years."""
    today = local(now, merchant.time_zone).date()
    days = {(today.month, today.day)}
    if birthday_in(dt.date(2000, 2, 29), today.year) == today:
        days.add((2, 29))
    month, day = func.extract("month", Member.birthday), func.extract("day", Member.birthday)
    numbers = [100 * month_ + day_ for month_, day_ in days]
    query = select(Member.id).where(Member.birthday.is_not(None), (100 * month + day).in_(numbers))
    return db.session.scalars(query.order_by(Member.id)).all()
