"""One batch of rows into the ledger: members, purchases, stamps and rewards, each in a few statements; exact, or nothing.

A purchase's request key decides whether it is new: ON CONFLICT leaves known ones alone, and only new ones earn stamps.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import any_, case, func, select, update

from saas.db import db, new_id
from tenants.members.models import Member
from tenants.members.rules import new_number
from tenants.programs.models import Enrolment, Entry, ProgramVersion, Reward
from tenants.programs.rules import Terms
from tenants.purchases import stamping
from tenants.purchases.bulk import array, insert_rows, rows_of, table_of
from tenants.purchases.models import Purchase
from tenants.purchases.reading import Row
from tenants.purchases.stamping import Card, Version


@dataclass(frozen=True)
class Target:
    """What a run writes for: the program (None: no stamps), its version in force, and what full cards became."""

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
    """Write rows, each with its request key, in the order of their dates; needs the merchant's transaction."""
    members, added = find_or_add_members([row for _, row in rows], target)
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
    _seen(
        members, [row for _, row in new]
    )  # after the cards: the counter locks a card first, then its member
    return Added(added, len(new), len(rows) - len(new), stamps)


def find_or_add_members(rows: Sequence[Row], target: Target) -> tuple[dict[str, uuid.UUID], int]:
    """The member of each row's identity: by external id, else by e-mail or phone, else a new one; and how many are new."""
    by_identity: dict[str, list[Row]] = {}
    for row in rows:
        by_identity.setdefault(row.identity, []).append(row)
    found = known_members(rows)
    claim(rows, found)
    count = 0
    for _attempt in range(
        3
    ):  # a number that is taken already leaves its member out; the next one will be free
        missing = {identity: own for identity, own in by_identity.items() if identity not in found}
        if not missing:
            break
        count += _add_members(missing, target)
        found = known_members(rows)
    return found, count


def _add_members(missing: dict[str, list[Row]], target: Target) -> int:
    """Add a member for each identity; one that is only an address or a phone number of another one is left to that."""
    firsts: list[tuple[Row, dt.datetime]] = []
    contacts: set[str] = set()
    for own in missing.values():
        best = _best(own)
        known = {f"mail {best.email}" if best.email else "", f"tel {best.phone}" if best.phone else ""} - {""}
        if best.member is None and known & contacts:
            continue
        contacts |= known
        firsts.append((best, min(row.occurred_at for row in own)))
    statement = insert_rows(
        Member,
        {
            "id": [new_id() for _ in firsts],
            "number": [new_number() for _ in firsts],
            "first_name": [row.name for row, _ in firsts],
            "email": [row.email for row, _ in firsts],
            "phone": [row.phone for row, _ in firsts],
            "external_id": [row.member for row, _ in firsts],
            "joined_at": [joined_at for _, joined_at in firsts],
        },
        {"language": target.language, "source": "import"},
    )
    added = db.session.scalars(statement.on_conflict_do_nothing().returning(table_of(Member).c.id))
    return len(added.all())


def _best(rows: list[Row]) -> Row:
    """The first row, filled up with the name, e-mail and phone of later ones where it has none."""
    first = rows[0]
    for row in rows[1:]:
        first = first._replace(
            name=first.name or row.name, email=first.email or row.email, phone=first.phone or row.phone
        )
    return first


def known_members(rows: Sequence[Row]) -> dict[str, uuid.UUID]:
    """Members that are there already, by the rows' identity. One known by contact alone is given the external id."""
    externals = {row.member for row in rows if row.member}
    found: dict[str, uuid.UUID] = {}
    if externals:
        by_id = select(Member.external_id, Member.id).where(
            Member.external_id == any_(array(sorted(externals), Member.external_id))
        )
        found = {f"id {external}": member_id for external, member_id in db.session.execute(by_id)}
    rest = [row for row in rows if row.identity not in found and (row.email or row.phone)]
    if not rest:
        return found
    contacts = _by_contact(rest)
    claimed: dict[uuid.UUID, str] = {}
    for row in rest:
        match = contacts.get(f"mail {row.email}") or contacts.get(f"tel {row.phone}")
        if match is None or row.identity in found:
            continue
        member_id, external = match
        if row.member and (external or member_id in claimed):
            continue
        if row.member:
            claimed[member_id] = row.member
        found[row.identity] = member_id
    return found


