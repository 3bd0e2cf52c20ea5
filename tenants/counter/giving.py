"""Serving a member: find them, give stamps, hand a reward out, take a new member in."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from saas.db import db, new_id
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Conflict, Refusal
from saas.web.render import done, is_fragment, render
from tenants.counter import codes, queries, shift
from tenants.counter.desk import base_url, bp, location_id, page, qr
from tenants.counter.forms import EnrolForm, RedemptionForm, StampForm, minor_units, strip
from tenants.members import operations as members
from tenants.members import queries as member_queries
from tenants.members import rules as numbers
from tenants.members.models import Member
from tenants.programs import enrolments, ledger
from tenants.programs.models import Reward
from tenants.programs.rules import MAX_UNITS, units_for

RESULTS = 8
GRACE = dt.timedelta(minutes=1)


class AmountTooSmall(Refusal):
    """What was paid is worth no stamp, or is no amount."""


@bp.get("/counter/<slug:merchant>/find")
@requires("counter.use")
def find() -> Response:
    """Whatever was scanned or typed: a reward's code, a member number, a name or a phone."""
    q = strip(request.args.get("q"))[:300]
    if codes.is_reward_code(q) and (code := codes.look_at_reward(q, utcnow())) and code.reward_id:
        return _reward_page(code.reward_id, q=q, reward_code=code.token)
    member = member_queries.by_number(q)
    if member is not None:
        return _member_page(member, q=q)
    matching = member_queries.search(q, size=RESULTS) if q else None
    results = queries.found(matching.items) if matching else []
    total = matching.total if matching else 0
    problem = _nobody(q) if q and not results else None
    return page("found.html", q=q, results=results, total=total, problem=problem)


def _nobody(q: str) -> str:
    if numbers.looks_like_number(q):
        if numbers.normalise(q):
            return _("No member has this number.")
        return _("This number has a typing error. Please compare it with the card.")
    if codes.is_reward_code(q):
        return str(codes.CodeDoesNotWork())
    return _("Nobody was found. Try the first letters of the name, the number on the card, or the phone.")


@bp.get("/counter/<slug:merchant>/members/<uuid:member_id>")
@requires("counter.use")
def member(member_id: uuid.UUID) -> Response:
    """One member: their cards, their rewards, stamps to give."""
    return _member_page(db.session.get(Member, member_id) or abort(404))


def _member_page(member: Member, status: int = 200, **context: Any) -> Response:
    (found,) = queries.found([member])
    context = {"typed": None, "max_units": MAX_UNITS, **context}
    return page("member.html", status=status, found=found, **context)


@bp.get("/counter/<slug:merchant>/members/<uuid:member_id>/stamps/preview")
@requires("counter.use")
def preview(member_id: uuid.UUID) -> Response:
    """How many stamps an amount is worth, before they are given."""
    (found,) = queries.found([db.session.get(Member, member_id) or abort(404)])
    card = next(
        (card for card in found.cards if str(card.program_id) == request.args.get("program_id")), None
    )
    minor = minor_units(request.args.get("amount", ""), g.merchant.currency)
    units = units_for(card.terms, quantity=1, amount_minor=minor) if card and minor is not None else None
    return render("tenants/counter/preview.html", units=units)


@bp.post("/counter/<slug:merchant>/members/<uuid:member_id>/stamps")
@requires("counter.use")
def stamp(member_id: uuid.UUID) -> Response:
    """Give a member stamps; sent again under the same key it answers the same and adds nothing."""
    served = db.session.get(Member, member_id) or abort(404)
    form, now = StampForm(), utcnow()
    if not form.validate() or not g.merchant.is_member_code_on:
        abort(400)
    program_id = uuid.UUID(form.program_id.data)
    try:
        stamped = ledger.earn(
            member_id,
            program_id,
            _units(served, program_id, form),
            actor=shift.actor(),
            cause="member_code",
            location_id=location_id(),
            request_key=form.request_key.data,
            now=now,
            time_zone=g.merchant.time_zone,
        )
    except Conflict:
        raise
    except Refusal as refusal:
        return _member_page(served, status=refusal.status, refusal=refusal, typed=form)
    if not is_fragment():
        return done("counter.entry", entry_id=stamped.entry_id)
    receipt = queries.receipt(stamped.entry_id, now, g.merchant.time_zone)
    return page("stamped.html", counts=True, receipt=receipt)


