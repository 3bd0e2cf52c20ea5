"""Where events come from: the merchant's rows of a span of time, each as what it tells.

Rows are found by when they were written: the time in a key of version 7, or a column that is set in the same
transaction. What an import wrote happened long ago and is not told. About a person only ids and the member number.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from saas.db import db
from saas.db.horizon import first_id, moment_of
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases.models import Purchase, Refund
from tenants.webhooks.catalogue import ENTRY_TYPES


@dataclass(frozen=True)
class Span:
    """From `start` on and before `end`."""

    start: dt.datetime
    end: dt.datetime

    def holds_id(self, key: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
        """Rows whose key was made in the span."""
        return and_(key >= first_id(self.start), key < first_id(self.end))

    def holds(
        self, moment: InstrumentedAttribute[dt.datetime] | InstrumentedAttribute[dt.datetime | None]
    ) -> ColumnElement[bool]:
        return and_(moment >= self.start, moment < self.end)


@dataclass(frozen=True)
class Found:
    """A row that tells something: `written_at` places it for the reader, `occurred_at` is for people."""

    type: str
    source_id: uuid.UUID
    written_at: dt.datetime
    occurred_at: dt.datetime
    data: dict[str, Any]


Source = Callable[[Span], Iterator[Found]]


def members(span: Span) -> Iterator[Found]:
    """Members who joined; their keys need not tell the time, as one may come from a form sent twice."""
    query = select(Member).where(span.holds(Member.joined_at), Member.source != "import")
    for row in db.session.scalars(query.order_by(Member.joined_at)):
        data = {**_member(row.id, row.number), "source": row.source, "joined_at": moment(row.joined_at)}
        yield Found("member.joined", row.id, row.joined_at, row.joined_at, data)


def entries(span: Span) -> Iterator[Found]:
    """Every line of the ledger; `balance` is the card's when it is read, which later lines may have moved already."""
    query = _of_a_card(select(Entry, Enrolment, Member.number), Entry.enrolment_id)
    query = query.where(span.holds_id(Entry.id), ~_is_imported(Entry))
    # What takes an imported line back is told; the price of a card that an import filled is not.
    query = query.where(or_(Entry.kind != "redeem", ~_is_paid_by_import(Entry.cause_id)))
    for entry, card, number in db.session.execute(query.order_by(Entry.id)):
        data = {
            "entry_id": str(entry.id),
            "kind": entry.kind,
            "units": entry.units,
            "balance": card.balance,
            "cause": entry.cause,
            "cause_id": _text(entry.cause_id),
            "reward_id": _text(entry.reward_id),
            "reverses_id": _text(entry.reverses_id),
            "actor_kind": entry.actor_kind,
            **_card(card, number),
            "location_id": _text(entry.location_id),
            "occurred_at": moment(entry.occurred_at),
        }
        yield Found(ENTRY_TYPES[entry.kind], entry.id, moment_of(entry.id), entry.occurred_at, data)


def rewards_issued(span: Span) -> Iterator[Found]:
    """Rewards that became ready, whatever became of them since."""
    query = _rewards().where(span.holds_id(Reward.id))
    for reward, card, number in db.session.execute(query.order_by(Reward.id)):
        yield Found(
            "reward.issued", reward.id, moment_of(reward.id), reward.issued_at, _reward(reward, card, number)
        )


def rewards_fulfilled(span: Span) -> Iterator[Found]:
    """Rewards that were handed out."""
    query = _rewards().where(span.holds(Reward.fulfilled_at))
    for reward, card, number in db.session.execute(query.order_by(Reward.fulfilled_at, Reward.id)):
        data = {
            **_reward(reward, card, number),
            "fulfilled_at": moment(reward.fulfilled_at),
            "location_id": _text(reward.location_id),
        }
        yield Found("reward.fulfilled", reward.id, reward.fulfilled_at, reward.fulfilled_at, data)


