"""What a purchase is worth to one program: the money and the paid items that count for earning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tenants.engine.groups import Group
from tenants.engine.programs import Program
from tenants.engine.results import Payment
from tenants.engine.sharing import Number
from tenants.engine.stacking import Application


@dataclass(frozen=True)
class Base:
    """By group: whether it may earn at all, the money that counts, and the items that count."""

    open_to: tuple[bool, ...]
    amounts: tuple[int, ...]
    items: tuple[Number, ...]


def base_for(
    program: Program,
    groups: Sequence[Group],
    applications: Iterable[Application],
    payments: Iterable[tuple[Payment, list[int]]],
) -> Base:
    """The base of a program: never what its own rewards and units took off or paid; the rest as its terms say."""
    terms = program.terms
    amounts = [group.gross if terms.earns_on_discounts else group.net for group in groups]
    items = [group.quantity for group in groups]
    for application in applications:
        is_own = application.offer.source.program_id == program.id
        if is_own or not terms.earns_on_coupons:
            for index, amount in enumerate(application.cut.amounts):
                amounts[index] -= amount
                items[index] -= _items_out(application, index, is_own)
    for payment, parts in payments:
        if payment.program_id == program.id or not terms.earns_on_gift_cards:
            for index, part in enumerate(parts):
                amounts[index] -= part
    for index, amount in enumerate(amounts):
        if amount <= 0:
            amounts[index], items[index] = 0, 0
    return Base(
        tuple(not (g.article.is_excluded_from_earning or g.article.is_delivery) for g in groups),
        tuple(amounts),
        tuple(items),
    )


def _items_out(application: Application, index: int, is_own: bool) -> int:
    """How many items of a group don't count: those that are free, and the one that the program's own reward lowered."""
    is_lowered = is_own and application.offer.benefit.on == "cheapest" and application.cut.amounts[index]
    return max(application.cut.free[index], 1 if is_lowered else 0)
