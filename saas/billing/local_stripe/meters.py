"""Meters: usage counted by events, and its sums."""

from __future__ import annotations

from .calls import PAGING, Call, answers, retrievable
from .events import changing, emit
from .faults import Fault
from .store import Obj, Store

PATH = "/v1/billing/meters"
EVENTS = "/v1/billing/meter_events"


@answers(
    "post",
    PATH,
    "display_name event_name default_aggregation customer_mapping value_settings event_time_window",
)
def create(call: Call) -> Obj:
    given, store = call.params, call.store
    if _find(store, given["event_name"]):
        raise Fault(f"A meter with the event name {given['event_name']} already exists.", param="event_name")
    now = store.now()
    meter = store.add(
        {
            "id": store.new_id("mtr"),
            "object": "billing.meter",
            "created": now,
            "customer_mapping": given.get(
                "customer_mapping", {"event_payload_key": "stripe_customer_id", "type": "by_id"}
            ),
            "default_aggregation": given["default_aggregation"],
            "display_name": given["display_name"],
            "event_name": given["event_name"],
            "event_time_window": given.get("event_time_window"),
            "livemode": False,
            "status": "active",
            "status_transitions": {"deactivated_at": None},
            "updated": now,
            "value_settings": given.get("value_settings", {"event_payload_key": "value"}),
        }
    )
    emit(store, "billing.meter.created", meter)
    return meter


@answers("post", PATH + "/{id}", "display_name")
def update(call: Call) -> Obj:
    meter = call.store.live("billing.meter", call.id)
    with changing(call.store, meter, "billing.meter.updated"):
        meter |= {
            "display_name": call.get("display_name", meter["display_name"]),
            "updated": call.store.now(),
        }
    return meter


@answers("post", PATH + "/{id}/deactivate")
def deactivate(call: Call) -> Obj:
    return _switch(call, "inactive", "billing.meter.deactivated", call.store.now())


@answers("post", PATH + "/{id}/reactivate")
def reactivate(call: Call) -> Obj:
    return _switch(call, "active", "billing.meter.reactivated", None)


def _switch(call: Call, status: str, kind: str, at: int | None) -> Obj:
    meter = call.store.live("billing.meter", call.id)
    meter |= {"status": status, "status_transitions": {"deactivated_at": at}, "updated": call.store.now()}
    emit(call.store, kind, meter)
    return meter


@answers("get", PATH, f"{PAGING} status")
def index(call: Call) -> Obj:
    rows = call.store.select("billing.meter")
    return call.page(row for row in rows if call.get("status") in (None, row["status"]))


retrievable("billing.meter", PATH + "/{id}")


@answers("post", EVENTS, "event_name payload identifier timestamp")
def report(call: Call) -> Obj:
    """One event; the same identifier counts once, within the day that Stripe promises and after it."""
    given, store = call.params, call.store
    meter = _find(store, given["event_name"])
    if meter is None or meter["status"] != "active":
        raise Fault(f"No active meter found for event name {given['event_name']}", param="event_name")
    customer = store.live(
        "customer", given["payload"].get(meter["customer_mapping"]["event_payload_key"], ""), "payload"
    )
    value = given["payload"].get(meter["value_settings"]["event_payload_key"], "1")
    if not value.lstrip("-").isdigit():
        raise Fault(f"Invalid value: {value}", param="payload")
    identifier = given.get("identifier") or store.new_id("meter_event")
    if store.get(f"meter_event:{identifier}"):
        raise Fault(f"An event already exists with identifier {identifier}.", param="identifier")
    now = store.now(customer["_clock"])
    event: Obj = {
        "object": "billing.meter_event",
        "created": now,
        "event_name": given["event_name"],
        "identifier": identifier,
        "livemode": False,
        "payload": given["payload"],
        "timestamp": given.get("timestamp", now),
    }
    store.add({**event, "id": f"meter_event:{identifier}", "_value": int(value), "_of": customer["id"]})
    return event


@answers(
    "get", PATH + "/{id}/event_summaries", "customer start_time end_time limit starting_after ending_before"
)
def summaries(call: Call) -> Obj:
    meter = call.store.live("billing.meter", call.id)
    start, end = call.params["start_time"], call.params["end_time"]
    values = [
        event["_value"]
        for event in reversed(call.store.select("billing.meter_event"))
        if event["event_name"] == meter["event_name"]
        and event["_of"] == call.params["customer"]
        and start <= event["timestamp"] < end
    ]
    formula = meter["default_aggregation"]["formula"]
    total = len(values) if formula == "count" else values[-1] if formula == "last" and values else sum(values)
    summary = {
        "id": f"mtrusg_{meter['id']}_{start}",
        "object": "billing.meter_event_summary",
        "aggregated_value": float(total),
        "created": end,
        "end_time": end,
        "livemode": False,
        "meter": meter["id"],
        "start_time": start,
    }
    return call.page([summary] if values else []) | {"data": [_bare(summary)] if values else []}


def _bare(summary: Obj) -> Obj:
    return {name: value for name, value in summary.items() if name != "created"}


def _find(store: Store, event_name: str) -> Obj | None:
    return next((meter for meter in store.select("billing.meter") if meter["event_name"] == event_name), None)
