"""A member's stamps and points corrected by hand, and such a correction taken back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Response, abort, g
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased
from wtforms import SelectChoice

from saas.db import db
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Refusal
from saas.web.render import done, new_request_key, render
from tenants.card import history
from tenants.card.history import Line
from tenants.directory.blueprint import bp
from tenants.directory.forms import AdjustmentForm, KeyForm
from tenants.members.models import Member
from tenants.programs import why
from tenants.programs.enrolments import enrol
from tenants.programs.ledger import Actor
from tenants.programs.models import Enrolment, Entry, Program
from tenants.units import adjusting

LATEST = 20


@dataclass(frozen=True)
class Correction:
    """A correction as the member reads it, and whether it can still be taken back."""

    id: UUID
    program: str
    line: Line
    by: str
    can_be_undone: bool


@bp.get("/<uuid:member_id>/adjustments")
@requires("units.adjust")
def adjustments(member_id: UUID) -> Response:
    """The form for a correction, and the latest ones."""
    member = _member(member_id)
    return _page(member, _form(member))


@bp.post("/<uuid:member_id>/adjustments")
@requires("units.adjust")
def adjust(member_id: UUID) -> Response:
    """Add units or take some, with a reason; the same form sent twice counts once."""
    member = _member(member_id)
    form = _form(member)
    if not form.validate():
        return _page(member, form, status=422)
    enrol(member.id, utcnow())
    query = select(Enrolment.id).where(
        Enrolment.member_id == member.id, Enrolment.program_id == uuid.UUID(form.program.data)
    )
    enrolment_id = db.session.scalar(query) or abort(404)
    try:
        with db.session.begin_nested():
            adjusting.adjust(
                enrolment_id,
                form.signed(),
                form.reason.data or "",
                actor=staff(),
                request_key=form.request_key.data,
                now=utcnow(),
                time_zone=g.merchant.time_zone,
            )
    except Refusal as refusal:
        form.form_errors.append(str(refusal))
        return _page(member, form, status=refusal.status)
    return done(
        "members.adjustments", _("Corrected. The member sees it with your reason."), member_id=member.id
    )


@bp.post("/<uuid:member_id>/adjustments/<uuid:entry_id>/reversal")
@requires("units.adjust")
def reverse_adjustment(member_id: UUID, entry_id: UUID) -> Response:
    """Take a correction back by a counter-entry."""
    member, key = _member(member_id), KeyForm()
    own = select(Entry.id).join(Enrolment, Enrolment.id == Entry.enrolment_id)
    found = db.session.scalar(own.where(Entry.id == entry_id, Enrolment.member_id == member.id))
    if found is None:
        abort(404)
    if not key.validate():
        abort(400)
    try:
        with db.session.begin_nested():
            adjusting.undo(entry_id, actor=staff(), request_key=key.request_key.data, now=utcnow())
    except Refusal as refusal:
        form = _form(member)
        form.form_errors.append(str(refusal))
        return _page(member, form, status=refusal.status)
    return done("members.adjustments", _("The correction was taken back."), member_id=member.id)


def staff() -> Actor:
    """Whoever is logged in, by the name that this shop gave them."""
    place = current_user.place_at(g.merchant)
    return Actor("staff", place.staff_id, place.staff_name) if place else Actor("system")


def _member(member_id: UUID) -> Member:
    return db.session.get(Member, member_id) or abort(404)


def _form(member: Member) -> AdjustmentForm:
    form = AdjustmentForm()
    balances = dict(
        db.session.execute(
            select(Enrolment.program_id, Enrolment.balance).where(Enrolment.member_id == member.id)
        ).all()
    )
    open_to_all = and_(Program.status == "published", Program.frozen_at.is_(None))
    programs = db.session.scalars(
        select(Program)
        .where(Program.status.in_(("published", "paused")), Program.kind != "tiers")
        .where(or_(Program.id.in_(balances), open_to_all))  # whoever isn't in another can't join it here
        .order_by(Program.created_at, Program.id)
    )
    speeches = why.spoken(g.merchant.currency)
    form.program.choices = [
        SelectChoice(
            str(program.id),
            _(
                "%(program)s: %(units)s",
                program=program.name,
                units=speeches[program.id].units(balances.get(program.id, 0)),
            ),
        )
        for program in programs
    ]
    if not form.request_key.data:
        form.request_key.data = new_request_key()
    return form


def _page(member: Member, form: AdjustmentForm, status: int = 200) -> Response:
    return render(
        "tenants/directory/adjustments.html",
        block="form" if status != 200 else None,
        status=status,
        member=member,
        form=form,
        corrections=_latest(member),
        new_key=new_request_key,
    )


def _latest(member: Member) -> list[Correction]:
    reversal = aliased(Entry)
    undone = select(reversal.id).where(reversal.reverses_id == Entry.id).exists()
    rows = db.session.execute(
        select(Entry, Program.name, undone)
        .join(Enrolment, Enrolment.id == Entry.enrolment_id)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Enrolment.member_id == member.id, Entry.cause == "adjustment")
        .order_by(Entry.occurred_at.desc(), Entry.id.desc())
        .limit(LATEST)
    ).all()
    entries: Sequence[Entry] = [entry for entry, _name, _undone in rows]
    lines = history.explained(entries, g.merchant)
    return [
        Correction(entry.id, name, line, entry.actor_name or "", entry.kind == "adjust" and not is_undone)
        for (entry, name, is_undone), line in zip(rows, lines, strict=True)
    ]
