"""A purchase judged without changing anything, and the same committed, once, whatever is retried."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from saas.db import db, new_id
from saas.db.bulk import insert_rows
from saas.merchants.registry import Record
from saas.web.refusals import Conflict, Refusal
from tenants.engine.mapping import from_mapping, to_mapping
from tenants.engine.results import Result
from tenants.members.models import Member
from tenants.programs.enrolments import enrol
from tenants.programs.ledger import Actor
from tenants.purchases import facts, goods, posting, seams
from tenants.purchases.facts import Scene
from tenants.purchases.models import Purchase, PurchaseLine
from tenants.purchases.wishes import LARGEST_TOTAL, TooLarge, Wish
from tenants.units.entries import Event


class ReceiptKnown(Refusal):
    """The till's number belongs to another purchase."""


class QuoteChanged(Refusal):
    """The purchase costs something else than was quoted."""


@dataclass(frozen=True)
class Committed:
    """A purchase as it was committed; `is_repeat` when that was before."""

    purchase_id: uuid.UUID
    result: Result
    is_repeat: bool = False


def quote(wish: Wish, *, merchant: Record, now: dt.datetime) -> Result:
    """What a basket would cost, earn and open for this member. Changes nothing; raises the refusals of wishes.py."""
    return facts.scene(wish, merchant, "quote", now).judged()


def commit(
    wish: Wish,
    *,
    merchant: Record,
    actor: Actor,
    request_key: str,
    now: dt.datetime,
    expected_due_minor: int | None = None,
) -> Committed:
    """Judge a basket again and store what comes out: purchase, lines, entries, lots, rewards. Locks what the member
    holds, in the order of the enrolments' ids.

    A known `request_key` answers as the first time. Raises Conflict when it came with another content, ReceiptKnown,
    QuoteChanged when `expected_due_minor` isn't what is due, OutOfStock, and the refusals of wishes.py.
    """
    asked = wish.digest()
    if before := _repeat(request_key, asked):
        return before
    purchase_id = new_id()
    if wish.member_id:
        enrol(wish.member_id, now)
    scene = facts.scene(wish, merchant, str(purchase_id), now, is_locked=True)
    if before := _repeat(request_key, asked):
        return before
    result = scene.judged()
    _check(result, expected_due_minor)
    if not _insert(wish, result, purchase_id, actor, request_key, asked, now):
        if before := _repeat(request_key, asked):
            return before
        raise ReceiptKnown(
            _("There is a purchase with the receipt number %(number)s already.", number=wish.receipt_number)
        )
    _insert_lines(wish, scene, result, purchase_id, now)
    posting.post_result(
        result, scene, Event("purchase", purchase_id, actor, result.at, now, wish.location_id)
    )
    if coupons := seams.coupons():
        coupons.use(result, purchase_id, wish.member_id, now)
    if wish.member_id:
        seen = update(Member).where(Member.id == wish.member_id)
        db.session.execute(seen.values(last_seen_at=now).execution_options(synchronize_session=False))
    db.session.flush()
    return Committed(purchase_id, result)


def _repeat(request_key: str, asked: bytes) -> Committed | None:
    """The answer of the first time, when the key is known."""
    query = select(Purchase.id, Purchase.request_digest, Purchase.result)
    row = db.session.execute(query.where(Purchase.request_key == request_key)).first()
    if row is None:
        return None
    if row.request_digest != asked or row.result is None:
        raise Conflict(_("This was sent before with another content. Reload the page and start again."))
    return Committed(row.id, from_mapping(Result, row.result), is_repeat=True)


def _check(result: Result, expected_due_minor: int | None) -> None:
    if result.total_minor > LARGEST_TOTAL or result.discount_minor > LARGEST_TOTAL:
        raise TooLarge(_("That is more money than a purchase can have."))
    if expected_due_minor is not None and expected_due_minor != result.due_minor:
        raise QuoteChanged(_("The price has changed meanwhile. Look at it again before you go on."))


def _insert(
    wish: Wish,
    result: Result,
    purchase_id: uuid.UUID,
    actor: Actor,
    request_key: str,
    asked: bytes,
    now: dt.datetime,
) -> bool:
    """Add the purchase; False when its request key or its receipt number is known. Waits for one under way."""
    pieces = int(sum(line.quantity for line in result.lines if not line.is_delivery))
    statement = insert(Purchase).values(
        id=purchase_id,
        member_id=wish.member_id,
        location_id=wish.location_id,
        receipt_number=wish.receipt_number.strip()[:80] or None,
        quantity=min(max(pieces, 1), LARGEST_TOTAL),
        amount_minor=result.total_minor,
        currency=result.currency,
        request_key=request_key,
        request_digest=asked,
        discount_minor=result.discount_minor,
        due_minor=result.due_minor,
        result=to_mapping(result),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        occurred_at=result.at,
        recorded_at=now,
    )
    return db.session.scalar(statement.on_conflict_do_nothing().returning(Purchase.id)) is not None


def _insert_lines(wish: Wish, scene: Scene, result: Result, purchase_id: uuid.UUID, now: dt.datetime) -> None:
    products = goods.products_of(scene.basket.lines, wish.names, now)
    lines = scene.basket.lines
    if not lines:
        return
    columns: dict[str, Sequence[Any]] = {
        "id": [new_id() for _line in lines],
        "position": range(1, len(lines) + 1),
        "key": [line.key for line in lines],
        "product_id": [products.get(line.sku) for line in lines],
        "sku": [line.sku for line in lines],
        "name": [wish.names.get(line.key, "")[:200] for line in lines],
        "categories": [sorted(line.categories) for line in lines],
        "tags": [sorted(line.tags) for line in lines],
        "quantity": [line.quantity for line in lines],
        "unit_price_minor": [line.unit_price_minor for line in lines],
        "discount_minor": [priced.till_discount_minor for priced in result.lines],
        "net_minor": [priced.net_minor for priced in result.lines],
        "is_delivery": [line.is_delivery for line in lines],
    }
    db.session.execute(insert_rows(PurchaseLine, columns, {"purchase_id": purchase_id}))