def _units(served: Member, program_id: uuid.UUID, form: StampForm) -> int:
    """How many stamps the form asks for: as typed, or what the amount is worth on the card under way."""
    (found,) = queries.found([served])
    card = next((card for card in found.cards if card.program_id == program_id), None)
    if card is not None and not card.is_enrolled:
        enrolments.enrol(served.id, utcnow())
    if card is None or card.terms.earn_by != "amount":
        return int(form.units.data or 0)
    minor = minor_units(form.amount.data, g.merchant.currency)
    if minor is None:
        raise AmountTooSmall(_("Type the amount paid, such as 12.50."))
    units = units_for(card.terms, quantity=1, amount_minor=minor)
    if units < 1:
        raise AmountTooSmall(_("This amount is too small for a stamp."))
    return units


@bp.get("/counter/<slug:merchant>/rewards/<uuid:reward_id>")
@requires("counter.use")
def reward(reward_id: uuid.UUID) -> Response:
    """One reward: ready to be handed out, or what became of it."""
    return _reward_page(reward_id)


@bp.post("/counter/<slug:merchant>/rewards/<uuid:reward_id>/redemption")
@requires("counter.use")
def redeem(reward_id: uuid.UUID) -> Response:
    """Hand a reward out: burn the member's code, where there was one, and fulfil, in one transaction."""
    form, now, actor = RedemptionForm(), utcnow(), shift.actor()
    if not form.validate():
        abort(400)
    reward, _member, _program = queries.reward(reward_id) or abort(404)
    try:
        with db.session.begin_nested():
            _hand_out(reward, form.code.data, actor, now)
    except Refusal as refusal:
        return _reward_page(reward_id, status=refusal.status, refusal=refusal)
    if not is_fragment():
        return done("counter.reward", reward_id=reward_id)
    return _reward_page(reward_id, counts=True)


def _hand_out(reward: Reward, text: str, actor: ledger.Actor, now: dt.datetime) -> None:
    if text and codes.burn_reward(text, now, staff_id=actor.id, grace=GRACE).reward_id != reward.id:
        raise codes.CodeDoesNotWork
    if not _was_just_handed_out(reward, actor, now):
        ledger.fulfil(reward.id, actor=actor, location_id=location_id(), now=now)


def _was_just_handed_out(reward: Reward, actor: ledger.Actor, now: dt.datetime) -> bool:
    """Whether this is the same hand-over sent again because its answer was lost."""
    at = reward.fulfilled_at
    return at is not None and reward.fulfilled_by == actor.id and now - at < codes.RETRY_WINDOW


def _reward_page(reward_id: uuid.UUID, status: int = 200, counts: bool = False, **context: Any) -> Response:
    reward, member, program = queries.reward(reward_id) or abort(404)
    context = {"reward_code": "", "handed_by": shift.name_of(reward.fulfilled_by), **context}
    return page(
        "reward.html", status=status, counts=counts, reward=reward, member=member, program=program, **context
    )


@bp.get("/counter/<slug:merchant>/members/new")
@requires("members.enrol")
def new_member() -> Response:
    """The form for somebody who has no card yet."""
    return page("enrol.html", form=EnrolForm(member_id=str(new_id())))


@bp.post("/counter/<slug:merchant>/members")
@requires("members.enrol")
def enrol() -> Response:
    """Add a member by name, and show the number and the QR code by which they take the card to their phone."""
    form, now = EnrolForm(), utcnow()
    if not form.validate():
        return page("enrol.html", status=422, form=form)
    joined = members.join(
        first_name=form.first_name.data,
        email=None,
        phone=None,
        language=g.merchant.language,
        source="counter",
        consent_text=None,
        now=now,
        member_id=uuid.UUID(form.member_id.data),
    )
    enrolments.enrol(joined.id, now)
    address = base_url() + url_for("card.recovered", token=members.new_recovery(joined.id, now))
    return page("enrolled.html", member=joined, takeover=qr(address))
