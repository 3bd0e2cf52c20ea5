"""The customer portal over the API: its configurations, and sessions that lead into it."""

from __future__ import annotations

from typing import Any

from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import Fault, NotModelled
from .store import Obj, Store
from .subscription_end import OVER

CONFIGURATIONS = "/v1/billing_portal/configurations"
SESSIONS = "/v1/billing_portal/sessions"
LIFE = 3600
FEATURES = (
    "features[customer_update invoice_history payment_method_update[enabled]"
    " subscription_cancel[enabled mode proration_behavior cancellation_reason[enabled options]]"
    " subscription_update[enabled default_allowed_updates products[product prices] proration_behavior"
    " schedule_at_period_end trial_update_behavior]]"
)
FLOWS = (
    "flow_data[type after_completion subscription_cancel[subscription] subscription_update[subscription]"
    " subscription_update_confirm[subscription items discounts]]"
)
PLAIN: dict[str, Obj] = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": None,
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


@answers(
    "post",
    CONFIGURATIONS,
    f"{FEATURES} business_profile default_return_url metadata name login_page[enabled]",
)
def create(call: Call) -> Obj:
    now = call.store.now()
    configuration: Obj = {
        "id": call.store.new_id("bpc"),
        "object": "billing_portal.configuration",
        "active": True,
        "business_profile": dict.fromkeys(("headline", "privacy_policy_url", "terms_of_service_url")),
        "created": now,
        "default_return_url": None,
        "features": PLAIN,
        "is_default": False,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "name": None,
        "updated": now,
    }
    _take(call.store, configuration, call.params)
    call.store.add(configuration)
    emit(call.store, "billing_portal.configuration.created", configuration)
    return configuration


@answers(
    "post",
    CONFIGURATIONS + "/{configuration}",
    f"active {FEATURES} business_profile default_return_url metadata name login_page[enabled]",
)
def update(call: Call) -> Obj:
    configuration = call.store.live("billing_portal.configuration", call.id)
    with changing(call.store, configuration, "billing_portal.configuration.updated"):
        configuration["active"] = call.get("active", configuration["active"])
        configuration["updated"] = call.store.now()
        _take(call.store, configuration, call.params)
    return configuration


def _take(store: Store, configuration: Obj, given: dict[str, Any]) -> None:
    if given.get("login_page", {}).get("enabled"):
        raise NotModelled("the portal's log-in page")
    for name in ("default_return_url", "name"):
        if name in given:
            configuration[name] = given[name] or None
    configuration["business_profile"] = {
        **configuration["business_profile"],
        **given.get("business_profile", {}),
    }
    features = given.get("features", {})
    configuration["features"] = {
        name: {**configuration["features"][name], **_list_for_empty(features.get(name, {}))} for name in PLAIN
    }
    changes = configuration["features"]["subscription_update"]
    for product in changes["products"] or []:
        product.setdefault("adjustable_quantity", {"enabled": False, "maximum": None, "minimum": 1})
        for price in product["prices"]:
            if (
                store.live("price", price, "features[subscription_update][products]")["product"]
                != product["product"]
            ):
                raise Fault(f"The price {price} doesn't belong to the product {product['product']}.")
    if changes["enabled"] and not changes["products"]:
        raise Fault(
            "Missing required param: features[subscription_update][products].", code="parameter_missing"
        )
    metadata(configuration, given.get("metadata"))


def _list_for_empty(feature: Obj) -> Obj:
    """An empty string stands for an empty list."""
    return {name: [] if value == "" else value for name, value in feature.items()}


@answers("get", CONFIGURATIONS, f"{PAGING} active is_default")
def index(call: Call) -> Obj:
    rows = call.store.select("billing_portal.configuration")
    for name in ("active", "is_default"):
        rows = [row for row in rows if call.get(name) in (None, row[name])]
    return call.page(rows)


@answers("post", SESSIONS, f"customer configuration return_url locale {FLOWS}")
def create_session(call: Call) -> Obj:
    """There is no dashboard here to save default settings in, so a session names its configuration."""
    given, store = call.params, call.store
    if not given.get("customer"):
        raise Fault("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = store.live("customer", given["customer"], "customer")
    if not given.get("configuration"):
        raise Fault(
            "You can't create a portal session in test mode until you save your customer portal settings in test"
            " mode at https://dashboard.stripe.com/test/settings/billing/portal."
        )
    configuration = store.live("billing_portal.configuration", given["configuration"], "configuration")
    if not configuration["active"]:
        raise Fault(f"The configuration {configuration['id']} is not active.", param="configuration")
    token = store.new_id("x", 40).removeprefix("x_")
    return store.add(
        {
            "id": store.new_id("bps"),
            "object": "billing_portal.session",
            "configuration": configuration["id"],
            "created": store.now(),
            "customer": customer["id"],
            "flow": _flow(store, customer, given["flow_data"]) if "flow_data" in given else None,
            "livemode": False,
            "locale": given.get("locale"),
            "return_url": given.get("return_url") or configuration["default_return_url"],
            "url": f"{store.setting('url', '')}/p/session/{token}",
            "_token": token,
            "_expires": store.now() + LIFE,
        }
    )


def _flow(store: Store, customer: Obj, given: dict[str, Any]) -> Obj:
    kind = given["type"]
    if kind in ("subscription_pause", "customer_update"):
        raise NotModelled(f"the portal's flow {kind}")
    after = given.get("after_completion", {"type": "portal_homepage"})
    details: Obj = given.get(kind, {})
    if kind.startswith("subscription_"):
        if not details:
            raise Fault(f"Missing required param: flow_data[{kind}].", code="parameter_missing")
        subscription = store.live("subscription", details["subscription"], f"flow_data[{kind}][subscription]")
        if subscription["customer"] != customer["id"] or subscription["status"] in OVER:
            raise Fault("This subscription cannot be changed because it isn't the customer's, or is over.")
    flow: Obj = dict.fromkeys(
        ("subscription_cancel", "subscription_pause", "subscription_update", "subscription_update_confirm")
    )
    flow |= {"type": kind, "after_completion": {"hosted_confirmation": None, "redirect": None, **after}}
    if kind == "subscription_cancel":
        flow[kind] = {"retention": None, **details}
    elif kind == "subscription_update_confirm":
        items = [{"id": None, "price": None, "quantity": None, **item} for item in details["items"]]
        flow[kind] = {"discounts": None, **details, "items": items}
    elif details:
        flow[kind] = details
    return flow


retrievable("billing_portal.configuration", CONFIGURATIONS + "/{configuration}")
