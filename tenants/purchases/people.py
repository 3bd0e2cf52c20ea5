"""Whose purchases they are: members found by external id, e-mail or phone, or added; and when they were
seen.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import any_, case, func, select, update

from saas.db import db, new_id
from saas.db.bulk import array, insert_rows, rows_of, table_of
from tenants.members.models import Member
from tenants.members.rules import new_numbers, sort_name, words_of
from tenants.purchases.reading import Row


def find_or_add(rows: Sequence[Row], language: str) -> tuple[dict[str, uuid.UUID], int]:
    """The member of each row's identity: by external id, else by e-mail or phone, else a new one; and how
    many are new.
    """
    by_identity: dict[str, list[Row]] = {}
    for row in rows:
        by_identity.setdefault(row.identity, []).append(row)
    found = known(rows)
    claim(rows, found)
    count = 0
    for _attempt in range(
        3
    ):  # a number that is taken already leaves its member out; the next one will be free
        missing = {identity: own for identity, own in by_identity.items() if identity not in found}
        if not missing:
            break
        count += _add(missing, language)
        found = known(rows)
    return found, count


def _add(missing: dict[str, list[Row]], language: str) -> int:
    """Add a member for each identity; one that is only an address or a phone number of another one is left
    to that.
    """
    firsts: list[tuple[Row, dt.datetime]] = []
    contacts: set[str] = set()
    for own in missing.values():
        best = _best(own)
        ways = {f"mail {best.email}" if best.email else "", f"tel {best.phone}" if best.phone else ""} - {""}
        if best.member is None and ways & contacts:
            continue
        contacts |= ways
        firsts.append((best, min(row.occurred_at for row in own)))
    statement = insert_rows(
        Member,
        {
            "id": [new_id() for _ in firsts],
            "number": new_numbers(len(firsts)),
            "first_name": (names := [_display_name(row) for row, _ in firsts]),
            "sort_name": [sort_name(name) for name in names],
            "words": [words_of(name) for name in names],
            "email": [row.email for row, _ in firsts],
            "phone": [row.phone for row, _ in firsts],
            "external_id": [row.member for row, _ in firsts],
            "joined_at": [joined_at for _, joined_at in firsts],
        },
        {"language": language, "source": "import"},
    )
    added = db.session.scalars(statement.on_conflict_do_nothing().returning(table_of(Member).c.id))
    return len(added.all())


def _display_name(row: Row) -> str:
    """What the member is called: the name, else whatever the shop knows them by."""
    return (row.name or row.member or (row.email or "").partition("@")[0] or row.phone or "")[:120]


def _best(rows: list[Row]) -> Row:
    """The first row, filled up with the name, e-mail and phone of later ones where it has none."""
    first = rows[0]
    for row in rows[1:]:
        first = first._replace(
            name=first.name or row.name, email=first.email or row.email, phone=first.phone or row.phone
        )
    return first


def known(rows: Sequence[Row]) -> dict[str, uuid.UUID]:
    """Members that are there already, by the rows' identity. One known by contact alone is given the
    external id.
    """
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


def see(members: dict[str, uuid.UUID], rows: Sequence[Row]) -> None:
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
