"""Carrying a preview out, some members in each transaction; broken off it goes on behind them."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from saas.db import db, new_id, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.engine.programs import Program
from tenants.engine.values import Basket, Member
from tenants.members.models import Member as MemberRow
from tenants.previews import past, replay
from tenants.previews.models import PreviewMember, ProgramPreview
from tenants.programs import terms

BATCH = 100
EVERYONE = (
    "members", "gain", "lose", "same", "sales", "without_lines", "before_earned", "after_earned", "before_open",
    "after_open", "before_rewards", "after_rewards",
)  # fmt: skip


def run(merchant: Record, preview_id: UUID) -> None:
    """Play until there is nobody left. Takes no open transaction."""
    while _play_some(merchant, preview_id):
        pass


def fail(merchant: Record, preview_id: UUID) -> None:
    """Say that the program itself went wrong."""
    with transaction(merchant.binding):
        db.session.execute(
            update(ProgramPreview)
            .where(ProgramPreview.id == preview_id, ProgramPreview.status == "running")
            .values(status="failed", finished_at=utcnow())
        )


def _play_some(merchant: Record, preview_id: UUID) -> bool:
    """Play the next members and add them up in one transaction; False when there are no more. The preview's own row is
    the lock."""
    with transaction(merchant.binding):
        own = select(ProgramPreview).where(
            ProgramPreview.id == preview_id, ProgramPreview.status == "running"
        )
        preview = db.session.scalar(own.with_for_update(key_share=True))
        if preview is None:
            return False
        ids = past.members_after(preview.begun_at, preview.after_member_id, BATCH)
        if not ids:
            preview.status, preview.finished_at = "done", utcnow()
            return False
        _play(preview, merchant, ids)
        preview.after_member_id = ids[-1]
        return True


def _play(preview: ProgramPreview, merchant: Record, ids: Any) -> None:
    new = _as_program(preview, str(preview.id), terms.terms_of(preview.terms), merchant.currency)
    old = None
    if preview.version_id:
        found = terms.versions_of([preview.version_id], merchant.currency)[str(preview.version_id)]
        old = _as_program(preview, found.version_id, found.terms, merchant.currency)
    beside = [
        program
        for program in terms.in_force_at(preview.begun_at, merchant.currency)
        if program.terms.kind == "tiers" and program.id != str(preview.program_id)
    ]
    people = {row.id: row for row in db.session.scalars(select(MemberRow).where(MemberRow.id.in_(ids)))}
    baskets = past.baskets_of(ids, merchant, preview.begun_at)
    totals = {name: int(preview.totals.get(name, 0)) for name in EVERYONE}
    rows = []
    for member_id in ids:
        own = baskets.get(member_id, [])
        person = Member(str(member_id), birthday=people[member_id].birthday)
        before, after = replay.play(old, beside, person, own), replay.play(new, beside, person, own)
        gain = replay.gain(before, after, old.terms if old else None, new.terms)
        rows.append(_row(preview.id, member_id, own, before, after, gain))
        _add(totals, own, before, after, gain)
        preview.purchases_done += len(own)
    db.session.execute(insert(PreviewMember), rows)
    preview.totals = totals


def _as_program(preview: ProgramPreview, version_id: str, found: Any, currency: str) -> Program:
    return Program(str(preview.program_id), version_id, currency, found)


def _row(
    preview_id: uuid.UUID,
    member_id: uuid.UUID,
    own: list[Basket],
    before: replay.Played,
    after: replay.Played,
    gain: int,
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "preview_id": preview_id,
        "member_id": member_id,
        "purchases": len(own),
        "before_units": before.earned,
        "after_units": after.earned,
        "before_rewards": before.rewards,
        "after_rewards": after.rewards,
        "gain": gain,
    }


def _add(
    totals: dict[str, int], own: list[Basket], before: replay.Played, after: replay.Played, gain: int
) -> None:
    totals["members"] += 1
    totals["gain" if gain > 0 else "lose" if gain < 0 else "same"] += 1
    totals["sales"] += sum(line.amount_minor - line.discount_minor for basket in own for line in basket.lines)
    totals["without_lines"] += sum(not any(line.sku or line.categories for line in b.lines) for b in own)
    for name, played in (("before", before), ("after", after)):
        totals[f"{name}_earned"] += played.earned
        totals[f"{name}_open"] += played.open_units
        totals[f"{name}_rewards"] += played.rewards
