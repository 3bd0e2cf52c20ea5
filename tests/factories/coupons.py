"""Coupons for tests, by the operations themselves."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from saas.db import db
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from tenants.coupons import batches, editing, imports, issuing, operations
from tenants.coupons.models import Coupon, CouponCode
from tenants.coupons.rules import Plan
from tenants.engine.mapping import from_mapping
from tenants.engine.quote import quote
from tenants.engine.results import Result
from tenants.engine.values import Basket, Line, Member

TEN_PERCENT: dict[str, Any] = {"kind": "percent", "percent": 10}


def drafted(merchant: Record, benefit: Mapping[str, Any] | None = None, **more: Any) -> Coupon:
    """A draft; `more` are a plan's fields, and `trigger`, `conditions` and `stacking` of its terms."""
    terms = {"benefit": dict(benefit or TEN_PERCENT)}
    terms |= {name: more.pop(name) for name in ("trigger", "conditions", "stacking") if name in more}
    name, at = more.pop("name", "Ten off"), more.pop("at", None) or utcnow()
    return editing.create(name, Plan.from_mapping({"terms": terms, **more}), merchant, at)


def published(merchant: Record, benefit: Mapping[str, Any] | None = None, **more: Any) -> Coupon:
    at = more.get("at") or utcnow()
    coupon = drafted(merchant, benefit, **more)
    editing.publish(coupon.id, "Owner of Bakery", merchant, at)
    return coupon


def judged(
    codes: Sequence[str],
    member_id: uuid.UUID | None = None,
    *,
    at: dt.datetime | None = None,
    price: int = 1000,
) -> Result:
    """What the engine says of one thing at this price with these codes."""
    now = at or utcnow()
    basket = Basket(
        "p", "EUR", (from_mapping(Line, {"key": "1", "unit_price_minor": price}),), now, "Europe/Athens"
    )
    member = Member(str(member_id), uses=operations.uses(member_id)) if member_id else None
    return quote(basket, member, (), operations.offered(codes, member_id, now, "EUR", None))


def used(
    codes: Sequence[str], member_id: uuid.UUID | None = None, *, at: dt.datetime | None = None
) -> tuple[Result, uuid.UUID]:
    """Judge and use; the result with the purchase's id."""
    result, purchase_id = judged(codes, member_id, at=at), uuid.uuid4()
    operations.use(result, purchase_id, member_id, at or utcnow())
    return result, purchase_id


def filled(merchant: Record, now: dt.datetime, member_id: uuid.UUID | None = None) -> dict[str, uuid.UUID]:
    """A coupon with codes, one for members, a draft, and a file that was looked through; by name."""
    goods = {"categories": {"any": ["Pastry"]}}
    ten = published(
        merchant,
        name="Ten off pastry",
        conditions={"goods": goods, "uses_per_member": 3},
        limits={"total": 500},
    )
    batch = batches.make(ten, 30, "Flyer in spring", "Owner", merchant, now)
    while batches._make_some(batch, ten, now):
        pass
    batch.status = "done"
    read = imports.read(b"code\nSPRING-001\nSPRING-002\nabc\n")
    upload = batches.upload(ten, read, "spring.csv", "Owner", now)
    personal = published(
        merchant, {"kind": "amount", "amount_minor": 500, "on": "order"}, name="Five off", trigger="personal",
        valid_days=30, holdout_percent=10,
    )  # fmt: skip
    codes = db.session.scalars(select(CouponCode.id).where(CouponCode.batch_id == batch.id)).all()
    found = {
        "code": codes[0],
        "batch": batch.id,
        "upload": upload.id,
        "coupon": ten.id,
        "personal": personal.id,
    }
    if member_id:
        found["given"] = issuing.give(personal, member_id, now).id
    draft = drafted(
        merchant, {"kind": "cheapest_free", "quantity": 3, "get": 1}, name="3 for 2", trigger="automatic"
    )
    return {**found, "draft": draft.id}
