"""What happens by itself when its time comes: each kind of object has one function for it."""

from __future__ import annotations

from collections.abc import Callable

from .store import Obj, Store

Happening = Callable[[Store, Obj], None]
HAPPENINGS: dict[str, Happening] = {}


def happens(kind: str) -> Callable[[Happening], Happening]:
    """The function for an object whose `_due` has come; it sets the next one, or None."""

    def register(function: Happening) -> Happening:
        HAPPENINGS[kind] = function
        return function

    return register


def run(store: Store, clock: str | None, until: int) -> int:
    """Everything due by then, each at its own moment and in order; answers how much that was."""
    done = 0
    while (obj := store.next_due(clock, until)) is not None:
        moment = obj["_due"]
        store.moment = moment
        HAPPENINGS[obj["object"]](store, obj)
        if obj.get("_due") is not None and obj["_due"] <= moment and done > 100_000:
            raise RuntimeError(f"{obj['id']} is due for ever")
        done += 1
    store.moment = None
    return done
