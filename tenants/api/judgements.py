"""The engine's answer as the API says it, with every reason as a code and as a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast
from uuid import UUID

from tenants.api import purchase_schemas as schemas
from tenants.api.schemas import Money
from tenants.engine import results
from tenants.engine.reasons import Reason
from tenants.programs import reasons, why
from tenants.programs.reasons import Speech
from tenants.purchases import hints


class _Sayer:
    """Puts one result into words; knows how each program's version speaks."""

    def __init__(self, result: results.Result) -> None:
        self.result = result
        self._speeches = why.speeches(result.currency) if result.outcomes else {}
        self._plain = Speech(result.currency)

    def money(self, amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=self.result.currency)

    def reason(self, reason: Reason, version_id: str = "") -> schemas.Reason:
        speech = self._speeches.get(UUID(version_id), self._plain) if version_id else self._plain
        return schemas.Reason(
            code=reason.code, params=dict(reason.params), sentence=reasons.of(reason, speech)
        )

    def refusal(self, refused: results.Refused) -> schemas.RefusedUse:
        reason = self.reason(refused.reason, refused.source.version_id)
        return schemas.RefusedUse(cause=_cause(refused.source), reason=reason)

    def outcome(self, outcome: results.Outcome) -> schemas.Outcome:
        enrolment, standing = outcome.enrolment, outcome.standing
        return schemas.Outcome(
            program_id=UUID(outcome.program_id),
            kind=cast(schemas.Kind, outcome.kind),
            units_earned=outcome.units,
            reasons=[self.reason(one, outcome.version_id) for one in _reasons(outcome)],
            units_spent=outcome.spent,
            balance=enrolment.account.balance if enrolment and outcome.kind != "tiers" else None,
            tier=(standing.tier or None) if standing else None,
            rewards_ready=len(outcome.ready),
            affordable=list(outcome.affordable),
        )


def judgement(result: results.Result) -> schemas.Judgement:
    say = _Sayer(result)
    return schemas.Judgement(
        currency=result.currency,
        total=say.money(result.total_minor),
        discount=say.money(result.discount_minor),
        due=say.money(result.due_minor),
        lines=[_line(line, say) for line in result.lines],
        used=[
            schemas.Use(
                cause=_cause(used.source),
                times=used.times,
                discount=say.money(used.discount_minor),
                units=used.units,
                to_hand_out=used.to_hand_out,
            )
            for used in result.used
        ],
        refused=[say.refusal(one) for one in hints.refused(result)],
        hints=[say.refusal(one) for one in hints.hints(result)],
        payments=[
            schemas.Payment(kind=paid.kind, id=paid.id, amount=say.money(paid.amount_minor), units=paid.units)
            for paid in result.payments
        ],
        programs=[say.outcome(outcome) for outcome in result.outcomes],
    )


def _reasons(outcome: results.Outcome) -> Iterator[Reason]:
    for earned in outcome.earned:
        yield from earned.why
    for missed in outcome.missed:
        yield missed.reason


def _line(line: results.PricedLine, say: _Sayer) -> schemas.Line:
    return schemas.Line(
        key=line.key,
        quantity=plain(line.quantity),
        gross=say.money(line.gross_minor),
        till_discount=say.money(line.till_discount_minor),
        discounts=[
            schemas.LineDiscount(cause=_cause(one.source), amount=say.money(one.amount_minor))
            for one in line.discounts
        ],
        net=say.money(line.net_minor),
    )


def _cause(source: results.Source) -> schemas.Cause:
    return schemas.Cause(kind=source.kind, id=source.id)


def plain(quantity: object) -> str:
    """A quantity without needless zeros."""
    text = format(quantity, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
