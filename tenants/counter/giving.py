"""Serving a member: find them, and give stamps."""

from __future__ import annotations

import uuid
from typing import Any

from babel.numbers import get_currency_precision
from flask import Response, abort, g, request
from flask_babel import gettext as _

from saas.db import db
from saas.web.access import requires
from saas.web.clock import utcnow
from saas.web.refusals import Conflict, Refusal
from saas.web.render import done, is_fragment, render
from tenants.counter import buying, codes, queries, redemptions, sales, shift, standings
from tenants.counter.desk import bp, location_id, page
from tenants.counter.forms import StampForm, strip
from tenants.counter.rules import minor_units, spelled
from tenants.members import queries as member_queries
from tenants.members import rules as numbers
from tenants.members.models import Member
from tenants.programs import enrolments, ledger
from tenants.programs.rules import MAX_UNITS, units_for

RESULTS = 8


class AmountTooSmall(Refusal):
    """What was paid is worth no stamp, or is no amount."""


@bp.get("/counter/<slug:merchant>/find")
@requires("counter.use")
def find() -> Response:
    """Whatever was scanned or typed: a reward's code, a member number, a receipt's number, a name or a phone."""
    q = strip(request.args.get("q"))[:300]
    if (code := codes.look_at_reward(q, utcnow())) and code.reward_id:
        return redemptions.reward_page(code.reward_id, q=q, reward_code=code.token)
    member = member_queries.by_number(q)
    if member is not None:
        return _member_page(member, q=q)
    if purchase_id := sales.by_receipt(q[:80]):
        return buying.sale_page(purchase_id, q=q)
    matching = member_queries.search(q, size=RESULTS) if q else None
    results = queries.found(matching.items) if matching else []
    total = matching.total if matching else 0
    problem = _nobody(q) if q and not results else None
    return page("tenants/counter/found.html", q=q, results=results, total=total, problem=problem)


def _nobody(q: str) -> str:
    if numbers.looks_like_number(q):
        if numbers.normalise(q):
            return str(_("No member has this number."))
        return str(_("This number has a typing error. Please compare it with the card."))
    if spelled(q)[0]:
        return str(codes.CodeDoesNotWork())
    return str(
        _("Nobody was found. Try the first letters of the name, the number on the card, or the phone.")
    )


@bp.get("/counter/<slug:merchant>/members/<uuid:member_id>")
@requires("counter.use")
def member(member_id: uuid.UUID) -> Response:
    """One member: their cards, their rewards, stamps to give."""
    return _member_page(db.session.get(Member, member_id) or abort(404))


def _member_page(member: Member, status: int = 200, **context: Any) -> Response:
    (found,) = queries.found([member])
    beside = standings.of_member(member.id, g.merchant.currency)
    context = {"typed": None, "max_units": MAX_UNITS, "standings": beside, **context}
    return page("tenants/counter/member.html", status=status, found=found, **context)


@bp.get("/counter/<slug:merchant>/members/<uuid:member_id>/stamps/preview")
@requires("counter.use")
def preview(member_id: uuid.UUID) -> Response:
    """How many stamps an amount is worth, before they are given."""
    (found,) = queries.found([db.session.get(Member, member_id) or abort(404)])
    card = next(
        (card for card in found.cards if str(card.program_id) == request.args.get("program_id")), None
    )
    minor = _minor(request.args.get("amount", ""))
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
    return page("tenants/counter/stamped.html", counts=True, receipt=receipt)


def _units(served: Member, program_id: uuid.UUID, form: StampForm) -> int:
    """How many stamps the form asks for: as typed, or what the amount is worth on the card under way."""
    (found,) = queries.found([served])
    card = next((card for card in found.cards if card.program_id == program_id), None)
    if card is not None and not card.is_enrolled:
        enrolments.enrol(served.id, utcnow())
    if card is None or card.terms.earn_by != "amount":
        return int(form.units.data or 0)
    minor = _minor(form.amount.data)
    if minor is None:
        raise AmountTooSmall(_("Type the amount paid, such as 12.50."))
    units = units_for(card.terms, quantity=1, amount_minor=minor)
    if units < 1:
        raise AmountTooSmall(_("This amount is too small for a stamp."))
    return units


def _minor(text: str) -> int | None:
    return minor_units(text, get_currency_precision(g.merchant.currency))
