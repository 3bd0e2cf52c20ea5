"""Which goods of a basket conditions mean, and whether their minimums are met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tenants.engine.conditions import Conditions, Selection
from tenants.engine.groups import Group
from tenants.engine.reasons import Reason, because
from tenants.engine.sharing import Number, half_up
from tenants.engine.values import Line


def fits(selection: Selection, line: Line) -> bool:
    """Whether a line is one of the goods meant."""
    products = frozenset([line.sku]) if line.sku else frozenset()
    pairs = (
        (selection.products, products),
        (selection.categories, line.categories),
        (selection.tags, line.tags),
    )
    if any(among.none & names for among, names in pairs):
        return False
    if selection.products.all and not products & selection.products.all:
        return False
    if not (selection.categories.all <= line.categories and selection.tags.all <= line.tags):
        return False
    price = line.unit_price_minor
    if price < selection.min_price_minor or (
        selection.max_price_minor is not None and price > selection.max_price_minor
    ):
        return False
    wanted = [(among.any, names) for among, names in pairs if among.any]
    return not wanted or any(some & names for some, names in wanted)


@dataclass(frozen=True)
class Goods:
    """The groups that conditions mean, or why the basket doesn't meet them."""

    indices: tuple[int, ...]
    refused: Reason | None = None


def find(
    conditions: Conditions, groups: Sequence[Group], open_to: Sequence[bool], amounts: Sequence[int]
) -> Goods:
    """The goods of a basket that conditions mean, and whether their minimums are met.

    `open_to` says which groups take part at all; `amounts` what each is worth after discounts, for the minimums that
    count those.
    """
    goods = [i for i, group in enumerate(groups) if open_to[i] and not group.article.is_delivery]
    found = tuple(i for i in goods if fits(conditions.goods, groups[i].article))
    missing = conditions.goods.products.all - {groups[i].article.sku for i in found}
    if missing:
        return Goods(found, because("goods_missing", missing=", ".join(sorted(missing))))
    if conditions.min_quantity:
        quantity = sum(groups[i].quantity for i in found)
        if quantity < Fraction(conditions.min_quantity):
            return Goods(
                found,
                because(
                    "quantity_too_small", quantity=f"{float(quantity):g}", min=f"{conditions.min_quantity:f}"
                ),
            )
    if conditions.min_amount_minor:
        amount = _amount(
            conditions, groups, found if conditions.amount_of == "goods" else tuple(goods), amounts
        )
        if amount < conditions.min_amount_minor:
            return Goods(
                found, because("amount_too_small", amount_minor=amount, min_minor=conditions.min_amount_minor)
            )
    return Goods(found)


def _amount(
    conditions: Conditions, groups: Sequence[Group], counted: Sequence[int], amounts: Sequence[int]
) -> int:
    whole: Number = 0
    for index in counted:
        group = groups[index]
        amount = group.net if conditions.amount_when == "before_discounts" else amounts[index]
        tax = (
            Fraction(group.tax * amount, group.net)
            if group.net and conditions.amount_tax == "excluded"
            else 0
        )
        whole += amount - tax
    return half_up(whole)
