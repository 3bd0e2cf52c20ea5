"""How coupons and rewards go together: in a stated order, alone, or as the best of a group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tenants.engine.benefits import DISCOUNTS
from tenants.engine.bills import Bill, Cut
from tenants.engine.conditions import ANYTHING
from tenants.engine.discounts import cut as cut_of
from tenants.engine.discounts import too_few
from tenants.engine.goods import find
from tenants.engine.lots import Account, Lot, spend
from tenants.engine.occasions import refusal
from tenants.engine.offers import Offer
from tenants.engine.reasons import Reason, because
from tenants.engine.results import Refused
from tenants.engine.values import Basket, Member


@dataclass(frozen=True)
class Application:
    """An offer that holds: what it takes off, the goods it was conditioned on, and the units spent."""

    offer: Offer
    cut: Cut
    goods: tuple[int, ...]
    pieces: tuple[Lot, ...] = ()
    units: int = 0


@dataclass
class Plan:
    """One way to apply offers: the bill by now, what is left in each account, what was applied and what was not."""

    bill: Bill
    purse: dict[str, Account]
    applied: list[Application] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)

    def add(self, application: Application) -> None:
        self.bill = self.bill.after(application.cut)
        self.applied.append(application)
        self.uses[application.offer.uses_key] += 1
        if application.pieces:
            self.take(application.offer.source.program_id, application.pieces)

    def take(self, program_id: str, pieces: Sequence[Lot]) -> None:
        gone = {piece.id: piece.units for piece in pieces}
        lots = self.purse[program_id].lots
        left = (replace(lot, units=lot.units - gone.get(lot.id, 0)) for lot in lots)
        self.purse[program_id] = Account(tuple(lot for lot in left if lot.units))

    @property
    def saved(self) -> int:
        return sum(application.cut.total for application in self.applied)


def best_plan(
    offers: Sequence[Offer], bill: Bill, purse: Mapping[str, Account], basket: Basket, member: Member | None
) -> Plan:
    """The plan that saves the member most: all that go together, or one exclusive offer alone. On a tie the former;
    among exclusive ones the first by the stated order."""
    ordered = sorted(offers, key=lambda offer: offer.order)
    together = [offer for offer in ordered if offer.stacking.mode != "exclusive"]
    best = _apply(together, Plan(bill, dict(purse)), basket, member)
    excluded = [offer for offer in ordered if offer.stacking.mode == "exclusive"]
    for offer in excluded:
        alone = _apply([offer], Plan(bill, dict(purse)), basket, member)
        if alone.applied and (alone.saved > best.saved or not best.applied):
            best = alone
    _refuse_others(best, ordered, basket, member)
    return best


def _refuse_others(best: Plan, offers: Sequence[Offer], basket: Basket, member: Member | None) -> None:
    """Say for each offer outside the plan why: its own reason if it has one, else what it doesn't go with."""
    known = {id(application.offer) for application in best.applied}
    told = {refused.source for refused in best.refused}
    for offer in offers:
        if id(offer) in known or offer.source in told:
            continue
        found = attempt(offer, Plan(best.bill.original(), dict(best.purse)), basket, member)
        by = best.applied[0].offer.source.id if best.applied else ""
        reason = found if isinstance(found, Reason) else because("excluded_by", source=by)
        best.refused.append(Refused(offer.source, reason, offer.is_automatic))


def _apply(offers: Sequence[Offer], plan: Plan, basket: Basket, member: Member | None) -> Plan:
    done: set[str] = set()
    for offer in offers:
        group = offer.stacking.group
        if not group:
            _one_of([offer], plan, basket, member)
        elif group not in done:
            done.add(group)
            _one_of([other for other in offers if other.stacking.group == group], plan, basket, member)
    return plan


def _one_of(offers: Sequence[Offer], plan: Plan, basket: Basket, member: Member | None) -> None:
    """Apply the one that saves most as the bill stands; the first of the stated order wins a tie."""
    best: Application | None = None
    fitting: list[Offer] = []
    for offer in offers:
        found = attempt(offer, plan, basket, member)
        if isinstance(found, Reason):
            plan.refused.append(Refused(offer.source, found, offer.is_automatic))
            continue
        fitting.append(offer)
        if best is None or found.cut.total > best.cut.total:
            best = found
    if best is None:
        return
    for offer in fitting:
        if offer is not best.offer:
            reason = because("better_in_group", source=best.offer.source.id, group=offer.stacking.group)
            plan.refused.append(Refused(offer.source, reason, offer.is_automatic))
    plan.add(best)


def attempt(offer: Offer, plan: Plan, basket: Basket, member: Member | None) -> Application | Reason:
    """What an offer does as the bill stands, or why it doesn't hold."""
    used = (member.uses.get(offer.uses_key, 0) if member else 0) + plan.uses[offer.uses_key]
    refused = offer.refused or refusal(offer.conditions, basket, member, used)
    if refused:
        return refused
    bill, kind = plan.bill, offer.benefit.kind
    open_to = [not group.article.is_excluded_from_redeeming for group in bill.groups]
    goods = find(offer.conditions, bill.groups, open_to, bill.nets)
    if goods.refused:
        return goods.refused
    needs_goods = not (kind == "free_item" and offer.benefit.target is None)
    if needs_goods and offer.conditions.goods != ANYTHING and not goods.indices:
        return because("no_matching_goods")
    units = units_asked(offer, plan.purse, basket)
    if isinstance(units, Reason):
        return units
    cut = cut_of(offer.benefit, bill, goods.indices, units)
    if (kind in DISCOUNTS and not cut.total and not cut.to_hand_out) or not cut.times:
        return too_few(offer.benefit, bill, goods.indices) or because("nothing_to_reduce")
    if kind == "per_unit" and offer.reward and not offer.reward.takes_all:
        units = max(cut.units, offer.reward.cost)
    pieces = spend(plan.purse[offer.source.program_id], units, basket.at)[1] if units else ()
    return Application(offer, cut, goods.indices, pieces, units)


def units_asked(offer: Offer, purse: Mapping[str, Account], basket: Basket) -> int | Reason:
    """The units that the offer costs, or that may be spent on it."""
    reward = offer.reward
    if reward is None:
        return 0
    balance = purse.get(offer.source.program_id, Account()).spendable(basket.at)
    asked = reward.cost
    if reward.takes_all:
        asked = max(balance, 1, reward.cost)
    elif offer.benefit.kind in ("per_unit", "payment"):
        asked = max(balance if offer.units is None else offer.units, reward.cost, 1)
    if asked > balance:
        return because("not_enough_units", units=asked, balance=balance)
    return asked
