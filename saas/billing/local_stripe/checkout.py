"""Checkout sessions over the API: what is to be bought, and where its buyer comes back to."""

from __future__ import annotations

from typing import Any

from . import checkout_sums, discounts
from .calls import PAGING, Call, answers, metadata, retrievable
from .events import emit
from .faults import Fault, NotModelled
from .happenings import happens
from .invoices import ISSUER
from .periods import DAY
from .rendering import includable, listed
from .store import Obj, Store
from .subscriptions import missing_card, trial_end

PATH = "/v1/checkout/sessions"
LIFE = DAY
SHORTEST = 30 * 60
FIELDS = """
    mode ui_mode success_url cancel_url customer customer_email client_reference_id metadata locale currency expires_at
    line_items[price quantity] allow_promotion_codes discounts[coupon promotion_code] automatic_tax[enabled]
    tax_id_collection[enabled] customer_update billing_address_collection payment_method_collection submit_type
    custom_text[submit]
    subscription_data[metadata description trial_end trial_period_days
        trial_settings[end_behavior[missing_payment_method]]]
"""


@answers("post", PATH, FIELDS)
def create(call: Call) -> Obj:
    given, store = call.params, call.store
    _check(store, given)
    now = store.now()
    expires = given.get("expires_at", now + LIFE)
    if not now + SHORTEST <= expires <= now + LIFE + 60:
        raise Fault(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    id_ = store.new_id("cs_test", 58)
    session = _build(store, given, id_, now, expires)
    checkout_sums.sum_up(store, session)
    metadata(session, given.get("metadata"))
    return store.add(session)


def _build(store: Store, given: dict[str, Any], id_: str, now: int, expires: int) -> Obj:
    details = given.get("subscription_data", {})
    enabled = given.get("automatic_tax", {}).get("enabled", False)
    taxed = {
        "enabled": enabled,
        "liability": ISSUER if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "requires_location_inputs" if enabled else None,
    }
    text: Obj = dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"))
    return {
        "id": id_,
        "object": "checkout.session",
        "allow_promotion_codes": given.get("allow_promotion_codes"),
        "automatic_tax": taxed,
        "billing_address_collection": given.get("billing_address_collection"),
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": now,
        "custom_fields": [],
        "custom_text": text | {name: value or None for name, value in given.get("custom_text", {}).items()},
        "customer": given.get("customer"),
        "customer_creation": None if given.get("customer") else "always",
        "customer_details": None,
        "customer_email": given.get("customer_email"),
        "discounts": [{"coupon": None, "promotion_code": None, **one} for one in given.get("discounts", [])],
        "expires_at": expires,
        "livemode": False,
        "locale": given.get("locale"),
        "metadata": {},
        "mode": "subscription",
        "payment_method_collection": given.get("payment_method_collection", "always"),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "submit_type": given.get("submit_type"),
        "success_url": given["success_url"],
        "tax_id_collection": {
            "enabled": given.get("tax_id_collection", {}).get("enabled", False),
            "required": "never",
        },
        "ui_mode": "hosted_page",
        "url": f"{store.setting('url', '')}/c/pay/{id_}",
        "_due": expires,
        "_items": given["line_items"],
        "_currency": given.get("currency"),
        "_customer_update": given.get("customer_update", {}),
        "_details": {
            "metadata": details.get("metadata", {}),
            "description": details.get("description"),
            "trial_end": details.get("trial_end"),
            "trial_days": details.get("trial_period_days"),
            "on_missing_card": missing_card(details),
        },
    }


def _check(store: Store, given: dict[str, Any]) -> None:
    if given.get("mode") in ("payment", "setup") or given.get("ui_mode", "hosted_page") != "hosted_page":
        raise NotModelled("Checkout other than mode=subscription on the hosted page")
    for name in ("mode", "success_url", "line_items"):
        if not given.get(name):
            raise Fault(f"Missing required param: {name}.", code="parameter_missing", param=name)
    if given.get("customer") and given.get("customer_email"):
        raise Fault("You may only specify one of these parameters: customer, customer_email.")
    if given.get("allow_promotion_codes") and given.get("discounts"):
        raise Fault("You may only specify one of these parameters: allow_promotion_codes, discounts.")
    _check_trial(given.get("subscription_data", {}), store.now())
    if given.get("customer"):
        _check_customer(store.live("customer", given["customer"], "customer"), given)
    elif given.get("customer_update"):
        raise Fault("`customer_update` can only be used with `customer`.", param="customer_update")
    for one in given.get("discounts", []):
        if "coupon" in one:
            discounts.check_coupon(store.live("coupon", one["coupon"], "discounts[0][coupon]"), store.now())


def _check_trial(details: dict[str, Any], now: int) -> None:
    end = trial_end(details, now)
    if end is not None and details.get("trial_end") and end < now + 2 * DAY:
        raise Fault(
            "The `trial_end` date has to be at least 2 days in the future.",
            param="subscription_data[trial_end]",
        )


def _check_customer(customer: Obj, given: dict[str, Any]) -> None:
    """What Stripe insists on before it takes an existing customer."""
    update = given.get("customer_update", {})
    if given.get("tax_id_collection", {}).get("enabled") and update.get("name") != "auto":
        raise Fault(
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an"
            " existing customer, please set `customer_update[name]` to `auto`."
        )
    has_place = (customer["address"] or {}).get("country") or update.get("address") == "auto"
    if given.get("automatic_tax", {}).get("enabled") and not has_place:
        raise Fault(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the"
            " Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to"
            " save the address entered in Checkout to the Customer.",
            code="customer_tax_location_invalid",
        )


@answers("post", PATH + "/{session}", "metadata")
def update(call: Call) -> Obj:
    session = call.store.live("checkout.session", call.id)
    metadata(session, call.get("metadata"))
    return session


@answers("post", PATH + "/{session}/expire")
def expire_now(call: Call) -> Obj:
    session = call.store.live("checkout.session", call.id)
    if session["status"] != "open":
        raise Fault(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.'
        )
    expire(call.store, session)
    return session


@happens("checkout.session")
def expire(store: Store, session: Obj) -> None:
    session |= {"status": "expired", "url": None, "_due": None}
    emit(store, "checkout.session.expired", session)


@answers("get", PATH, f"{PAGING} customer subscription status payment_intent")
def index(call: Call) -> Obj:
    rows = call.store.select(
        "checkout.session", customer=call.get("customer"), subscription=call.get("subscription")
    )
    for name in ("status", "payment_intent"):
        rows = [row for row in rows if call.get(name) in (None, row.get(name))]
    return call.page(rows)


@answers("get", PATH + "/{session}/line_items", PAGING)
def line_items(call: Call) -> Obj:
    return items_of(call.store, call.store.live("checkout.session", call.id))


@includable("checkout.session", "line_items")
def items_of(store: Store, session: Obj) -> Obj:
    rows = checkout_sums.items(store, store.need("checkout.session", session["id"]))
    return listed(rows, f"{PATH}/{session['id']}/line_items")


retrievable("checkout.session", PATH + "/{session}")
