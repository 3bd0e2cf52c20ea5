"""Purchases at the API: what a basket would cost and earn, buying it, and returning lines of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import abort, g
from flask_babel import gettext as _
from sqlalchemy import select

from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from tenants.api import locations
from tenants.api.cursors import page
from tenants.api.entries import actor
from tenants.api.example_ids import LOCATION, MEMBER, PROGRAM, PURCHASE, REFUND
from tenants.api.idempotency import request_key
from tenants.api.judgements import judgement, plain
from tenants.api.operation import Example, Resource
from tenants.api.purchase_schemas import (
    Basket,
    Judgement,
    NewLine,
    NewPurchase,
    NewRefund,
    Purchase,
    PurchasePage,
    PurchaseQuery,
    PurchaseSummary,
    Refund,
    Returned,
)
from tenants.api.schemas import Money
from tenants.api.words import pointer
from tenants.engine.mapping import Problem, from_mapping
from tenants.engine.results import Result
from tenants.engine.values import Choice, Line, Redeem, UseReady
from tenants.members.models import Member
from tenants.programs.kind_faults import words
from tenants.purchases import committing, refunding, wishes
from tenants.purchases import models as rows
from tenants.purchases.committing import commit as buy
from tenants.units.accounts import TooManyUnits
from tenants.units.merchandise import OutOfStock

resource = Resource(
    "purchases",
    "Purchases",
    "A basket is quoted, which changes nothing, then bought, once; lines of it may be returned.",
)
EUR = "EUR"


def _euros(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": EUR}


TWO_FLAT_WHITES = {
    "member_id": MEMBER,
    "currency": EUR,
    "lines": [{"key": "1", "sku": "flat-white", "quantity": "2", "unit_price_minor": 350}],
}
JUDGED: dict[str, Any] = {
    "currency": EUR,
    "total": _euros(700),
    "discount": _euros(0),
    "due": _euros(700),
    "lines": [
        {
            "key": "1",
            "quantity": "2",
            "gross": _euros(700),
            "till_discount": _euros(0),
            "discounts": [],
            "net": _euros(700),
        }
    ],
    "used": [],
    "refused": [],
    "hints": [],
    "payments": [],
    "programs": [
        {
            "program_id": PROGRAM,
            "kind": "stamp_card",
            "units_earned": 1,
            "reasons": [
                {"code": "earned_visit", "params": {"units": 1}, "sentence": "1 stamp for your visit."}
            ],
            "units_spent": 0,
            "balance": 5,
            "tier": None,
            "rewards_ready": 0,
            "affordable": [],
        }
    ],
}
BOUGHT: dict[str, Any] = {
    "id": PURCHASE,
    "member_id": MEMBER,
    "location_id": LOCATION,
    "receipt_number": "2026-004711",
    "total": _euros(700),
    "occurred_at": "2026-11-20T08:12:44Z",
    "recorded_at": "2026-11-20T08:12:44Z",
    "judgement": JUDGED,
    "refunds": [],
}
RETURNED: dict[str, Any] = {
    "id": REFUND,
    "purchase_id": PURCHASE,
    "amount": _euros(350),
    "money": _euros(350),
    "is_everything": False,
    "lines": [{"key": "1", "quantity": "1"}],
    "reason": "Spilt",
    "occurred_at": "2026-11-20T08:20:00Z",
}
SUMMED = {
    name: BOUGHT[name]
    for name in ("id", "member_id", "location_id", "receipt_number", "total", "occurred_at")
}


@resource.post(
    "/purchases/quote",
    "purchases:read",
    "Quote a basket",
    body=Basket,
    answer=Judgement,
    refusals=(wishes.OtherCurrency, wishes.TooLarge),
    example=Example(body=TWO_FLAT_WHITES, answer=JUDGED),
)
def quote(body: Basket) -> Judgement:
    wish = _wish(body)
    try:
        return judgement(committing.quote(wish, merchant=g.merchant, now=utcnow()))
    except wishes.BadBasket as refusal:
        raise _named(refusal.problems) from None


@resource.post(
    "/purchases",
    "purchases:write",
    "Buy a basket",
    body=NewPurchase,
    answer=Purchase,
    status=201,
    refusals=(
        committing.QuoteChanged,
        committing.ReceiptKnown,
        OutOfStock,
        TooManyUnits,
        wishes.InTheFuture,
        wishes.OtherCurrency,
        wishes.TooLarge,
    ),
    example=Example(
        body={**TWO_FLAT_WHITES, "receipt_number": "2026-004712", "location_id": LOCATION},
        answer={**BOUGHT, "receipt_number": "2026-004712"},
    ),
)
def create(body: NewPurchase) -> Purchase:
    wish = _wish(body)
    try:
        committed = buy(
            wish,
            merchant=g.merchant,
            actor=actor(),
            request_key=request_key(),
            now=utcnow(),
            expected_due_minor=body.expected_due_minor,
        )
    except wishes.BadBasket as refusal:
        raise _named(refusal.problems) from None
    purchase = db.session.get_one(rows.Purchase, committed.purchase_id)
    return _answer(purchase, _refunds_of(purchase) if committed.is_repeat else [])


@resource.get(
    "/purchases",
    "purchases:read",
    "List purchases",
    query=PurchaseQuery,
    answer=PurchasePage,
    example=Example(query={"receipt_number": "2026-004711"}, answer={"data": [SUMMED], "next_cursor": None}),
)
def index(query: PurchaseQuery) -> PurchasePage:
    statement = select(rows.Purchase)
    if query.member_id is not None:
        statement = statement.where(rows.Purchase.member_id == query.member_id)
    if query.receipt_number is not None:
        statement = statement.where(rows.Purchase.receipt_number == query.receipt_number)
    keys = [rows.Purchase.occurred_at, rows.Purchase.id]
    found, cursor = page(statement, keys, query)
    return PurchasePage(data=[_summary(row[0]) for row in found], next_cursor=cursor)


@resource.get(
    "/purchases/<uuid:purchase_id>",
    "purchases:read",
    "Get a purchase",
    answer=Purchase,
    example=Example(ids={"purchase_id": PURCHASE}, answer=BOUGHT),
)
def get(purchase_id: UUID) -> Purchase:
    purchase = db.session.get(rows.Purchase, purchase_id) or abort(404)
    return _answer(purchase, _refunds_of(purchase))


@resource.post(
    "/purchases/<uuid:purchase_id>/refunds",
    "purchases:write",
    "Return lines of a purchase",
    body=NewRefund,
    answer=Refund,
    status=201,
    refusals=(refunding.NotRefundable, refunding.ReturnRefused),
    example=Example(
        ids={"purchase_id": PURCHASE},
        body={"lines": [{"key": "1", "quantity": "1"}], "reason": "Spilt"},
        answer=RETURNED,
    ),
)
def refund(purchase_id: UUID, body: NewRefund) -> Refund:
    locations.check(body.location_id)
    refunded = refunding.refund(
        purchase_id,
        _returning(body),
        merchant=g.merchant,
        actor=actor(),
        request_key=request_key(),
        now=utcnow(),
        reason=body.reason,
        location_id=body.location_id,
    )
    purchase = db.session.get_one(rows.Purchase, purchase_id)
    row = db.session.get_one(rows.Refund, refunded.refund_id)
    return _refund(row, purchase.currency, _lines_of([row.id]).get(row.id, []))


def _wish(body: Basket) -> wishes.Wish:
    """What is asked, as purchases take it; raises Invalid for a member or a location that isn't there."""
    locations.check(body.location_id)
    if body.member_id is not None and db.session.get(Member, body.member_id) is None:
        raise Invalid([Fault(_("There is no such member."), "unknown_member", pointer="/member_id")])
    lines = [_line(line, place) for place, line in enumerate(body.lines, 1)]
    choices: list[Choice] = [UseReady(str(reward_id)) for reward_id in body.reward_ids]
    choices += [Redeem(str(one.program_id), one.reward_key, one.units) for one in body.spend]
    bought = body if isinstance(body, NewPurchase) else None
    return wishes.Wish(
        lines=tuple(lines),
        member_id=body.member_id,
        codes=tuple(body.coupon_codes),
        choices=tuple(choices),
        names={line.key: sent.name for line, sent in zip(lines, body.lines, strict=True) if sent.name},
        location_id=body.location_id,
        receipt_number=body.receipt_number,
        currency=body.currency,
        at=bought.occurred_at if bought else None,
    )


