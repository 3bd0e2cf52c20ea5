"""Objects as the API answers them: expanded where asked, completed, and checked against the library's classes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .answer_check import ONLY_WHEN_SAID, complete
from .faults import Fault
from .sdk_types import fields, object_class
from .store import Obj, Store

Include = Callable[[Store, Obj], Any]
INCLUDABLE: dict[tuple[str, str], Include] = {}


def includable(kind: str, name: str) -> Callable[[Include], Include]:
    """A field that Stripe sends only when it is named in `expand`."""

    def register(build: Include) -> Include:
        INCLUDABLE[(kind, name)] = build
        return build

    return register


def render(store: Store, obj: Obj, expand: list[str] | None = None) -> Obj:
    """A copy for the answer; raises 400 for an expansion that doesn't exist, Misfit for a fault of ours."""
    value = copy.deepcopy(obj)
    for path in expand or []:
        names = path.split(".")
        if len(names) > 4:
            raise Fault(f"You cannot expand more than 4 levels of a property ({path}).", param="expand")
        _expand(store, value, names, path)
    filled: Obj = complete(value)
    return filled


def listed(data: list[Obj], url: str, *, has_more: bool = False) -> Obj:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def _expand(store: Store, value: Any, names: list[str], path: str) -> None:
    if isinstance(value, list):
        for item in value:
            _expand(store, item, names, path)
    elif isinstance(value, dict) and names:
        name = names[0]
        kind = str(value.get("object", ""))
        if (kind, name) in INCLUDABLE and name not in value:
            value[name] = INCLUDABLE[(kind, name)](store, value)
        elif isinstance(value.get(name), str):
            value[name] = _fetched(store, value[name], path)
        elif isinstance(value.get(name), list) and len(names) == 1:
            value[name] = [
                _fetched(store, item, path) if isinstance(item, str) else item for item in value[name]
            ]
        elif name not in value and not _is_field(kind, name):
            raise Fault(f"This property cannot be expanded ({path}).", param="expand")
        _expand(store, value.get(name), names[1:], path)


def _fetched(store: Store, id_: str, path: str) -> Obj:
    found = store.get(id_)
    if found is None:
        raise Fault(f"This property cannot be expanded ({path}).", param="expand")
    return copy.deepcopy(found)


def _is_field(kind: str, name: str) -> bool:
    cls = object_class(kind)
    return cls is None or (name in fields(cls) and name not in ONLY_WHEN_SAID)
