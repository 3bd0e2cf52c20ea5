"""Programs of every kind and purchases for tests, by the operations themselves."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.engine.mapping import from_mapping
from tenants.engine.rewards import Coupon, CouponTerms
from tenants.engine.values import Line, Redeem, UseReady
from tenants.programs import operations
from tenants.programs.models import Program
from tenants.purchases import committing, refunding
from tenants.purchases.wishes import Wish
from tests.factories.ledger import CASHIER

POINTS: dict[str, Any] = {
    "kind": "points",
    "rules": [{"key": "spend", "per": "amount", "step_minor": 100}],
    "rewards": [
        {"key": "cup", "cost": 10, "benefit": {"kind": "merchandise", "item": "cup"}},
        {"key": "off", "cost": 20, "benefit": {"kind": "amount", "amount_minor": 500, "on": "order"}},
        {"key": "pay", "benefit": {"kind": "payment", "unit_value_minor": 10}},
    ],
}


def published(
    terms: Mapping[str, Any], *, name: str = "Points", at: dt.datetime | None = None, **words: Any
) -> Program:
    """A program with these terms of the engine, in force."""
    now = at or utcnow()
    mapping: dict[str, Any] = {"engine": dict(terms), "words": words}
    if terms["kind"] == "stamp_card":
        reward = terms["rewards"][0]["key"]
        mapping |= {"headline": name, "required": terms["required"], "reward_name": reward}
    program = operations.create_of_kind(terms["kind"], name, mapping, now)
    operations.publish(program.id, "Owner of Bakery", now)
    return program


def lines(*goods: Mapping[str, Any]) -> tuple[Line, ...]:
    return tuple(from_mapping(Line, {"key": str(index), **good}) for index, good in enumerate(goods, 1))


def amount(minor: int) -> tuple[Line, ...]:
    return lines({"unit_price_minor": minor})


def commit(
    merchant: Record,
    member_id: uuid.UUID | None,
    basket: Sequence[Line],
    *,
    key: str | None = None,
    at: dt.datetime | None = None,
    now: dt.datetime | None = None,
    **more: Any,
) -> committing.Committed:
    """Commit a purchase; `more` are fields of Wish."""
    wish = Wish(tuple(basket), member_id, at=at, **more)
    return committing.commit(
        wish, merchant=merchant, actor=CASHIER, request_key=key or uuid.uuid4().hex, now=now or at or utcnow()
    )


def refund(
    merchant: Record,
    purchase_id: uuid.UUID,
    quantities: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    now: dt.datetime | None = None,
) -> refunding.Refunded:
    return refunding.refund(
        purchase_id,
        quantities,
        merchant=merchant,
        actor=CASHIER,
        request_key=key or uuid.uuid4().hex,
        now=now or utcnow(),
    )


def choice(data: Mapping[str, Any], ids: Mapping[str, str]) -> Redeem | UseReady:
    """A choice as examples state it; `ids` are the programs' and rewards' ids by the examples' names."""
    if "ready" in data:
        return UseReady(ids[data["ready"]])
    return Redeem(ids[data["program"]], data["reward"], data.get("units"))


class CouponBook:
    """The simplest room of coupons: a list of terms, and what was used of them."""

    def __init__(self, terms: Mapping[str, Any], uses: Mapping[str, int] | None = None) -> None:
        self.terms = terms
        self.counts: dict[str, int] = dict(uses or {})
        self.used: list[tuple[str, uuid.UUID]] = []
        self.returned: list[tuple[str, uuid.UUID]] = []

    def offered(self, codes: Any, member_id: Any, at: Any, currency: str, location_id: Any) -> list[Coupon]:
        return [
            Coupon(name, name, "v1", currency, from_mapping(CouponTerms, terms))
            for name, terms in self.terms.items()
            if terms.get("trigger") == "automatic" or name in codes
        ]

    def uses(self, member_id: uuid.UUID) -> dict[str, int]:
        return self.counts

    def use(self, result: Any, purchase_id: uuid.UUID, member_id: Any, now: Any) -> None:
        for used in result.used:
            if used.source.kind == "coupon":
                self.used.append((used.source.id, purchase_id))

    def grant(self, item: str, member_id: Any, reward_id: Any, now: Any) -> None:
        """Nothing: this book has no codes."""

    def give_back(self, sources: Any, purchase_id: uuid.UUID, now: Any) -> None:
        self.returned += [(source.id, purchase_id) for source in sources]
