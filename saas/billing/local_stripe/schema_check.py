"""Requests against the Stripe library's own parameter types: checked, and turned from text into values."""

from __future__ import annotations

import re
import types
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

from .faults import Fault, NotModelled
from .form_encoding import as_list, is_list
from .sdk_types import fields

Models = dict[str, Any]
EVERYTHING: Models = {"*": {}}
WORD = re.compile(r"[\w*.]+|\[|\]")


def modelled(text: str) -> Models:
    """`"customer items[price quantity]"` as a tree; a name without brackets stands for all that is below it."""
    tree: Models = {}
    stack, last = [tree], ""
    for word in WORD.findall(text):
        if word == "[":
            below: Models = {}
            stack[-1][last] = below
            stack.append(below)
        elif word == "]":
            stack.pop()
        else:
            last = word
            stack[-1][word] = EVERYTHING
    return tree


def check(params: type | None, raw: dict[str, Any], models: Models) -> dict[str, Any]:
    """The parameters as values; raises 400 for what Stripe doesn't know, 501 for what we don't model."""
    if params is None:
        if raw:
            raise unknown(next(iter(raw)))
        return {}
    return _typed_dict(params, raw, "", models)


def unknown(path: str) -> Fault:
    return Fault(f"Received unknown parameter: {path}", code="parameter_unknown", param=path)


def _typed_dict(cls: type, raw: dict[str, Any], path: str, models: Models) -> dict[str, Any]:
    known = fields(cls)
    values = {}
    for name, value in raw.items():
        where = f"{path}[{name}]" if path else name
        if name not in known:
            raise unknown(where)
        if "*" not in models and name not in models:
            raise NotModelled(f"the parameter {where}")
        values[name] = _value(known[name], value, where, EVERYTHING if "*" in models else models[name])
    for name, hint in known.items():
        if name not in raw and get_origin(hint) is not NotRequired:
            where = f"{path}[{name}]" if path else name
            raise Fault(f"Missing required param: {where}.", code="parameter_missing", param=where)
    return values


def _value(hint: Any, raw: Any, path: str, models: Models) -> Any:
    choices = _choices(hint)
    if isinstance(raw, dict):
        return _structure(choices, raw, path, models)
    return _scalar(choices, raw, path)


def _choices(hint: Any) -> list[Any]:
    """The alternatives of a type, one level deep."""
    origin = get_origin(hint)
    if origin in (NotRequired, Required):
        return _choices(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return [choice for part in get_args(hint) for choice in _choices(part)]
    return [hint]


def _structure(choices: list[Any], raw: dict[str, Any], path: str, models: Models) -> Any:
    for choice in choices:
        origin = get_origin(choice)
        if origin is list and is_list(raw):
            (inner,) = get_args(choice)
            return [_value(inner, item, f"{path}[{n}]", models) for n, item in enumerate(as_list(raw))]
        if origin is dict:
            inner = get_args(choice)[1]
            return {key: _value(inner, item, f"{path}[{key}]", models) for key, item in raw.items()}
        if isinstance(choice, type) and issubclass(choice, dict) and not (is_list(raw) and raw):
            return _typed_dict(choice, raw, path, models)
    if any(get_origin(choice) is list for choice in choices):
        raise Fault("Invalid array", param=path)
    raise Fault(f"Invalid {path.split('[')[0]}: must not be an object", param=path)


def _scalar(choices: list[Any], raw: str, path: str) -> Any:
    allowed = [value for choice in choices if get_origin(choice) is Literal for value in get_args(choice)]
    if raw in allowed:
        return raw
    for parse in (int, float, Decimal, bool):
        if parse in choices:
            value = _parsed(parse, raw)
            if value is not None:
                return value
    if any(allowed) and not any(choice in choices for choice in (int, float)):
        raise Fault(f"Invalid {path}: must be one of {_either(allowed)}", param=path)
    if str in choices and not any(allowed):
        return raw
    raise _misfit(choices, raw, path)


def _parsed(kind: type, raw: str) -> Any:
    if kind is bool:
        return {"true": True, "false": False}.get(raw)
    if kind is int:
        return int(raw) if re.fullmatch(r"-?\d+", raw) else None
    try:
        return kind(raw)
    except (ValueError, InvalidOperation):
        return None


def _either(allowed: list[Any]) -> str:
    words = [str(value) for value in allowed if value]
    return " or ".join(words) if len(words) < 3 else ", ".join(words[:-1]) + f", or {words[-1]}"


def _misfit(choices: list[Any], raw: str, path: str) -> Fault:
    if raw == "":
        return Fault(
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{path}' cannot be unset. You should remove '{path}' from your request or supply a non-empty "
            "value.",
            code="parameter_invalid_empty",
            param=path,
        )
    if int in choices:
        return Fault(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=path)
    if bool in choices:
        return Fault(f"Invalid boolean: {raw}", param=path)
    if float in choices or Decimal in choices:
        return Fault(f"Invalid decimal: {raw}", param=path)
    return Fault(
        "Invalid array" if any(get_origin(c) is list for c in choices) else "Invalid object", param=path
    )
