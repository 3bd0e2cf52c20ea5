"""The engine's terms as schemas of the document, made of its own values."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from tenants.coupons.rules import Plan
from tenants.engine.programs import ProgramTerms

PREFIX = "Engine"
PROGRAM, COUPON = f"{PREFIX}Program", f"{PREFIX}Coupon"
ROOTS: dict[str, Any] = {PROGRAM: ProgramTerms, COUPON: Plan}


def definitions() -> dict[str, dict[str, Any]]:
    """ROOTS and what they are made of, by name; fields that aren't known are refused there too."""
    found: dict[str, dict[str, Any]] = {}
    for root, kind in ROOTS.items():
        whole = TypeAdapter(kind).json_schema(ref_template=f"#/components/schemas/{PREFIX}{{model}}")
        found |= {f"{PREFIX}{name}": schema for name, schema in whole.pop("$defs").items()}
        found[root] = whole
    for schema in found.values():
        schema["additionalProperties"] = False
        for value in schema["properties"].values():
            _read_as_the_engine_does(value)
    return found


def _read_as_the_engine_does(value: dict[str, Any]) -> None:
    """Times of day have no zone, which the format `time` asks for; a number that is text is any text."""
    for kind in (value, *value.get("anyOf", ())):
        if kind.get("format") == "time":
            del kind["format"]
            kind["pattern"] = "^([01][0-9]|2[0-3]):[0-5][0-9]"
        kind.pop("title", None)
