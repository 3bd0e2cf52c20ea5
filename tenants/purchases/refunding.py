"""Returning lines of a purchase, by what was stored when it was committed: each line once, whoever asks at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from saas.merchants.registry import Record
from saas.web.refusals import Conflict, Refusal
from tenants.engine import refunds
from tenants.engine.mapping import Invalid, Problem, from_mapping, to_mapping
from tenants.engine.results import Result
from tenants.engine.values import Member
from tenants.programs.ledger import Actor, digest
from tenants.purchases import returning, seams
from tenants.purchases.models import Purchase, Refund, RefundLine
from tenants.units import accounts
from tenants.units.accounts import Held
from tenants.units.entries import Event

ATTEMPTS = 20
LONGEST_REASON = 300


class NotRefundable(Refusal):
    """A purchase of which the lines aren't known: it was read from a file."""


class ReturnRefused(Refusal):
    """More is to be returned than was bought and not returned yet; `problems` name each line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(_words(problems[0]))
        self.problems = problems


def _words(problem: Problem) -> str:
    if problem.code == "more_than_bought":
        left = problem.params["left"]
        return _("More than was bought. Left to return on this line: %(left)s.", left=left)
    if problem.code == "unknown_line":
        return _("This purchase has no such line.")
    return _("Say which lines are returned, and how much of each.")


@dataclass(frozen=True)
class Refunded:
    """A refund as it was made; `is_repeat` when that was before."""

    refund_id: uuid.UUID
    refund: refunds.Refund
    is_repeat: bool = False


def returned(purchase_id: uuid.UUID) -> dict[str, Decimal]:
    """What was returned of a purchase so far, by line."""
    rows = db.session.execute(
        select(RefundLine.key, func.sum(RefundLine.quantity))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(Refund.purchase_id == purchase_id)
        .group_by(RefundLine.key)
    )
    return {key: Decimal(quantity) for key, quantity in rows}


def quote(purchase_id: uuid.UUID, lines: Mapping[str, Decimal] | None, *, now: dt.datetime) -> refunds.Refund:
    """What returning quantities would do; None is all that is left. Changes and locks nothing.

    An unknown purchase is 404. Raises NotRefundable, ReturnRefused.
    """
    row = db.session.get(Purchase, purchase_id) or abort(404)
    held = accounts.load(row.member_id, now) if row.member_id else {}
    return _judged(_result(row), purchase_id, lines, _member(row.member_id, held))


def _result(row: Purchase) -> Result:
    if row.result is None:
        raise NotRefundable(_("This purchase was read from a file: the shop’s own records refund it."))
    return from_mapping(Result, row.result)


def refund(
    purchase_id: uuid.UUID,
    lines: Mapping[str, Decimal] | None,
    *,
    merchant: Record,
    actor: Actor,
    request_key: str,
    now: dt.datetime,
    reason: str = "",
    location_id: uuid.UUID | None = None,
) -> Refunded:
    """Return quantities by the keys of lines; None is all that is left. Locks what the member holds.

    A known `request_key` answers as the first time. An unknown purchase is 404. Raises Conflict when the key came with
    another content, NotRefundable, ReturnRefused.
    """
    asked = digest("refund", purchase_id, sorted(lines.items()) if lines is not None else "all", reason)
    if before := _repeat(request_key, asked):
        return before
    row = db.session.get(Purchase, purchase_id) or abort(404)
    result = _result(row)
    held = accounts.load(row.member_id, None, is_locked=True) if row.member_id else {}
    event = Event("refund", None, actor, now, now, location_id)
    for _attempt in range(ATTEMPTS):
        if before := _repeat(request_key, asked):
            return before
        number = _next_number(
            purchase_id
        )  # before what was returned is read: a newer refund then has this number
        found = _judged(result, purchase_id, lines, _member(row.member_id, held))
        refund_id = _insert(found, purchase_id, number, event, request_key, asked, reason)
        if refund_id is None:  # another one was written in between: look again at what is left
            continue
        returning.post_refund(found, result, held, row, replace(event, cause_id=refund_id), merchant)
        _return_coupons(found, purchase_id, now)
        db.session.flush()
        return Refunded(refund_id, found)
    raise Conflict(_("Several refunds of this purchase are under way. Try again in a moment."))


def _return_coupons(found: refunds.Refund, purchase_id: uuid.UUID, now: dt.datetime) -> None:
    """Coupons come back, and what they, or rewards, gave for another purchase is void."""
    sources = dict.fromkeys((*found.coupons, *(grant.source for grant in found.void)))
    if sources and (coupons := seams.coupons()):
        coupons.give_back(tuple(sources), purchase_id, now)


def _member(member_id: uuid.UUID | None, held: dict[str, Held]) -> Member | None:
    if member_id is None:
        return None
    return Member(str(member_id), enrolments={name: one.enrolment for name, one in held.items()})


def _judged(
    result: Result, purchase_id: uuid.UUID, lines: Mapping[str, Decimal] | None, member: Member | None
) -> refunds.Refund:
    before = returned(purchase_id)
    wanted = refunds.rest(result, before) if lines is None else lines
    try:
        return refunds.refund(result, before, wanted, member, _shortfalls(purchase_id))
    except Invalid as invalid:
        raise ReturnRefused(invalid.problems) from invalid


def _next_number(purchase_id: uuid.UUID) -> int:
    last = db.session.scalar(select(func.max(Refund.number)).where(Refund.purchase_id == purchase_id))
    return (last or 0) + 1


def _shortfalls(purchase_id: uuid.UUID) -> dict[str, int]:
    """What earlier refunds of this purchase could not take back, by program."""
    found: Counter[str] = Counter()
    for stored in db.session.scalars(select(Refund.result).where(Refund.purchase_id == purchase_id)):
        for reversal in from_mapping(refunds.Refund, stored).reversals:
            found[reversal.program_id] += reversal.shortfall
    return dict(found)


def _repeat(request_key: str, asked: bytes) -> Refunded | None:
    row = db.session.scalar(select(Refund).where(Refund.request_key == request_key))
    if row is None:
        return None
    if row.request_digest != asked:
        raise Conflict(_("This was sent before with another content. Reload the page and start again."))
    return Refunded(row.id, from_mapping(refunds.Refund, row.result), is_repeat=True)


def _insert(
    found: refunds.Refund,
    purchase_id: uuid.UUID,
    number: int,
    event: Event,
    request_key: str,
    asked: bytes,
    reason: str,
) -> uuid.UUID | None:
    """Add the refund under its number; None when another took that. Waits for one under way."""
    refund_id = new_id()
    statement = insert(Refund).values(
        id=refund_id,
        purchase_id=purchase_id,
        number=number,
        request_key=request_key,
        request_digest=asked,
        amount_minor=found.amount_minor,
        money_minor=found.money_minor,
        is_everything=found.is_everything,
        result=to_mapping(replace(found, enrolments=None)),
        reason=reason.strip()[:LONGEST_REASON],
        actor_kind=event.actor.kind,
        actor_id=event.actor.id,
        actor_name=event.actor.name,
        location_id=event.location_id,
        occurred_at=event.at,
        recorded_at=event.now,
    )
    if db.session.scalar(statement.on_conflict_do_nothing().returning(Refund.id)) is None:
        return None
    for key, quantity in found.quantities.items():
        amount = found.amounts.get(key, 0)
        db.session.add(RefundLine(refund_id=refund_id, key=key, quantity=quantity, amount_minor=amount))
    return refund_id
