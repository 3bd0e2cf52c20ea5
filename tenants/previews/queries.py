"""Reading previews: one with its totals, and the members who gain or lose most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from flask import abort
from sqlalchemy import select

from saas.db import db
from tenants.members.models import Member
from tenants.previews.models import PreviewMember, ProgramPreview

MOST = 20
WINDOW = 2_000


def found(program_id: UUID, preview_id: UUID) -> ProgramPreview:
    """The preview of this program; a missing or foreign one is 404."""
    preview = db.session.get(ProgramPreview, preview_id)
    if preview is None or preview.program_id != program_id:
        abort(404)
    return preview


def most(preview_id: UUID, *, losing: bool) -> list[tuple[PreviewMember, Member]]:
    """The members for whom the draft changes most, one way or the other."""
    order = PreviewMember.gain if losing else PreviewMember.gain.desc()
    where = PreviewMember.gain < 0 if losing else PreviewMember.gain > 0
    rows = db.session.execute(
        select(PreviewMember, Member)
        .join(Member, Member.id == PreviewMember.member_id)
        .where(PreviewMember.preview_id == preview_id, where)
        .order_by(order, PreviewMember.id)
        .limit(MOST)
    )
    return [(row, member) for row, member in rows]


def every(preview_id: UUID) -> Iterator[tuple[PreviewMember, Member]]:
    """All members of a preview, in the order of their ids, window by window."""
    after: UUID | None = None
    while True:
        query = (
            select(PreviewMember, Member)
            .join(Member, Member.id == PreviewMember.member_id)
            .where(PreviewMember.preview_id == preview_id)
        )
        if after is not None:
            query = query.where(PreviewMember.member_id > after)
        rows = db.session.execute(query.order_by(PreviewMember.member_id).limit(WINDOW)).all()
        yield from ((row, member) for row, member in rows)
        if len(rows) < WINDOW:
            return
        after = rows[-1][0].member_id


def as_rows(found: Iterable[tuple[PreviewMember, Member]]) -> Iterator[tuple[str, ...]]:
    """A header and a row for each member."""
    yield (
        "member",
        "first name",
        "purchases",
        "units in force",
        "units by the draft",
        "rewards in force",
        "rewards by the draft",
        "change",
    )
    for row, member in found:
        numbers = (
            row.purchases,
            row.before_units,
            row.after_units,
            row.before_rewards,
            row.after_rewards,
            row.gain,
        )
        yield (member.number, member.first_name, *map(str, numbers))
