"""The calls that are modelled: which function answers which method and path, with which parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from re import Pattern
from typing import Any

from .faults import Fault, NotModelled
from .form_encoding import decode
from .rendering import listed, render
from .schema_check import Models, check, modelled
from .sdk_types import Route, params_of, routes
from .store import Obj, Store

PAGING = "expand limit starting_after ending_before created"


@dataclass(frozen=True)
class Call:
    """One checked request: `ids` come from the address, `params` are values already."""

    store: Store
    path: str
    ids: dict[str, str]
    params: dict[str, Any]

    @property
    def id(self) -> str:
        return next(iter(self.ids.values()))

    def get(self, name: str, default: Any = None) -> Any:
        return self.params.get(name, default)

    def page(self, objects: Iterable[Obj]) -> Obj:
        """The asked page of a list whose newest comes first."""
        rows = [obj for obj in objects if not obj.get("deleted") and _created_fits(obj, self.get("created"))]
        limit = self.get("limit", 10)
        if not 1 <= limit <= 100:
            raise Fault("Invalid integer: must be between 1 and 100", param="limit")
        after, before = self.get("starting_after"), self.get("ending_before")
        place = [obj["id"] for obj in rows]
        if after or before:
            if (after or before) not in place:
                raise Fault(
                    f"No such object: '{after or before}'", code="resource_missing", param="starting_after"
                )
            at = place.index(after or before)
            rows = rows[at + 1 :] if after else rows[:at]
        chosen = rows[:limit] if not before else rows[-limit:]
        return listed(chosen, self.path, has_more=len(rows) > limit)


Handler = Callable[[Call], Obj]


@dataclass(frozen=True)
class Modelled:
    handler: Handler
    models: Models


CALLS: dict[tuple[str, str], Modelled] = {}


def answers(method: str, path: str, models: str = "") -> Callable[[Handler], Handler]:
    """Register the function for a call; `models` names the parameters it carries out, all others are a 501."""

    def register(handler: Handler) -> Handler:
        CALLS[(method, path)] = Modelled(handler, modelled(f"{models} expand"))
        return handler

    return register


def retrievable(kind: str, path: str) -> None:
    """The object by its id; a deleted one answers that it is deleted, as Stripe does."""

    @answers("get", path)
    def retrieve(call: Call) -> Obj:
        found = call.store.need(kind, list(call.ids.values())[-1])
        return {"id": found["id"], "object": kind, "deleted": True} if found.get("deleted") else found


@cache
def patterns() -> list[tuple[str, Pattern[str], Route]]:
    """Every call of the library; an address with fewer parameters wins over one with more."""
    known = sorted(routes().values(), key=lambda route: route.path.count("{"))
    return [(route.method, route.pattern, route) for route in known]


def carry_out(store: Store, method: str, path: str, text: str) -> Obj:
    """Check a request against the library, do it, and answer it completed and checked."""
    route, ids = _route(method, path)
    modelled_call = CALLS.get((method, route.path))
    if modelled_call is None:
        raise NotModelled(f"{method.upper()} {route.path}")
    params = check(params_of(route), decode(text), modelled_call.models)
    count(store, f"{method} {route.path}")
    call = Call(store, path, ids, params)
    kept: Fault | None = None
    try:
        with store.savepoint():
            try:
                answer = _rendered(store, modelled_call.handler(call), params.get("expand"))
            except Fault as fault:
                if not fault.keep:
                    raise
                kept = fault
    except Fault as fault:
        fault.began = not isinstance(fault, NotModelled)
        raise
    if kept:
        kept.began = True
        raise kept
    return answer


def _route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for of, pattern, route in patterns():
        match = pattern.fullmatch(path) if of == method else None
        if match:
            return route, match.groupdict()
    raise Fault(f"Unrecognized request URL ({method.upper()}: {path}).", status=404)


def _rendered(store: Store, answer: Obj, expand: list[str] | None) -> Obj:
    if answer.get("object") != "list":
        return render(store, answer, expand)
    inside = [path.removeprefix("data.") for path in expand or [] if path.startswith("data.")]
    if expand and len(inside) != len(expand):
        raise Fault("Expand paths of a list begin with data.", param="expand")
    return {**answer, "data": [render(store, item, inside) for item in answer["data"]]}


def count(store: Store, call: str) -> None:
    store.db.execute(
        "INSERT INTO checked VALUES (?, 1) ON CONFLICT (call) DO UPDATE SET times = times + 1", (call,)
    )


def _created_fits(obj: Obj, wanted: Any) -> bool:
    if wanted is None:
        return True
    created = obj.get("created", obj.get("date"))
    if isinstance(wanted, int):
        return bool(created == wanted)
    tests = {
        "gt": lambda limit: created > limit,
        "gte": lambda limit: created >= limit,
        "lt": lambda limit: created < limit,
        "lte": lambda limit: created <= limit,
    }
    return all(tests[name](limit) for name, limit in wanted.items())


def metadata(obj: Obj, given: Any) -> None:
    """Merge as Stripe does: an empty value removes a key, an empty string all of them."""
    if given is None:
        return
    merged = {} if given == "" else {**(obj.get("metadata") or {}), **given}
    obj["metadata"] = {key: value for key, value in merged.items() if value != ""}