def purchases(span: Span) -> Iterator[Found]:
    """Purchases that came from a till or a counter, with a member or without."""
    query = (
        select(Purchase, Member.number)
        .outerjoin(Member, Member.id == Purchase.member_id)
        .where(span.holds_id(Purchase.id), Purchase.import_id.is_(None))
    )
    for row, number in db.session.execute(query.order_by(Purchase.id)):
        data = {
            "purchase_id": str(row.id),
            "receipt_number": row.receipt_number,
            "amount_minor": row.amount_minor,
            "currency": row.currency,
            "quantity": row.quantity,
            **_member(row.member_id, number),
            "location_id": _text(row.location_id),
            "occurred_at": moment(row.occurred_at),
        }
        yield Found("purchase.committed", row.id, moment_of(row.id), row.occurred_at, data)


def refunds(span: Span) -> Iterator[Found]:
    """What was returned of purchases."""
    query = (
        select(Refund, Purchase, Member.number)
        .join(Purchase, Purchase.id == Refund.purchase_id)
        .outerjoin(Member, Member.id == Purchase.member_id)
        .where(span.holds_id(Refund.id))
    )
    for row, purchase, number in db.session.execute(query.order_by(Refund.id)):
        data = {
            "refund_id": str(row.id),
            "purchase_id": str(purchase.id),
            "receipt_number": purchase.receipt_number,
            "amount_minor": row.amount_minor,
            "currency": purchase.currency,
            "is_everything": row.is_everything,
            **_member(purchase.member_id, number),
            "location_id": _text(row.location_id),
            "occurred_at": moment(row.occurred_at),
        }
        yield Found("purchase.refunded", row.id, moment_of(row.id), row.occurred_at, data)


SOURCES: tuple[Source, ...] = (members, purchases, refunds, entries, rewards_issued, rewards_fulfilled)


def moment(value: dt.datetime) -> str:
    """A moment as payloads write it."""
    return value.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _is_imported(entry: type[Entry]) -> ColumnElement[bool]:
    """Whether a line was earned by a purchase that an import read."""
    read = select(Purchase.id).where(Purchase.id == entry.cause_id, Purchase.import_id.is_not(None))
    return and_(entry.kind == "earn", entry.cause == "purchase", read.exists())


def _is_paid_by_import(earned_id: Any) -> ColumnElement[bool]:
    """Whether the stamps that filled a card came from an import."""
    earned = aliased(Entry)
    return select(earned.id).where(earned.id == earned_id, _is_imported(earned)).exists()


def _rewards() -> Select[*tuple[Any, ...]]:
    """Rewards with their cards, but for those that an import filled."""
    paid = aliased(Entry)
    by_import = (
        select(paid.id)
        .where(
            paid.enrolment_id == Reward.enrolment_id,
            paid.occurred_at == Reward.issued_at,
            paid.reward_id == Reward.id,
            _is_paid_by_import(paid.cause_id),
        )
        .exists()
    )
    return _of_a_card(select(Reward, Enrolment, Member.number), Reward.enrolment_id).where(~by_import)


def _of_a_card(query: Select[*tuple[Any, ...]], enrolment_id: Any) -> Select[*tuple[Any, ...]]:
    return query.join(Enrolment, Enrolment.id == enrolment_id).join(Member, Member.id == Enrolment.member_id)


def _member(member_id: uuid.UUID | None, number: str | None) -> dict[str, Any]:
    return {"member_id": _text(member_id), "member_number": number}


def _card(card: Enrolment, number: str) -> dict[str, Any]:
    return {
        **_member(card.member_id, number),
        "enrolment_id": str(card.id),
        "program_id": str(card.program_id),
    }


def _reward(reward: Reward, card: Enrolment, number: str) -> dict[str, Any]:
    return {
        "reward_id": str(reward.id),
        "name": reward.name,
        **_card(card, number),
        "issued_at": moment(reward.issued_at),
    }


def _text(key: uuid.UUID | None) -> str | None:
    return str(key) if key else None
