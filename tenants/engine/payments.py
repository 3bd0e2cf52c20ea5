"""Paying by units and by gift cards: what is to pay sinks, the price doesn't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tenants.engine.discounts import units_for
from tenants.engine.goods import find
from tenants.engine.lots import spend
from tenants.engine.occasions import refusal
from tenants.engine.offers import Offer
from tenants.engine.reasons import Reason, because
from tenants.engine.results import Payment, Refused
from tenants.engine.sharing import half_up, share
from tenants.engine.stacking import Plan, units_asked
from tenants.engine.values import Basket, GiftCard, Member


@dataclass
class Till:
    """What is left to pay of each group, and the payments with what each paid of each group."""

    left: list[int]
    payments: list[tuple[Payment, list[int]]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def take(self, payment: Payment, groups: Sequence[int]) -> None:
        weights = [self.left[i] if i in groups else 0 for i in range(len(self.left))]
        parts = share(payment.amount_minor, weights, list(range(len(weights))))
        self.left = [left - part for left, part in zip(self.left, parts, strict=True)]
        self.payments.append((payment, parts))


def pay(
    offers: Sequence[Offer], cards: Sequence[GiftCard], plan: Plan, basket: Basket, member: Member | None
) -> Till:
    """Pay with units first, in the stated order, then with gift cards as they are given; never more than is due."""
    till = Till(list(plan.bill.nets))
    for offer in sorted(offers, key=lambda offer: offer.order):
        reason = _pay_units(offer, till, plan, basket, member)
        if reason:
            till.refused.append(Refused(offer.source, reason))
    used: set[str] = set()
    for card in cards:
        amount = min(max(card.value_minor, 0), sum(till.left)) if card.id not in used else 0
        used.add(card.id)
        if amount:
            till.take(Payment("gift_card", card.id, amount), range(len(till.left)))
    return till


def _pay_units(offer: Offer, till: Till, plan: Plan, basket: Basket, member: Member | None) -> Reason | None:
    refused = offer.refused or refusal(offer.conditions, basket, member)
    open_to = [not group.article.is_excluded_from_redeeming for group in plan.bill.groups]
    goods = find(offer.conditions, plan.bill.groups, open_to, plan.bill.nets)
    if refused or goods.refused:
        return refused or goods.refused
    units = units_asked(offer, plan.purse, basket)
    if isinstance(units, Reason):
        return units
    groups = frozenset(goods.indices) | frozenset(plan.bill.deliveries())
    limit = sum(till.left[i] for i in groups)
    if offer.benefit.max_discount_minor is not None:
        limit = min(limit, offer.benefit.max_discount_minor)
    units = min(units, units_for(offer.benefit, limit))
    amount = min(half_up(units * Fraction(offer.benefit.unit_value_minor)), limit)
    if not amount:
        return because("nothing_to_reduce")
    program_id = offer.source.program_id
    account, pieces = spend(plan.purse[program_id], units, basket.at)
    plan.purse[program_id] = account
    till.take(Payment("units", offer.source.id, amount, units, pieces, program_id), tuple(groups))
    return None
