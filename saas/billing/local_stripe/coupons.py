"""Coupons and promotion codes: less to pay, for once, for a while or for ever."""

from __future__ import annotations

from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import Fault
from .store import Obj, Store

PATH = "/v1/coupons"
CODES = "/v1/promotion_codes"


@answers(
    "post",
    PATH,
    "id name percent_off amount_off currency duration duration_in_months max_redemptions redeem_by"
    " applies_to metadata",
)
def create(call: Call) -> Obj:
    given, store = call.params, call.store
    if ("percent_off" in given) == ("amount_off" in given):
        raise Fault("You must pass either percent_off or amount_off.", param="percent_off")
    if not 0 < given.get("percent_off", 100) <= 100:
        raise Fault("Invalid percent_off: must be between 0 and 100.", param="percent_off")
    if "amount_off" in given and "currency" not in given:
        raise Fault("Missing required param: currency.", code="parameter_missing", param="currency")
    if (given.get("duration") == "repeating") != ("duration_in_months" in given):
        raise Fault("duration_in_months goes with duration=repeating.", param="duration_in_months")
    if given.get("id") and store.get(given["id"]):
        raise Fault(f"Coupon already exists: {given['id']}", code="resource_already_exists", param="id")
    coupon: Obj = {
        "id": given.get("id") or store.new_id("coupon", 8).removeprefix("coupon_"),
        "object": "coupon",
        "amount_off": given.get("amount_off"),
        "created": store.now(),
        "currency": given["currency"].lower() if "currency" in given else None,
        "duration": given.get("duration", "once"),
        "duration_in_months": given.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": given.get("max_redemptions"),
        "metadata": {},
        "name": given.get("name"),
        "percent_off": float(given["percent_off"]) if "percent_off" in given else None,
        "redeem_by": given.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
        "applies_to": {"products": given["applies_to"].get("products", [])}
        if "applies_to" in given
        else None,
    }
    metadata(coupon, given.get("metadata"))
    store.add(coupon)
    emit(store, "coupon.created", coupon)
    return coupon


@answers("post", PATH + "/{coupon}", "name metadata")
def update(call: Call) -> Obj:
    coupon = call.store.live("coupon", call.id)
    with changing(call.store, coupon, "coupon.updated"):
        coupon["name"] = call.get("name", coupon["name"])
        metadata(coupon, call.get("metadata"))
    return coupon


@answers("get", PATH, PAGING)
def index(call: Call) -> Obj:
    return call.page(call.store.select("coupon"))


@answers("delete", PATH + "/{coupon}")
def delete(call: Call) -> Obj:
    """No new redemptions; discounts that run keep running."""
    coupon = call.store.live("coupon", call.id)
    emit(call.store, "coupon.deleted", coupon)
    coupon["deleted"] = True
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


@answers(
    "post",
    CODES,
    "promotion code active customer expires_at max_redemptions metadata"
    " restrictions[first_time_transaction minimum_amount minimum_amount_currency]",
)
def create_code(call: Call) -> Obj:
    given, store = call.params, call.store
    coupon = store.live("coupon", given["promotion"].get("coupon", ""), "promotion[coupon]")
    code = given.get("code") or store.new_id("x", 8).removeprefix("x_").upper()
    if find_code(store, code):
        raise Fault("An active promotion code with `code: " + code + "` already exists.", param="code")
    restrictions = given.get("restrictions", {})
    promotion: Obj = {
        "id": store.new_id("promo"),
        "object": "promotion_code",
        "active": given.get("active", True),
        "code": code,
        "created": store.now(),
        "customer": given.get("customer"),
        "expires_at": given.get("expires_at"),
        "livemode": False,
        "max_redemptions": given.get("max_redemptions"),
        "metadata": {},
        "promotion": {"type": "coupon", "coupon": coupon["id"]},
        "restrictions": {
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
        },
        "times_redeemed": 0,
    }
    metadata(promotion, given.get("metadata"))
    store.add(promotion)
    emit(store, "promotion_code.created", promotion)
    return promotion


@answers("post", CODES + "/{promotion_code}", "active metadata")
def update_code(call: Call) -> Obj:
    promotion = call.store.live("promotion_code", call.id)
    with changing(call.store, promotion, "promotion_code.updated"):
        promotion["active"] = call.get("active", promotion["active"])
        metadata(promotion, call.get("metadata"))
    return promotion


@answers("get", CODES, f"{PAGING} active code coupon customer")
def codes(call: Call) -> Obj:
    rows = call.store.select("promotion_code", customer=call.get("customer"))
    if "active" in call.params:
        rows = [row for row in rows if row["active"] is call.params["active"]]
    if "code" in call.params:
        rows = [row for row in rows if row["code"].lower() == call.params["code"].lower()]
    if "coupon" in call.params:
        rows = [row for row in rows if row["promotion"]["coupon"] == call.params["coupon"]]
    return call.page(rows)


def find_code(store: Store, code: str) -> Obj | None:
    """The active promotion code that a person typed, in any case."""
    wanted = code.strip().lower()
    rows = store.select("promotion_code")
    return next((row for row in rows if row["active"] and row["code"].lower() == wanted), None)


retrievable("coupon", PATH + "/{coupon}")
retrievable("promotion_code", CODES + "/{promotion_code}")
