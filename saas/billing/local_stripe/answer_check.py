"""Answers against the Stripe library's own classes: nothing unknown, nothing missing, nothing of another type."""

from __future__ import annotations

import re
import types
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from .sdk_types import fields, object_class
from .store import Obj

# Stripe sends these only where they were asked for, or where they say something.
WHEN_SAID = """
    deleted payments tax_ids subscriptions sources line_items refunds tax cash_balance invoice_credit_balance
    currency_options tiers tiers_mode customer_account confirmation_secret presentment_details managed_payments
    threshold_reason amount_paid_off_stripe account status_details current_trial billed_until secret
"""
ONLY_WHEN_SAID = frozenset(WHEN_SAID.split())
SPARSE = ("payment_method", "account", "test_helpers.test_clock")


class Misfit(AssertionError):
    """The stand-in would have answered something that Stripe's library doesn't know: a fault of ours."""


def complete(value: Any) -> Any:
    """The value with the empty fields that Stripe sends; raises Misfit where it doesn't fit the library's classes."""
    filled = _fill(value)
    problems = _faults(filled, None, "")
    if problems:
        raise Misfit("; ".join(problems[:5]))
    return filled


def _fill(value: Any) -> Any:
    if isinstance(value, list):
        return [_fill(item) for item in value]
    if not isinstance(value, dict):
        return value
    filled = {key: _fill(item) for key, item in value.items() if not key.startswith("_")}
    cls = object_class(filled["object"]) if isinstance(filled.get("object"), str) else None
    if cls and not filled.get("deleted") and filled["object"] not in SPARSE:
        for name, hint in fields(cls).items():
            if name not in filled and type(None) in _choices(hint) and name not in ONLY_WHEN_SAID:
                filled[name] = None
    return filled


@cache
def _choices(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(choice for part in get_args(hint) for choice in _choices(part))
    return (hint,)


def _faults(value: Any, hint: Any, path: str) -> list[str]:
    if isinstance(value, dict) and isinstance(value.get("object"), str):
        return _object(value, hint, path)
    if hint is None or hint is Any:
        return []
    choices = _choices(hint)
    if value is None:
        return [] if type(None) in choices or Any in choices else [f"{path} is null"]
    if isinstance(value, list):
        inner = [get_args(choice)[0] for choice in choices if get_origin(choice) is list]
        if not inner:
            return [f"{path} is a list"]
        return [fault for n, item in enumerate(value) for fault in _faults(item, inner[0], f"{path}[{n}]")]
    if isinstance(value, dict):
        return _nested(value, choices, path)
    return _scalar(value, choices, path)


def _object(value: Obj, hint: Any, path: str) -> list[str]:
    name = value["object"]
    if name == "list":
        inner = [
            get_args(c)[0] for c in _choices(hint) if getattr(get_origin(c), "__name__", "") == "ListObject"
        ]
        if hint is not None and not inner and not any(_is_open(choice) for choice in _choices(hint)):
            return [f"{path} is a list object"]
        of = inner[0] if inner else None
        return [
            fault for n, item in enumerate(value["data"]) for fault in _faults(item, of, f"{path}.data[{n}]")
        ]
    cls = object_class(name)
    if cls is None:
        return [f"{path} is an unknown object {name}"]
    if (
        hint is not None
        and cls not in _choices(hint)
        and not any(_is_open(choice) for choice in _choices(hint))
    ):
        return [f"{path} is a {name}"]
    if value.get("deleted"):
        return (
            [] if set(value) <= {"id", "object", "deleted"} else [f"{path} says more than that it is deleted"]
        )
    problems = _fields(value, cls, path or name)
    if name == "event":
        problems += _faults(value["data"]["object"], None, "event.data.object")
    return problems


def _is_open(choice: Any) -> bool:
    origin = get_origin(choice) or choice
    return origin in (dict, Any) or getattr(origin, "__name__", "") == "UntypedStripeObject"


def _fields(value: Obj, cls: type, path: str) -> list[str]:
    known = fields(cls)
    problems = [f"{path}.{name} is unknown" for name in value if name not in known]
    for name, hint in known.items():
        if name in value:
            problems += _faults(value[name], hint, f"{path}.{name}")
        elif type(None) not in _choices(hint):
            problems.append(f"{path}.{name} is missing")
    return problems


def _nested(value: Obj, choices: tuple[Any, ...], path: str) -> list[str]:
    for choice in choices:
        origin = get_origin(choice) or choice
        if origin is dict or origin is Any:
            return []
        if getattr(origin, "__name__", "") == "UntypedStripeObject":
            inner = (get_args(choice) or (Any,))[0]
            return [fault for key, item in value.items() for fault in _faults(item, inner, f"{path}.{key}")]
        if isinstance(choice, type) and choice.__module__.startswith("stripe."):
            return _fields(value, choice, path)
    return [f"{path} is an object"]


def _scalar(value: Any, choices: tuple[Any, ...], path: str) -> list[str]:
    allowed = [word for choice in choices if get_origin(choice) is Literal for word in get_args(choice)]
    if value in allowed and type(value) in (str, bool):
        return []
    kinds = {choice for choice in choices if isinstance(choice, type)}
    fits = (
        (isinstance(value, str) and str in kinds and not allowed)
        or (isinstance(value, str) and Decimal in kinds and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None)
        or (type(value) is bool and bool in kinds)
        or (type(value) is int and (int in kinds or float in kinds))
        or (type(value) is float and float in kinds)
        or Any in choices
    )
    return [] if fits else [f"{path} is {value!r}"]
