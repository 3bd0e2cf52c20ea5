"""Discounts: coupons at work on a subscription, and what they take off an invoice."""

from __future__ import annotations

from typing import Any

from .calls import Call, answers
from .events import emit
from .faults import Fault
from .periods import add
from .store import Obj, Store


def redeem(store: Store, given: dict[str, Any], customer: str | None, subscription: Obj | None) -> Obj:
    """Begin a discount by coupon or promotion code; raises 400 where it may not be used (any more)."""
    now = store.now(subscription.get("_clock") if subscription else None)
    promotion = None
    if given.get("promotion_code"):
        promotion = store.live("promotion_code", given["promotion_code"], "discounts[0][promotion_code]")
        _check_promotion(store, promotion, customer, now)
    coupon_id = promotion["promotion"]["coupon"] if promotion else given.get("coupon", "")
    coupon = store.live("coupon", coupon_id, "discounts[0][coupon]")
    check_coupon(coupon, now)
    coupon["times_redeemed"] += 1
    coupon["valid"] = (
        coupon["max_redemptions"] is None or coupon["times_redeemed"] < coupon["max_redemptions"]
    )
    if promotion:
        promotion["times_redeemed"] += 1
    months = coupon["duration_in_months"]
    discount = store.add(
        {
            "id": store.new_id("di"),
            "object": "discount",
            "checkout_session": None,
            "customer": customer,
            "end": add(now, "month", months) if months else None,
            "promotion_code": promotion["id"] if promotion else None,
            "source": {"type": "coupon", "coupon": coupon["id"]},
            "start": now,
            "subscription": subscription["id"] if subscription else None,
            "_clock": subscription.get("_clock") if subscription else None,
        }
    )
    if customer:
        emit(store, "customer.discount.created", discount)
    return discount


def check_coupon(coupon: Obj, now: int) -> None:
    is_late = coupon["redeem_by"] is not None and coupon["redeem_by"] < now
    if not coupon["valid"] or is_late:
        raise Fault(
            f"Coupon {coupon['id']} is expired and cannot be applied.", code="coupon_expired", param="coupon"
        )


def _check_promotion(store: Store, promotion: Obj, customer: str | None, now: int) -> None:
    is_late = promotion["expires_at"] is not None and promotion["expires_at"] <= now
    limit = promotion["max_redemptions"]
    is_used_up = limit is not None and promotion["times_redeemed"] >= limit
    is_foreign = promotion["customer"] is not None and promotion["customer"] != customer
    first_only = promotion["restrictions"]["first_time_transaction"]
    invoices = store.select("invoice", customer=customer) if customer else []
    has_paid = any(invoice["status"] == "paid" and invoice["total"] > 0 for invoice in invoices)
    if not promotion["active"] or is_late or is_used_up or is_foreign or (first_only and has_paid):
        raise Fault(
            "This promotion code cannot be redeemed.", code="promotion_code_invalid", param="promotion_code"
        )


def take_off(store: Store, discount: Obj, lines: list[Obj], currency: str) -> int:
    """Write the discount into the lines that it counts for; answers what it takes off in all, in minor units."""
    coupon = store.need("coupon", discount["source"]["coupon"])
    only = (coupon["applies_to"] or {}).get("products")
    left = coupon["amount_off"] if coupon["currency"] == currency else 0
    total = 0
    for line in lines:
        if not line["discountable"] or (only and product_of(line) not in only):
            continue
        base = line["amount"] - sum(part["amount"] for part in line["discount_amounts"])
        if coupon["percent_off"] is not None:
            off = round(base * coupon["percent_off"] / 100)
        else:
            off = min(left, max(base, 0))
            left -= off
        line["discount_amounts"].append({"amount": off, "discount": discount["id"]})
        total += off
    return total


def running(store: Store, subscription: Obj, at: int) -> list[Obj]:
    """The subscription's discounts at a time; those that ended are taken off it."""
    kept = []
    for id_ in list(subscription["discounts"]):
        discount = store.need("discount", id_)
        if discount["end"] is not None and discount["end"] <= at:
            end(store, subscription, discount)
        else:
            kept.append(discount)
    return kept


def used_once(store: Store, subscription: Obj) -> None:
    """After an invoice: a discount that counts once is over."""
    for id_ in list(subscription["discounts"]):
        discount = store.need("discount", id_)
        if store.need("coupon", discount["source"]["coupon"])["duration"] == "once":
            end(store, subscription, discount)


def end(store: Store, subscription: Obj, discount: Obj) -> None:
    subscription["discounts"] = [id_ for id_ in subscription["discounts"] if id_ != discount["id"]]
    emit(store, "customer.discount.deleted", discount)


def product_of(line: Obj) -> str | None:
    details = (line.get("pricing") or {}).get("price_details") or {}
    return details.get("product")


@answers("delete", "/v1/subscriptions/{subscription_exposed_id}/discount")
def delete(call: Call) -> Obj:
    subscription = call.store.live("subscription", call.id)
    if not subscription["discounts"]:
        raise Fault("No active discount for subscription: " + call.id, status=404, code="resource_missing")
    discount = call.store.need("discount", subscription["discounts"][-1])
    end(call.store, subscription, discount)
    return {"id": discount["id"], "object": "discount", "deleted": True}
