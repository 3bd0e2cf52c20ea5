"""Correcting a balance by hand, with a reason that the member can read; and taking such a correction back."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select

from saas.db import db
from saas.web.refusals import Conflict, Refusal
from tenants.engine.lots import Account, Lot, available_at, earn, give_back, take_back
from tenants.engine.mapping import from_mapping, to_mapping
from tenants.engine.programs import ProgramTerms
from tenants.programs import terms
from tenants.programs.ledger import Actor, AlreadyUndone, digest
from tenants.programs.models import Entry, Program, ProgramVersion
from tenants.units import accounts
from tenants.units.accounts import BEGINNING, HAND, Held
from tenants.units.entries import Event, note, post

LARGEST = 10_000_000
LONGEST_REASON = 200


class BadAdjustment(Refusal):
    """No units, too many, without a reason, or more than are there to be taken."""


def adjust(
    enrolment_id: uuid.UUID,
    units: int,
    reason: str,
    *,
    actor: Actor,
    request_key: str,
    now: dt.datetime,
    time_zone: str = "UTC",
) -> Entry:
    """Add units, which expire as the program's do, or take some; a stamp card takes no more than it lacks, and no
    balance goes below zero by this. Locks the enrolment.

    A known `request_key` answers as the first time. Raises BadAdjustment; Conflict when the key came with another
    content; an unknown enrolment is 404.
    """
    held = accounts.load_one(enrolment_id, now) or abort(404)
    asked = digest("adjust", enrolment_id, units, reason.strip())
    before = _known(request_key, asked)
    if before is not None:
        return before
    _check(held, units, reason)
    more: dict[str, Any] = {"request_key": request_key, "request_digest": asked}
    if units > 0:
        lot = _lot(held, units, request_key, now, time_zone)
        account = earn(held.account, lot)
        more["lot_key"] = lot.id if lot.id != HAND else None
    else:
        account, _taken, _short = take_back(held.account, "", -units, "stop_at_zero")
        more["pieces"] = [to_mapping(piece) for piece in _pieces(held.account, account)]
    why = [note("adjusted", note=reason.strip())]
    entry = post(held, Event("adjustment", None, actor, now, now), "adjust", units, why, **more)
    accounts.store(held, account)
    db.session.flush()
    return entry


def undo(entry_id: uuid.UUID, *, actor: Actor, request_key: str, now: dt.datetime) -> Entry:
    """Take a correction back by a counter-entry. What it took comes back under its old expiry; what it gave and is
    spent since becomes a debt, or stops at zero, as the program says of returns. Locks the enrolment.

    A known `request_key` answers as the first time. Raises AlreadyUndone, BadAdjustment.
    """
    given = db.session.scalar(select(Entry).where(Entry.id == entry_id, Entry.kind == "adjust"))
    held = accounts.load_one(given.enrolment_id, now) if given else None
    if given is None or held is None:
        abort(404)
    asked = digest("undo adjust", entry_id)
    before = _known(request_key, asked)
    if before is not None:
        return before
    if db.session.scalar(select(Entry.id).where(Entry.reverses_id == entry_id)) is not None:
        raise AlreadyUndone(_("This correction was taken back before."))
    account, units, short = _taken_back(held, given)
    why = [note("adjustment_undone", note=str((given.why or [{}])[0].get("params", {}).get("note", "")))]
    if short:
        why.append(note("shortfall", units=short))
    more = {"reverses_id": given.id, "request_key": request_key, "request_digest": asked}
    entry = post(held, Event("adjustment", None, actor, now, now), "reverse", units, why, **more)
    accounts.store(held, account)
    db.session.flush()
    return entry


def _known(request_key: str, asked: bytes) -> Entry | None:
    """The entry of the same request; needs the enrolment's lock, so that the first one has committed."""
    entry = db.session.scalar(select(Entry).where(Entry.request_key == request_key))
    if entry is not None and entry.request_digest != asked:
        raise Conflict(_("This was sent before with another content. Reload the page and start again."))
    return entry


def _lot(held: Held, units: int, request_key: str, now: dt.datetime, time_zone: str) -> Lot:
    """The lot of units that are given: theirs where the program lets units expire, else what never expires."""
    rules = _terms(held)
    ends_at = rules.expiry.ends_at(now, time_zone) if rules else None
    opens_at = available_at(now, rules.pending_days, time_zone) if rules else None
    if ends_at is None and opens_at is None:
        return Lot(HAND, units, BEGINNING)
    return Lot(f"adjustment/{digest(request_key).hex()[:32]}", units, now, ends_at, opens_at)


def _terms(held: Held) -> ProgramTerms | None:
    """The program's terms in force; None where it was never published."""
    version = db.session.scalar(
        select(ProgramVersion)
        .join(Program, Program.id == ProgramVersion.program_id)
        .where(Program.id == held.row.program_id, ProgramVersion.number == Program.version_number)
    )
    return terms.program_of(version, "").terms if version else None


def _pieces(before: Account, after: Account) -> list[Lot]:
    """What was taken of each lot."""
    left = {lot.id: lot.units for lot in after.lots}
    return [
        Lot(lot.id, taken, lot.earned_at, lot.expires_at, lot.available_at)
        for lot in before.lots
        if (taken := lot.units - left.get(lot.id, 0))
    ]


def _taken_back(held: Held, given: Entry) -> tuple[Account, int, int]:
    """The account without the correction, the units by which it changes, and what is missing."""
    if given.units < 0:
        _check_room(held, -given.units)
        pieces = [from_mapping(Lot, piece) for piece in given.pieces or ()]
        return give_back(held.account, pieces or [Lot(HAND, -given.units, BEGINNING)]), -given.units, 0
    rules = _terms(held)
    policy = rules.clawback if rules and held.kind != "stamp_card" else "stop_at_zero"
    account, taken, short = take_back(held.account, given.lot_key or HAND, given.units, policy)
    if not taken or (short and held.kind == "stamp_card"):
        raise BadAdjustment(_("These units are spent already."))
    return account, -taken, short


def _check(held: Held, units: int, reason: str) -> None:
    if not 1 <= abs(units) <= LARGEST:
        raise BadAdjustment(_("Say how many units to add or to take."))
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise BadAdjustment(
            _("Say why, in at most %(max)s letters. The member can read it.", max=LONGEST_REASON)
        )
    if held.kind == "tiers":
        raise BadAdjustment(_("A tier can’t be corrected by units: it follows from what was bought."))
    if units < 0 and held.row.balance + units < 0:
        raise BadAdjustment(_("There are fewer units than that to take."))
    _check_room(held, units)


def _check_room(held: Held, units: int) -> None:
    """A stamp card isn't filled by a correction: that would open a reward."""
    if units <= 0 or held.kind != "stamp_card":
        return
    card = held.enrolment.card
    rules = _terms(held)
    required = card.required if card else rules.required if rules else None
    if required is not None and held.row.balance + units >= required:
        raise BadAdjustment(_("That would fill the card. Give stamps instead."))
