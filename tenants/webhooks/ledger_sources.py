"""What the ledger tells: its lines, rewards that became ready, rewards that were handed out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased

from saas.db import db
from saas.db.horizon import moment_of
from tenants.members.models import Member
from tenants.programs.models import Enrolment, Entry, Reward
from tenants.purchases.models import Purchase
from tenants.webhooks.catalogue import ENTRY_TYPES
from tenants.webhooks.spans import Found, Span, member_data, moment, text_of


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
            "cause_id": text_of(entry.cause_id),
            "reward_id": text_of(entry.reward_id),
            "reverses_id": text_of(entry.reverses_id),
            "actor_kind": entry.actor_kind,
            **_card(card, number),
            "location_id": text_of(entry.location_id),
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
    """Rewards that were handed out: by a code, or with a purchase, which a till may have sent hours later.

    One that came back with a refund and was handed out again is told again.
    """
    by_code = _rewards().where(span.holds(Reward.fulfilled_at))
    with_purchase = (
        _rewards()
        .join(Purchase, and_(Purchase.member_id == Member.id, Purchase.occurred_at == Reward.fulfilled_at))
        .where(span.holds_id(Purchase.id), Purchase.import_id.is_(None))
    )
    for reward, card, number in db.session.execute(by_code.order_by(Reward.fulfilled_at, Reward.id)):
        yield _handed_out(reward, card, number, reward.fulfilled_at)
    late = with_purchase.add_columns(Purchase.id).order_by(Purchase.id, Reward.id)
    for reward, card, number, purchase_id in db.session.execute(late):
        yield _handed_out(reward, card, number, moment_of(purchase_id))


def _handed_out(reward: Reward, card: Enrolment, number: str, written_at: dt.datetime) -> Found:
    at = reward.fulfilled_at or written_at
    data = {
        **_reward(reward, card, number),
        "fulfilled_at": moment(at),
        "location_id": text_of(reward.location_id),
    }
    return Found("reward.fulfilled", uuid.uuid5(reward.id, moment(at)), written_at, at, data)


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


def _card(card: Enrolment, number: str) -> dict[str, Any]:
    return {
        **member_data(card.member_id, number),
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
