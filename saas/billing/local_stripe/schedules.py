"""Subscription schedules: another price from the next period on, which is how a downgrade waits for its time."""

from __future__ import annotations

from typing import Any

from . import prices
from .calls import PAGING, Call, answers, metadata, retrievable
from .events import changing, emit
from .faults import Fault, NotModelled
from .store import Obj, Store
from .subscription_end import OVER, period_of, release_schedule

PATH = "/v1/subscription_schedules"
PHASE = "items[price quantity] start_date end_date proration_behavior"


def build(store: Store, subscription: Obj) -> Obj:
    """A schedule whose only phase is the period that runs."""
    if subscription["schedule"] or subscription["status"] in OVER:
        raise Fault(
            "You cannot migrate a subscription that is already attached to a schedule, or over.",
            param="from_subscription",
        )
    start, end = period_of(subscription)
    schedule: Obj = {
        "id": store.new_id("sub_sched"),
        "object": "subscription_schedule",
        "billing_mode": subscription["billing_mode"],
        "created": store.now(subscription["_clock"]),
        "current_phase": {"start_date": start, "end_date": end},
        "customer": subscription["customer"],
        "default_settings": _defaults(subscription),
        "end_behavior": "release",
        "livemode": False,
        "metadata": {},
        "pause_schedules": [],
        "phases": [_phase(subscription, _items(subscription), start, end)],
        "status": "active",
        "subscription": subscription["id"],
        "test_clock": subscription["_clock"],
        "_clock": subscription["_clock"],
    }
    store.add(schedule)
    subscription["schedule"] = schedule["id"]
    emit(store, "subscription_schedule.created", schedule)
    return schedule


def plan(store: Store, schedule: Obj, phases: list[dict[str, Any]]) -> Obj:
    """The phases as given: the running one first, then what follows."""
    subscription = store.need("subscription", schedule["subscription"])
    start, end = period_of(subscription)
    planned: list[Obj] = []
    for n, phase in enumerate(phases):
        begins = start if n == 0 else planned[-1]["end_date"]
        ends = phase.get("end_date", end if n == 0 else begins + (end - start))
        if ends == "now" or not isinstance(ends, int):
            raise NotModelled(f"phases[{n}][end_date]={ends}")
        items = [
            {
                "price": store.live("price", item["price"], f"phases[{n}][items]")["id"],
                "quantity": item.get("quantity", 1),
            }
            for item in phase["items"]
        ]
        planned.append(_phase(subscription, items, begins, ends))
    with changing(store, schedule, "subscription_schedule.updated"):
        schedule["phases"] = planned
        schedule["current_phase"] = {
            "start_date": planned[0]["start_date"],
            "end_date": planned[0]["end_date"],
        }
    return schedule


def turn(store: Store, subscription: Obj, at: int) -> None:
    """A period begins: the phase that begins with it takes over, and after the last one the schedule lets go."""
    schedule = store.get(subscription["schedule"])
    if not schedule or schedule["status"] != "active":
        return
    phase = next((one for one in schedule["phases"] if one["start_date"] <= at < one["end_date"]), None)
    if phase:
        items = subscription["items"]["data"]
        for item, wanted in zip(items, phase["items"], strict=False):
            price = store.need("price", wanted["price"])
            plan_now = prices.plan(price, subscription["currency"])
            item |= {"price": price, "plan": plan_now, "quantity": wanted["quantity"]}
        schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    if phase is None or phase is schedule["phases"][-1]:
        release_schedule(store, subscription)


def later(store: Store, subscription: Obj, items: list[dict[str, Any]]) -> Obj:
    """From the next period on these prices."""
    release_schedule(store, subscription)
    schedule = build(store, subscription)
    start, end = period_of(subscription)
    now = {"items": _items(subscription), "end_date": end}
    return plan(store, schedule, [now, {"items": items, "end_date": end + (end - start)}])


def _items(subscription: Obj) -> list[dict[str, Any]]:
    return [{"price": i["price"]["id"], "quantity": i["quantity"]} for i in subscription["items"]["data"]]


def _phase(subscription: Obj, items: list[dict[str, Any]], start: int, end: int) -> Obj:
    plain: Obj = {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": {},
        "tax_rates": [],
    }
    return {
        "add_invoice_items": [],
        "currency": subscription["currency"],
        "discounts": [],
        "end_date": end,
        "items": [{**plain, **item, "plan": item["price"]} for item in items],
        "metadata": {},
        "proration_behavior": "create_prorations",
        "start_date": start,
        "trial_end": None,
    }


def _defaults(subscription: Obj) -> Obj:
    settings = {
        "account_tax_ids": None,
        "days_until_due": None,
        "issuer": subscription["invoice_settings"]["issuer"],
    }
    return {
        "application_fee_percent": None,
        "billing_cycle_anchor": "automatic",
        "collection_method": "charge_automatically",
        "default_payment_method": subscription["default_payment_method"],
        "description": None,
        "invoice_settings": settings,
        "on_behalf_of": None,
        "transfer_data": None,
    }


@answers("post", PATH, "from_subscription metadata")
def create(call: Call) -> Obj:
    if "from_subscription" not in call.params:
        raise NotModelled("schedules without from_subscription")
    subscription = call.store.live("subscription", call.params["from_subscription"], "from_subscription")
    with changing(call.store, subscription, "customer.subscription.updated"):
        schedule = build(call.store, subscription)
    metadata(schedule, call.get("metadata"))
    return schedule


@answers("post", PATH + "/{schedule}", f"metadata proration_behavior phases[{PHASE}]")
def update(call: Call) -> Obj:
    schedule = call.store.live("subscription_schedule", call.id)
    if schedule["status"] != "active":
        raise Fault(f"You cannot update a subscription schedule that is {schedule['status']}.")
    if "phases" in call.params:
        plan(call.store, schedule, call.params["phases"])
    metadata(schedule, call.get("metadata"))
    return schedule


@answers("post", PATH + "/{schedule}/release")
def release(call: Call) -> Obj:
    schedule = call.store.live("subscription_schedule", call.id)
    subscription = call.store.get(schedule["subscription"])
    if subscription is None:
        raise Fault("You cannot release a subscription schedule that is " + schedule["status"])
    with changing(call.store, subscription, "customer.subscription.updated"):
        release_schedule(call.store, subscription)
    return schedule


@answers("get", PATH, f"{PAGING} customer")
def index(call: Call) -> Obj:
    return call.page(call.store.select("subscription_schedule", customer=call.get("customer")))


retrievable("subscription_schedule", PATH + "/{schedule}")
