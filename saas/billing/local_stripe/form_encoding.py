"""Form fields as Stripe nests them, `items[0][price]=…`, into dicts."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .faults import Fault

PART = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """Nested dicts; a list is a dict whose keys are numbers, or empty as in `expand[]=…`."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, rest = name.partition("[")
        keys = [head, *PART.findall("[" + rest if rest else "")]
        place = found
        for key in keys[:-1]:
            place = place.setdefault(key or str(len(place)), {})
            if not isinstance(place, dict):
                raise Fault(f"Invalid object: {name}", param=name)
        place[keys[-1] or str(len(place))] = value
    return found


def is_list(raw: dict[str, Any]) -> bool:
    return all(key.isdigit() for key in raw)


def as_list(raw: dict[str, Any]) -> list[Any]:
    return [raw[key] for key in sorted(raw, key=int)]
