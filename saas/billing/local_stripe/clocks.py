"""Test clocks: time for some customers, moved by hand; and the time of all others, which a demo may move as well."""

from __future__ import annotations

from . import happenings
from .calls import PAGING, Call, answers, retrievable
from .events import emit
from .faults import Fault
from .periods import DAY, add
from .store import Obj, Store

KIND = "test_helpers.test_clock"
PATH = "/v1/test_helpers/test_clocks"
KEPT = 30 * DAY


@answers("post", PATH, "frozen_time name")
def create(call: Call) -> Obj:
    store, frozen = call.store, call.params["frozen_time"]
    now = store.now()
    clock = store.add(
        {
            "id": store.new_id("clock"),
            "object": KIND,
            "created": now,
            "deletes_after": now + KEPT,
            "frozen_time": frozen,
            "livemode": False,
            "name": call.get("name"),
            "status": "ready",
            "status_details": {},
        }
    )
    emit(store, "test_helpers.test_clock.created", clock)
    return clock


@answers("post", PATH + "/{test_clock}/advance", "frozen_time")
def advance(call: Call) -> Obj:
    """Done at once, but answered as Stripe does, still advancing: a client has to ask until it is ready."""
    store, clock = call.store, call.store.live(KIND, call.id)
    target = call.params["frozen_time"]
    if target <= clock["frozen_time"]:
        raise Fault("Invalid frozen_time: must be in the future of the test clock.", param="frozen_time")
    limit = _limit(store, clock)
    if limit is not None and target > limit:
        raise Fault(
            "You can only advance a test clock up to two intervals from the current frozen time, based on the shortest"
            " subscription interval.",
            param="frozen_time",
        )
    emit(store, "test_helpers.test_clock.advancing", clock)
    happenings.run(store, clock["id"], target)
    clock = store.need(KIND, call.id)
    clock["frozen_time"] = target
    emit(store, "test_helpers.test_clock.ready", clock)
    return {**clock, "status": "advancing", "status_details": {"advancing": {"target_frozen_time": target}}}


def _limit(store: Store, clock: Obj) -> int | None:
    ends = []
    for obj in store.on_clock(clock["id"]):
        if obj["object"] == "subscription" and obj["_due"] is not None:
            recurring = obj["items"]["data"][0]["price"]["recurring"]
            ends.append(add(clock["frozen_time"], recurring["interval"], 2 * recurring["interval_count"]))
    return min(ends, default=None)


@answers("get", PATH, PAGING)
def index(call: Call) -> Obj:
    return call.page(call.store.select(KIND))


@answers("delete", PATH + "/{test_clock}")
def delete(call: Call) -> Obj:
    """The clock goes, and its customers with all that is theirs. The events stay."""
    store, clock = call.store, call.store.live(KIND, call.id)
    for obj in store.on_clock(clock["id"]):
        if obj["object"] == "customer":
            obj["deleted"] = True
        if obj["object"] == "event":
            obj["_clock"] = None
        else:
            obj["_due"] = None
            if obj["object"] not in ("customer", "event"):
                store.remove(obj["id"])
    clock["deleted"] = True
    return {"id": clock["id"], "object": KIND, "deleted": True}


retrievable(KIND, PATH + "/{test_clock}")


def tick(store: Store) -> int:
    """Whatever is due by now for customers without a test clock."""
    return happenings.run(store, None, store.now())


def advance_all(store: Store, seconds: int) -> int:
    """Move the time of everybody without a test clock; answers how much happened."""
    if seconds <= 0:
        raise ValueError("time goes forward only")
    store.set("offset", str(int(store.setting("offset", "0")) + seconds))
    return tick(store)
