"""What a coupon or a reward gives, as a value: discounts on this purchase, payments, and things to hand out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tenants.engine.conditions import Selection
from tenants.engine.mapping import Problem

Kind = Literal[
    "percent",  # `percent` off `on`
    "amount",  # `amount_minor` off `on`, once or for each step
    "per_unit",  # `unit_value_minor` off `on` for each unit that the member spends
    "fixed_price",  # every `quantity` of the goods meant cost `amount_minor`
    "free_item",  # `quantity` of the goods meant are free; those not in the basket are to be handed out
    "buy_x_get_y",  # for every `buy` of the goods conditioned, `get` of the goods meant are `percent` off
    "cheapest_free",  # of every `quantity`, the `get` cheapest are `percent` off
    "payment",  # units pay, each `unit_value_minor`: what is to pay sinks, not the price
    "coupon",  # a coupon `item` for a later purchase
    "gift_card",  # a gift card over `amount_minor` (0: over the price of the goods it is for)
    "merchandise",  # `quantity` of `item` handed out
    "early_access",  # to the launch `item`
]
DISCOUNTS = frozenset(
    {"percent", "amount", "per_unit", "fixed_price", "free_item", "buy_x_get_y", "cheapest_free"}
)
GRANTS = frozenset({"coupon", "gift_card", "merchandise", "early_access"})
ITEMISED = frozenset({"fixed_price", "free_item", "buy_x_get_y", "cheapest_free"})
NEEDS: dict[str, tuple[str, ...]] = {
    "percent": ("percent",),
    "amount": ("amount_minor",),
    "per_unit": ("unit_value_minor",),
    "fixed_price": ("quantity",),
    "free_item": ("quantity",),
    "buy_x_get_y": ("buy", "get", "percent"),
    "cheapest_free": ("quantity", "get", "percent"),
    "payment": ("unit_value_minor",),
    "coupon": ("item",),
    "gift_card": (),
    "merchandise": ("item", "quantity"),
    "early_access": ("item",),
}
LEAST = {"amount_minor": 0, "buy": 0, "get": 0, "max_times": 0, "step_minor": 0, "unit_value_minor": 0}
LEAST |= {"quantity": 1, "max_discount_minor": 1}


@dataclass(frozen=True)
class Benefit:
    """What is given. `target` narrows the goods it works on: without it, it works on the goods conditioned.

    `per` repeats an amount or a grant: once an order, for each `quantity` items, or for each `step_minor` of the goods
    conditioned; `max_times` bounds the repetitions (0: no bound) and `max_discount_minor` the money (None: no bound).
    """

    kind: Kind
    on: Literal["goods", "order", "cheapest", "delivery"] = "goods"
    target: Selection | None = None
    percent: Decimal = Decimal(100)
    amount_minor: int = 0
    unit_value_minor: Decimal = Decimal(0)
    quantity: int = 1
    buy: int = 0
    get: int = 1
    per: Literal["order", "item", "amount"] = "order"
    step_minor: int = 0
    max_times: int = 0
    max_discount_minor: int | None = None
    item: str = ""

    def faults(self) -> Iterator[Problem]:
        for name in NEEDS[self.kind]:
            if not getattr(self, name):
                yield Problem(name, "missing_field")
        if not 0 <= self.percent <= 100:
            yield Problem("percent", "out_of_range", {"min": 0, "max": 100})
        for name, least in LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                yield Problem(name, "out_of_range", {"min": least})
        if self.kind == "cheapest_free" and self.get >= self.quantity:
            yield Problem("get", "out_of_range", {"min": 1, "max": self.quantity - 1})
        if self.per == "amount" and not self.step_minor:
            yield Problem("step_minor", "missing_field")
        if self.per != "order" and self.kind not in ("amount", "coupon", "gift_card", "merchandise"):
            yield Problem("per", "contradicts", {"with": "kind"})


@dataclass(frozen=True)
class Stacking:
    """How it goes with others: alone (`exclusive`), with others, or as the best of a named `group`.

    The stated order: what works on single items before what works on amounts unless `priority` says otherwise (small
    ones first), then by name.
    """

    mode: Literal["stackable", "exclusive", "best_of"] = "stackable"
    group: str = ""
    priority: int = 0

    def faults(self) -> Iterator[Problem]:
        if (self.mode == "best_of") != bool(self.group):
            yield Problem(
                "group", "missing_field" if self.mode == "best_of" else "contradicts", {"with": "mode"}
            )
