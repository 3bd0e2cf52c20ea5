"""Where events come from: each source finds a span's rows and says what they tell.

What an import wrote happened long ago and is not told. About a person only ids and the member number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import select

from saas.db import db
from saas.db.horizon import moment_of
from tenants.coupons.models import Coupon, CouponUse
from tenants.members.models import Member
from tenants.purchases.models import Purchase, Refund
from tenants.webhooks.ledger_sources import entries, rewards_fulfilled, rewards_issued
from tenants.webhooks.spans import Found, Span, member_data, moment, text_of

Source = Callable[[Span], Iterator[Found]]


def members(span: Span) -> Iterator[Found]:
    """Members who joined; their keys need not tell the time, as one may come from a form sent twice."""
    query = select(Member).where(span.holds(Member.joined_at), Member.source != "import")
    for row in db.session.scalars(query.order_by(Member.joined_at)):
        data = {**member_data(row.id, row.number), "source": row.source, "joined_at": moment(row.joined_at)}
        yield Found("member.joined", row.id, row.joined_at, row.joined_at, data)


def purchases(span: Span) -> Iterator[Found]:
    """Purchases that came from a till or a counter, with a member or without."""
    query = (
        select(Purchase, Member.number)
        .outerjoin(Member, Member.id == Purchase.member_id)
        .where(span.holds_id(Purchase.id), Purchase.import_id.is_(None))
    )
    for row, number in db.session.execute(query.order_by(Purchase.id)):
        data = {
            "purchase_id": str(row.id),
            "receipt_number": row.receipt_number,
            "amount_minor": row.amount_minor,
            "currency": row.currency,
            "quantity": row.quantity,
            **member_data(row.member_id, number),
            "location_id": text_of(row.location_id),
            "occurred_at": moment(row.occurred_at),
        }
        yield Found("purchase.committed", row.id, moment_of(row.id), row.occurred_at, data)


def refunds(span: Span) -> Iterator[Found]:
    """What was returned of purchases."""
    query = (
        select(Refund, Purchase, Member.number)
        .join(Purchase, Purchase.id == Refund.purchase_id)
        .outerjoin(Member, Member.id == Purchase.member_id)
        .where(span.holds_id(Refund.id))
    )
    for row, purchase, number in db.session.execute(query.order_by(Refund.id)):
        data = {
            "refund_id": str(row.id),
            "purchase_id": str(purchase.id),
            "receipt_number": purchase.receipt_number,
            "amount_minor": row.amount_minor,
            "currency": purchase.currency,
            "is_everything": row.is_everything,
            **member_data(purchase.member_id, number),
            "location_id": text_of(row.location_id),
            "occurred_at": moment(row.occurred_at),
        }
        yield Found("purchase.refunded", row.id, moment_of(row.id), row.occurred_at, data)


def coupons(span: Span) -> Iterator[Found]:
    """Uses of coupons, each with the purchase that it took something off."""
    query = (
        select(CouponUse, Coupon.currency, Member.number)
        .join(Coupon, Coupon.id == CouponUse.coupon_id)
        .outerjoin(Member, Member.id == CouponUse.member_id)
        .where(span.holds_id(CouponUse.id))
    )
    for row, currency, number in db.session.execute(query.order_by(CouponUse.id)):
        data = {
            "redemption_id": str(row.id),
            "coupon_id": str(row.coupon_id),
            "code_id": text_of(row.code_id),
            "purchase_id": str(row.purchase_id),
            "discount_minor": row.discount_minor,
            "currency": currency,
            **member_data(row.member_id, number),
            "occurred_at": moment(row.used_at),
        }
        yield Found("coupon.redeemed", row.id, moment_of(row.id), row.used_at, data)


SOURCES: tuple[Source, ...] = (
    members,
    purchases,
    refunds,
    coupons,
    entries,
    rewards_issued,
    rewards_fulfilled,
)
