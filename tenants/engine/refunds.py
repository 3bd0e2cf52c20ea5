"""Refunds: what goes back when lines of a purchase are returned, judged by the versions that granted it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tenants.engine.clawbacks import Accounts, GivenBack, Reversal
from tenants.engine.mapping import Invalid
from tenants.engine.results import Grant, Payment, Result, Source
from tenants.engine.returns import Returned, bought, faults, pieces_back, units_back
from tenants.engine.values import Enrolment, Member, Ready


@dataclass(frozen=True)
class Refund:
    """What one refund does. amount = payments back + money. `enrolments` are as they are afterwards; `qualifying` are
    the qualifying units that tier programs take back, dated as the purchase was."""

    purchase: str
    quantities: Mapping[str, Decimal]
    amounts: Mapping[str, int]
    amount_minor: int
    money_minor: int
    is_everything: bool
    payments: tuple[Payment, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    given_back: tuple[GivenBack, ...] = ()
    coupons: tuple[Source, ...] = ()
    ready_back: tuple[Ready, ...] = ()
    cancelled: tuple[Ready, ...] = ()
    void: tuple[Grant, ...] = ()
    enrolments: Mapping[str, Enrolment] | None = None
    qualifying: Mapping[str, int] | None = None


def rest(result: Result, returned: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """All that can still be returned."""
    left = {key: quantity - returned.get(key, Decimal(0)) for key, quantity in bought(result).items()}
    return {key: quantity for key, quantity in left.items() if quantity}


def refund(
    result: Result,
    returned: Mapping[str, Decimal],
    returning: Mapping[str, Decimal],
    member: Member | None,
    shortfalls: Mapping[str, int] | None = None,
) -> Refund:
    """Return quantities of a purchase, after what was returned of it before. `member` is as it is now; `shortfalls` are
    those that earlier refunds of this purchase recorded, summed by program.

    Raises Invalid for unknown lines and for more than was bought. A purchase without lines is returned by VISIT.
    """
    problems = list(faults(result, returned, returning))
    if problems:
        raise Invalid(problems)
    total = {key: returned.get(key, Decimal(0)) + returning.get(key, Decimal(0)) for key in bought(result)}
    before, after = Returned(result, returned), Returned(result, total)
    amounts = {key: amount - before.amounts[key] for key, amount in after.amounts.items() if key in returning}
    amount = sum(amounts.values())
    payments = tuple(_payments(before, after))
    back = tuple(_given_back(before, after))
    fresh = [used for used in result.used if after.part_of(used) == 1 and before.part_of(used) < 1]
    whole = _void(result, before, after)
    found = Accounts(member, result, shortfalls or {})
    found.give_back(back, tuple(used.ready for used in fresh if used.ready))
    reversals = tuple(found.take_back(before, after)) if member else ()
    return Refund(
        result.key,
        dict(returning),
        amounts,
        amount,
        amount - sum(payment.amount_minor for payment in payments),
        after.is_everything,
        payments,
        reversals,
        back,
        tuple(used.source for used in fresh if used.source.kind == "coupon"),
        tuple(used.ready for used in fresh if used.ready),
        tuple(found.cancelled),
        whole,
        found.enrolments,
        _qualifying(before, after),
    )


def _void(result: Result, before: Returned, after: Returned) -> tuple[Grant, ...]:
    """What was granted is void once everything is returned."""
    return result.grants if after.is_everything and not before.is_everything else ()


def _payments(before: Returned, after: Returned) -> Iterator[Payment]:
    for paid, low, high in zip(after.result.payments, before.paid_back(), after.paid_back(), strict=True):
        if high > low:
            start, end = units_back(paid, low), units_back(paid, high)
            pieces = pieces_back(paid.pieces, start, end)
            yield replace(paid, amount_minor=high - low, units=end - start, pieces=pieces)


def _given_back(before: Returned, after: Returned) -> Iterator[GivenBack]:
    for used in after.result.used:
        start = int(used.units * before.part_of(used))
        end = int(used.units * after.part_of(used))
        if pieces := pieces_back(used.pieces, start, end):
            yield GivenBack(used.source.program_id, used.source.id, pieces)
    for payment in _payments(before, after):
        if payment.pieces:
            yield GivenBack(payment.program_id, payment.id, payment.pieces)


def _qualifying(before: Returned, after: Returned) -> dict[str, int]:
    return {
        outcome.program_id: before.kept_of(outcome) - after.kept_of(outcome)
        for outcome in after.result.outcomes
        if outcome.kind == "tiers" and before.kept_of(outcome) > after.kept_of(outcome)
    }