def claim(rows: Sequence[Row], found: dict[str, uuid.UUID]) -> None:
    """Write the external id of the file to members who were found by their contact and have none."""
    pairs = {found[row.identity]: row.member for row in rows if row.member and row.identity in found}
    if not pairs:
        return
    given = rows_of(Member, {"id": list(pairs), "external_id": list(pairs.values())})
    db.session.execute(
        update(Member)
        .where(Member.id == given.c.id, Member.external_id.is_(None))
        .values(external_id=given.c.external_id)
        .execution_options(synchronize_session=False)
    )


def _by_contact(rows: Sequence[Row]) -> dict[str, tuple[uuid.UUID, str | None]]:
    """Members by e-mail and phone, the oldest where several share one."""
    emails = sorted({row.email for row in rows if row.email})
    phones = sorted({row.phone for row in rows if row.phone})
    found: dict[str, tuple[uuid.UUID, str | None]] = {}
    columns = (Member.id, Member.external_id)
    for kind, column, values in (
        ("tel", Member.phone, phones),
        ("mail", func.lower(Member.email), emails),
    ):
        if not values:
            continue
        query = (
            select(column, *columns)
            .where(column == any_(array(values, Member.email)))
            .order_by(Member.joined_at.desc(), Member.id.desc())
        )
        found |= {
            f"{kind} {value}": (member_id, external)
            for value, member_id, external in db.session.execute(query)
        }
    return found


def _seen(members: dict[str, uuid.UUID], rows: Sequence[Row]) -> None:
    """Move first and last visit of the rows' members apart, as far as the rows' dates reach."""
    spans: dict[uuid.UUID, tuple[dt.datetime, dt.datetime]] = {}
    for row in rows:
        member_id = members[row.identity]
        first, last = spans.get(member_id, (row.occurred_at, row.occurred_at))
        spans[member_id] = (min(first, row.occurred_at), max(last, row.occurred_at))
    if not spans:
        return
    ordered = sorted(spans)
    given = rows_of(
        Member,
        {
            "id": ordered,
            "joined_at": [spans[member_id][0] for member_id in ordered],
            "last_seen_at": [spans[member_id][1] for member_id in ordered],
        },
    )
    db.session.execute(
        update(Member)
        .where(Member.id == given.c.id)
        .values(
            joined_at=case(
                (Member.source == "import", func.least(Member.joined_at, given.c.joined_at)),
                else_=Member.joined_at,
            ),
            last_seen_at=func.greatest(Member.last_seen_at, given.c.last_seen_at),
        )
        .execution_options(synchronize_session=False)
    )


def _stamp(
    rows: Sequence[tuple[str, Row]], ids: dict[str, uuid.UUID], members: dict[str, uuid.UUID], target: Target
) -> int:
    """Stamp the cards of new purchases; returns the stamps given."""
    if target.current is None or not rows:
        return 0
    cards = _locked_cards({members[row.identity] for _, row in rows}, target)
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


def _locked_cards(member_ids: set[uuid.UUID], target: Target) -> dict[uuid.UUID, Card]:
    """The members' cards in the program, made where missing, each under its row lock (in the order of the keys)."""
    assert target.current is not None
    ordered = sorted(member_ids)
    made = insert_rows(
        Enrolment,
        {"id": [new_id() for _ in ordered], "member_id": ordered},
        {
            "program_id": target.program_id,
            "version_id": target.current.id,
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
    versions = _versions({row.version_id for row in rows}, target.current)
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