def _line(sent: NewLine, place: int) -> Line:
    return Line(
        key=sent.key or str(place),
        unit_price_minor=sent.unit_price_minor,
        quantity=Decimal(sent.quantity),
        sku=sent.sku,
        categories=frozenset(sent.categories),
        tags=frozenset(sent.tags),
        discount_minor=sent.discount_minor,
        tax_minor=sent.tax_minor,
        is_delivery=sent.is_delivery,
    )


def _returning(body: NewRefund) -> dict[str, Decimal] | None:
    if body.lines is None:
        return None
    found: dict[str, Decimal] = {}
    for line in body.lines:
        found[line.key] = found.get(line.key, Decimal(0)) + Decimal(line.quantity)
    return found


def _named(problems: tuple[Problem, ...]) -> Invalid:
    """The engine's faults of a basket, each at its field."""
    return Invalid([Fault(words(one), one.code, pointer=pointer(_place(one.path))) for one in problems[:50]])


def _place(path: str) -> list[str]:
    return ["occurred_at"] if path == "at" else path.split(".") if path else []


def _summary(row: rows.Purchase) -> PurchaseSummary:
    return PurchaseSummary(**_common(row))


def _common(row: rows.Purchase) -> dict[str, Any]:
    names = ("id", "member_id", "location_id", "receipt_number", "occurred_at")
    total = Money(amount_minor=row.amount_minor, currency=row.currency)
    return {**{name: getattr(row, name) for name in names}, "total": total}


def _answer(row: rows.Purchase, refunds: list[Refund]) -> Purchase:
    return Purchase(
        **_common(row),
        recorded_at=row.recorded_at,
        judgement=judgement(from_mapping(Result, row.result)) if row.result else None,
        refunds=refunds,
    )


def _refunds_of(row: rows.Purchase) -> list[Refund]:
    made = db.session.scalars(
        select(rows.Refund).where(rows.Refund.purchase_id == row.id).order_by(rows.Refund.number)
    ).all()
    lines = _lines_of([refund.id for refund in made]) if made else {}
    return [_refund(refund, row.currency, lines.get(refund.id, [])) for refund in made]


def _lines_of(refund_ids: list[UUID]) -> Mapping[UUID, list[Returned]]:
    found: dict[UUID, list[Returned]] = {}
    line = rows.RefundLine
    for one in db.session.scalars(select(line).where(line.refund_id.in_(refund_ids)).order_by(line.key)):
        found.setdefault(one.refund_id, []).append(Returned(key=one.key, quantity=plain(one.quantity)))
    return found


def _refund(row: rows.Refund, currency: str, lines: list[Returned]) -> Refund:
    return Refund(
        id=row.id,
        purchase_id=row.purchase_id,
        amount=Money(amount_minor=row.amount_minor, currency=currency),
        money=Money(amount_minor=row.money_minor, currency=currency),
        is_everything=row.is_everything,
        lines=lines,
        reason=row.reason,
        occurred_at=row.occurred_at,
    )
