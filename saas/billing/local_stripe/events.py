"""Events: written with the change that they tell of, and queued for every webhook endpoint that wants them."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .calls import Call, answers, retrievable
from .rendering import render
from .sdk_types import VERSION
from .store import Obj, Store


def emit(store: Store, kind: str, obj: Obj, previous: Obj | None = None) -> Obj:
    """Say what happened; the event is dated by the machine's clock, also where a test clock stands elsewhere."""
    shown = render(store, obj)
    data: Obj = {"object": shown} | ({"previous_attributes": previous} if previous is not None else {})
    event = store.add(
        {
            "id": store.new_id("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": int(time.time()),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": store.request_id, "idempotency_key": None} if store.request_id else None,
            "type": kind,
            "_clock": obj.get("_clock"),
        }
    )
    for endpoint in store.select("webhook_endpoint"):
        if endpoint["status"] == "enabled" and {"*", kind} & set(endpoint["enabled_events"]):
            queue(store, event, endpoint["id"])
    return event


def queue(store: Store, event: Obj, endpoint: str, *, at: float | None = None) -> None:
    event["pending_webhooks"] += 1
    store.db.execute(
        "INSERT INTO delivery (event, endpoint, state, next_at) VALUES (?, ?, 'waiting', ?)",
        (event["id"], endpoint, time.time() if at is None else at),
    )


@contextmanager
def changing(store: Store, obj: Obj, kind: str | None) -> Iterator[Obj]:
    """Say afterwards what was changed, with the values from before, if anything was."""
    before = _public(obj)
    yield obj
    after = _public(obj)
    previous = {name: before.get(name) for name in after if before.get(name) != after[name]}
    if previous and kind:
        emit(store, kind, obj, previous)


def _public(obj: Obj) -> Obj:
    return {name: copy.deepcopy(value) for name, value in obj.items() if not name.startswith("_")}


@answers("get", "/v1/events", "type types delivery_success limit starting_after ending_before created")
def index(call: Call) -> Obj:
    wanted: list[str] = call.get("types") or ([call.params["type"]] if "type" in call.params else [])
    events = [event for event in call.store.select("event") if _wanted(event, wanted)]
    if "delivery_success" in call.params:
        events = [e for e in events if (e["pending_webhooks"] == 0) is call.params["delivery_success"]]
    return call.page(events)


def _wanted(event: Obj, wanted: list[str]) -> bool:
    kind: Any = event["type"]
    return not wanted or any(
        kind == one or (one.endswith("*") and kind.startswith(one[:-1])) for one in wanted
    )


retrievable("event", "/v1/events/{id}")
