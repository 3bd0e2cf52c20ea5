"""Correcting a balance by hand, with a reason that the member can read."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select

from saas.db import db
from saas.web.refusals import Conflict, Refusal
from tenants.engine.lots import Lot, earn, take_back
from tenants.programs.ledger import Actor, digest
from tenants.programs.models import Entry
from tenants.units import accounts
from tenants.units.accounts import BEGINNING, HAND, Held
from tenants.units.entries import Event, note, post

LARGEST = 10_000_000
LONGEST_REASON = 200


class BadAdjustment(Refusal):
    """No units, too many, without a reason, or more than are there to be taken."""


def adjust(
    enrolment_id: uuid.UUID, units: int, reason: str, *, actor: Actor, request_key: str, now: dt.datetime
) -> Entry:
    """Add units, which then never expire, or take some; a stamp card takes no more than it lacks, and no balance goes
    below zero by this. Locks the enrolment.

    A known `request_key` answers as the first time. Raises BadAdjustment; Conflict when the key came with another
    content; an unknown enrolment is 404.
    """
    held = accounts.load_one(enrolment_id, now) or abort(404)
    asked = digest("adjust", enrolment_id, units, reason.strip())
    before = db.session.scalar(select(Entry).where(Entry.request_key == request_key))
    if before is not None:
        if before.request_digest != asked:
            raise Conflict(_("This was sent before with another content. Reload the page and start again."))
        return before
    _check(held, units, reason)
    if units > 0:
        account = earn(held.account, Lot(HAND, units, BEGINNING))
    else:
        account, _taken, _short = take_back(held.account, "", -units, "negative")
    event = Event("adjustment", None, actor, now, now)
    why = [note("adjusted", note=reason.strip())]
    entry = post(held, event, "adjust", units, why, request_key=request_key, request_digest=asked)
    accounts.store(held, account)
    db.session.flush()
    return entry


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
    card = held.enrolment.card
    if units > 0 and held.kind == "stamp_card" and card and held.row.balance + units >= card.required:
        raise BadAdjustment(_("That would fill the card. Give stamps instead."))
