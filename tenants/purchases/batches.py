"""One batch of rows into the ledger: members, purchases, stamps, rewards, each in a few statements, or
nothing.

A purchase's request key decides whether it is new: known ones are left alone, and only new ones earn stamps.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import any_, select, update

from saas.db import db, new_id
from saas.db.bulk import array, insert_rows, rows_of, table_of
from tenants.programs.models import Enrolment, Entry, ProgramVersion, Reward
from tenants.programs.rules import Terms
from tenants.purchases import people, stamping
from tenants.purchases.models import Purchase
from tenants.purchases.reading import Row
from tenants.purchases.stamping import Card, Version


@dataclass(frozen=True)
class Target:
    """What a run writes for: the program (None: no stamps), its version in force, and what full cards
    became.
    """

    import_id: uuid.UUID
    currency: str
    language: str
    location_id: uuid.UUID | None
    program_id: uuid.UUID | None
    current: Version | None
    is_handed_out: bool
    actor_name: str
    now: dt.datetime


@dataclass(frozen=True)
class Added:
    """What a batch added."""

    members: int = 0
    purchases: int = 0
    known: int = 0
    stamps: int = 0


def write(rows: Sequence[tuple[str, Row]], target: Target) -> Added:
    """Write rows, each with its request key, by date; needs the merchant's transaction."""
    members, added = people.find_or_add([row for _, row in rows], target.language)
    ids = {key: new_id() for key, _ in rows}
    statement = insert_rows(
        Purchase,
        {
            "id": list(ids.values()),
            "member_id": [members[row.identity] for _, row in rows],
            "receipt_number": [row.receipt for _, row in rows],
            "quantity": [row.quantity for _, row in rows],
            "amount_minor": [row.amount_minor for _, row in rows],
            "request_key": list(ids),
            "occurred_at": [row.occurred_at for _, row in rows],
        },
        {
            "import_id": target.import_id,
            "location_id": target.location_id,
            "currency": target.currency,
            "recorded_at": target.now,
        },
    )
    taken = db.session.scalars(
        statement.on_conflict_do_nothing(index_elements=["request_key"]).returning(
            table_of(Purchase).c.request_key
        )
    )
    fresh = set(taken)
    new = [(key, row) for key, row in rows if key in fresh]
    stamps = _stamp(new, ids, members, target)
    # After the cards: the counter locks a card first, then its member.
    people.see(members, [row for _, row in new])
    return Added(added, len(new), len(rows) - len(new), stamps)


def _stamp(
    rows: Sequence[tuple[str, Row]], ids: dict[str, uuid.UUID], members: dict[str, uuid.UUID], target: Target
) -> int:
    """Stamp the cards of new purchases; returns the stamps given."""
    if target.current is None or not rows:
        return 0
    cards = _locked_cards({members[row.identity] for _, row in rows}, target, target.current)
    for key, row in rows:
        count = stamping.units(target.current.terms, row.quantity, row.amount_minor)
        card = cards[members[row.identity]]
        stamping.stamp(card, target.current, ids[key], key, count, row.occurred_at, new_id)
    changed = [card for card in cards.values() if card.earned]
    if changed:
        _write_rewards(changed, target)
        _write_entries(changed, target)
        _write_balances(changed)
    return sum(earned.units for card in changed for earned in card.earned)


def _locked_cards(member_ids: set[uuid.UUID], target: Target, current: Version) -> dict[uuid.UUID, Card]:
    """The members' cards in the program, made where missing, each under its row lock (in the order of the
    keys).
    """
    ordered = sorted(member_ids)
    made = insert_rows(
        Enrolment,
        {"id": [new_id() for _ in ordered], "member_id": ordered},
        {
            "program_id": target.program_id,
            "version_id": current.id,
            "balance": 0,
            "created_at": target.now,
        },
    )
    db.session.execute(made.on_conflict_do_nothing())
    own = (
        select(
            Enrolment.member_id,
            Enrolment.id,
            Enrolment.balance,
            Enrolment.last_earned_at,
            Enrolment.version_id,
        )
        .where(
            Enrolment.program_id == target.program_id,
            Enrolment.member_id == any_(array(ordered, table_of(Enrolment).c.member_id)),
        )
        .order_by(Enrolment.id)
        .with_for_update()
    )
    rows = db.session.execute(own).all()
    versions = _versions({row.version_id for row in rows}, current)
    return {
        row.member_id: Card(row.id, row.balance, versions[row.version_id], row.last_earned_at) for row in rows
    }


def _versions(version_ids: set[uuid.UUID], current: Version) -> dict[uuid.UUID, Version]:
    others = version_ids - {current.id}
    found = {current.id: current}
    if others:
        query = select(ProgramVersion).where(ProgramVersion.id.in_(others))
        found |= {
            version.id: Version(version.id, Terms.from_mapping(version.terms))
            for version in db.session.scalars(query)
        }
    return found


def _write_rewards(cards: Sequence[Card], target: Target) -> None:
    rewards = [ready for card in cards for ready in card.rewards]
    if not rewards:
        return
    db.session.execute(
        insert_rows(
            Reward,
            {
                "id": [ready.id for ready in rewards],
                "enrolment_id": [ready.enrolment_id for ready in rewards],
                "version_id": [ready.version.id for ready in rewards],
                "name": [ready.version.terms.reward_name for ready in rewards],
                "issued_at": [ready.occurred_at for ready in rewards],
                "fulfilled_at": [ready.occurred_at if target.is_handed_out else None for ready in rewards],
            },
            {
                "status": "fulfilled" if target.is_handed_out else "issued",
                "location_id": target.location_id if target.is_handed_out else None,
            },
        )
    )


def _write_entries(cards: Sequence[Card], target: Target) -> None:
    fixed = {"actor_kind": "system", "location_id": target.location_id, "recorded_at": target.now}
    earned = [line for card in cards for line in card.earned]
    db.session.execute(
        insert_rows(
            Entry,
            {
                "id": [line.id for line in earned],
                "enrolment_id": [line.enrolment_id for line in earned],
                "units": [line.units for line in earned],
                "version_id": [line.version_id for line in earned],
                "cause_id": [line.purchase_id for line in earned],
                "request_key": [line.request_key for line in earned],
                "occurred_at": [line.occurred_at for line in earned],
            },
            {"kind": "earn", "cause": "purchase", "actor_name": target.actor_name, **fixed},
        )
    )
    ready = [line for card in cards for line in card.rewards]
    if not ready:
        return
    db.session.execute(
        insert_rows(
            Entry,
            {
                "id": [line.entry_id for line in ready],
                "enrolment_id": [line.enrolment_id for line in ready],
                "units": [-line.cost for line in ready],
                "version_id": [line.version.id for line in ready],
                "cause_id": [line.earned_id for line in ready],
                "reward_id": [line.id for line in ready],
                "occurred_at": [line.occurred_at for line in ready],
            },
            {"kind": "redeem", "cause": "card_full", **fixed},
        )
    )


def _write_balances(cards: Sequence[Card]) -> None:
    given = rows_of(
        Enrolment,
        {
            "id": [card.enrolment_id for card in cards],
            "balance": [card.balance for card in cards],
            "version_id": [card.begun.id for card in cards],
            "last_earned_at": [card.last_earned_at for card in cards],
        },
    )
    db.session.execute(
        update(Enrolment)
        .where(Enrolment.id == given.c.id)
        .values(balance=given.c.balance, version_id=given.c.version_id, last_earned_at=given.c.last_earned_at)
        .execution_options(synchronize_session=False)
    )
