"""The member's history: what happened, newest first, and why, in one sentence of the member's language."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_date, format_time, ngettext
from flask_babel import gettext as _
from sqlalchemy import literal, select, union_all

from saas.db import db
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.template_filters import date, money, when
from tenants.coupons import cards
from tenants.locations.models import Location
from tenants.members.models import Member
from tenants.programs import why
from tenants.programs.models import Enrolment, Entry, ProgramVersion, Reward
from tenants.programs.reasons import Speech
from tenants.purchases.models import Purchase

PAGE_SIZE = 20


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    title: str
    at: dt.datetime
    why: str

    @property
    def moment(self) -> str:
        """Today and yesterday by name with the time, else the date; the sentence says the rest."""
        return when(self.at) if utcnow() - self.at < dt.timedelta(days=1) else date(self.at)


@dataclass(frozen=True)
class History:
    """One page of lines; `older` is the number of the next page, or None on the last."""

    lines: list[Line]
    page: int
    older: int | None


@dataclass(frozen=True)
class _Facts:
    """What the sentences of one page refer to, by id."""

    merchant: Record
    places: dict[uuid.UUID, str]
    versions: dict[uuid.UUID, int]
    speeches: dict[uuid.UUID, Speech]
    rewards: dict[uuid.UUID, Reward]
    purchases: dict[uuid.UUID, Purchase]
    coupons: dict[uuid.UUID, list[tuple[str, int]]]

    def place(self, location_id: uuid.UUID | None) -> str:
        return self.places.get(location_id, self.merchant.name) if location_id else self.merchant.name


def page(member: Member, merchant: Record, number: int = 1) -> History:
    """A page of entries and of rewards handed out, by when they happened."""
    number = min(max(number, 1), 10_000)
    rows = _moments(member, number)
    ids = [row_id for row_id, _kind, _at in rows[:PAGE_SIZE]]
    entries = {entry.id: entry for entry in db.session.scalars(select(Entry).where(Entry.id.in_(ids)))}
    wanted = {entry.reward_id for entry in entries.values() if entry.reward_id} | set(ids)
    rewards = {
        reward.id: reward for reward in db.session.scalars(select(Reward).where(Reward.id.in_(wanted)))
    }
    facts = _facts(merchant, entries.values(), rewards)
    lines = [
        _entry_line(entries[row_id], facts) if kind == "entry" else _handed_line(rewards[row_id], at, facts)
        for row_id, kind, at in rows[:PAGE_SIZE]
    ]
    return History(lines, number, number + 1 if len(rows) > PAGE_SIZE else None)


def explained(entries: Sequence[Entry], merchant: Record) -> list[Line]:
    """Some entries as lines, in their order."""
    wanted = {entry.reward_id for entry in entries if entry.reward_id}
    rewards = db.session.scalars(select(Reward).where(Reward.id.in_(wanted)))
    facts = _facts(merchant, entries, {reward.id: reward for reward in rewards})
    return [_entry_line(entry, facts) for entry in entries]


def _moments(member: Member, number: int) -> list[Any]:
    mine = select(Enrolment.id).where(Enrolment.member_id == member.id).scalar_subquery()
    happened = union_all(
        select(Entry.id, literal("entry").label("kind"), Entry.occurred_at.label("at")).where(
            Entry.enrolment_id.in_(mine)
        ),
        select(Reward.id, literal("reward"), Reward.fulfilled_at).where(
            Reward.enrolment_id.in_(mine), Reward.fulfilled_at.is_not(None)
        ),
    ).subquery()
    query = select(happened).order_by(happened.c.at.desc(), happened.c.id.desc())
    return list(db.session.execute(query.limit(PAGE_SIZE + 1).offset((number - 1) * PAGE_SIZE)))


def _facts(merchant: Record, entries: Iterable[Entry], rewards: dict[uuid.UUID, Reward]) -> _Facts:
    causes = {entry.cause_id for entry in entries if entry.cause == "purchase" and entry.cause_id}
    purchases = db.session.scalars(select(Purchase).where(Purchase.id.in_(causes))) if causes else ()
    return _Facts(
        merchant,
        dict(db.session.execute(select(Location.id, Location.name)).all()),
        dict(db.session.execute(select(ProgramVersion.id, ProgramVersion.number)).all()),
        why.speeches(merchant.currency) if any(entry.why for entry in entries) else {},
        rewards,
        {purchase.id: purchase for purchase in purchases},
        cards.used_on(causes) if causes else {},
    )


def _entry_line(entry: Entry, facts: _Facts) -> Line:
    reward = facts.rewards.get(entry.reward_id) if entry.reward_id else None
    if entry.why and entry.version_id in facts.speeches:
        return _reasoned(entry, facts)
    return Line(_title(entry, reward), entry.occurred_at, _why(entry, reward, facts))


def _reasoned(entry: Entry, facts: _Facts) -> Line:
    """A line that carries the reasons of the engine."""
    speech = facts.speeches[entry.version_id]
    bought = entry.cause_id if entry.kind == "earn" and entry.cause == "purchase" else None
    said = [
        _("The coupon “%(coupon)s” took %(amount)s off.", coupon=name, amount=money(minor, speech.currency))
        for name, minor in (facts.coupons.get(bought, ()) if bought else ())
    ]
    said.append(why.sentence(entry, speech, _known(entry, facts)))
    return Line(why.title(entry, speech), entry.occurred_at, " ".join(said))


def _known(entry: Entry, facts: _Facts) -> dict[str, Any]:
    return {
        "date": format_date(entry.occurred_at, "medium"),
        "time": format_time(entry.occurred_at, "short"),
        "place": facts.place(entry.location_id),
        "version": facts.versions.get(entry.version_id, 1),
        "who": entry.actor_name or "",
    }


def _title(entry: Entry, reward: Reward | None) -> str:
    count = abs(entry.units)
    if entry.kind == "redeem":
        return _("Card full: %(reward)s", reward=reward.name) if reward else _("Card full")
    if entry.kind == "reverse" and reward:
        return _("Taken back: %(reward)s", reward=reward.name)
    if entry.units > 0:
        return ngettext("+%(num)s stamp", "+%(num)s stamps", count)
    return ngettext("−%(num)s stamp", "−%(num)s stamps", count)


def _why(entry: Entry, reward: Reward | None, facts: _Facts) -> str:
    """Who, where, when, by what and under which rules, in one sentence."""
    known = _known(entry, facts)
    if entry.kind == "redeem":
        return _full(entry, reward, known)
    if entry.kind == "reverse":
        return _reversed(entry, known)
    if entry.kind != "earn":
        return _("Corrected on %(date)s at %(time)s. Rules version %(version)s.", **known)
    return _earned(entry, facts, known)


def _earned(entry: Entry, facts: _Facts, known: dict[str, Any]) -> str:
    count, by_staff = entry.units, entry.actor_kind == "staff" and bool(entry.actor_name)
    if entry.cause == "purchase":
        return _bought(entry, facts, known)
    if entry.cause == "counter_code" and by_staff:
        return ngettext(
            "%(num)s stamp on %(date)s at %(time)s, given by %(who)s at %(place)s with the "
            "counter’s code. Rules version %(version)s.",
            "%(num)s stamps on %(date)s at %(time)s, given by %(who)s at %(place)s with the "
            "counter’s code. Rules version %(version)s.",
            count,
            **known,
        )
    if entry.cause == "counter_code":
        return ngettext(
            "%(num)s stamp on %(date)s at %(time)s, taken at %(place)s with the counter’s "
            "code. Rules version %(version)s.",
            "%(num)s stamps on %(date)s at %(time)s, taken at %(place)s with the counter’s "
            "code. Rules version %(version)s.",
            count,
            **known,
        )
    if entry.cause == "member_code" and by_staff:
        return ngettext(
            "%(num)s stamp on %(date)s at %(time)s, given by %(who)s at %(place)s with your "
            "member number. Rules version %(version)s.",
            "%(num)s stamps on %(date)s at %(time)s, given by %(who)s at %(place)s with your "
            "member number. Rules version %(version)s.",
            count,
            **known,
        )
    return ngettext(
        "%(num)s stamp on %(date)s at %(time)s at %(place)s. Rules version %(version)s.",
        "%(num)s stamps on %(date)s at %(time)s at %(place)s. Rules version %(version)s.",
        count,
        **known,
    )


def _bought(entry: Entry, facts: _Facts, known: dict[str, Any]) -> str:
    purchase = facts.purchases.get(entry.cause_id) if entry.cause_id else None
    if purchase is None:
        return ngettext(
            "%(num)s stamp for a purchase on %(date)s, read from the shop’s records. Rules "
            "version %(version)s.",
            "%(num)s stamps for a purchase on %(date)s, read from the shop’s records. Rules "
            "version %(version)s.",
            entry.units,
            **known,
        )
    return ngettext(
        "%(num)s stamp for a purchase of %(amount)s on %(date)s, read from the shop’s "
        "records. Rules version %(version)s.",
        "%(num)s stamps for a purchase of %(amount)s on %(date)s, read from the shop’s "
        "records. Rules version %(version)s.",
        entry.units,
        amount=money(purchase.amount_minor, purchase.currency),
        **known,
    )


def _full(entry: Entry, reward: Reward | None, known: dict[str, Any]) -> str:
    return ngettext(
        "%(num)s stamp filled the card on %(date)s at %(time)s and became the reward "
        "“%(reward)s”. Rules version %(version)s.",
        "%(num)s stamps filled the card on %(date)s at %(time)s and became the reward "
        "“%(reward)s”. Rules version %(version)s.",
        -entry.units,
        reward=reward.name if reward else "",
        **known,
    )


def _reversed(entry: Entry, known: dict[str, Any]) -> str:
    if entry.units > 0:
        return ngettext(
            "The card was not full after all: its %(num)s stamp is back since %(date)s at "
            "%(time)s, because the last one was undone.",
            "The card was not full after all: its %(num)s stamps are back since %(date)s at "
            "%(time)s, because the last one was undone.",
            entry.units,
            **known,
        )
    if entry.actor_name:
        return ngettext(
            "%(num)s stamp was undone by %(who)s at %(place)s on %(date)s at %(time)s.",
            "%(num)s stamps were undone by %(who)s at %(place)s on %(date)s at %(time)s.",
            -entry.units,
            **known,
        )
    return ngettext(
        "%(num)s stamp was undone at %(place)s on %(date)s at %(time)s.",
        "%(num)s stamps were undone at %(place)s on %(date)s at %(time)s.",
        -entry.units,
        **known,
    )


def _handed_line(reward: Reward, at: dt.datetime, facts: _Facts) -> Line:
    words = _(
        "The reward “%(reward)s” was handed out at %(place)s on %(date)s at %(time)s. "
        "Rules version %(version)s.",
        reward=reward.name,
        place=facts.place(reward.location_id),
        date=format_date(at, "medium"),
        time=format_time(at, "short"),
        version=facts.versions.get(reward.version_id, 1),
    )
    return Line(_("Handed out: %(reward)s", reward=reward.name), at, words)
