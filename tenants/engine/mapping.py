"""Values to and from plain mappings (JSON): strict on the way in, with the path and a code for every fault."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import types
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from tenants.engine.scalars import LARGEST, NAMES, READERS

T = TypeVar("T")
LONGEST_LIST = 20_000
PLAIN = (str, int, bool, type(None))


@dataclasses.dataclass(frozen=True)
class Problem:
    """One fault: where (dotted path), which, and what is needed to say it in words."""

    path: str
    code: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Invalid(Exception):
    """What was given can't be used; `problems` name each fault by its path."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.code}" for problem in problems))
        self.problems = tuple(problems)


def to_mapping(value: Any) -> Any:
    """A value as JSON can carry it; fields that are as by default are left out."""
    kind: type = type(value)
    if kind in PLAIN:
        return value
    fields = _fields(kind)
    if fields is not None:
        found = ((field, getattr(value, field.name)) for field in fields)
        return {field.name: to_mapping(item) for field, item in found if not _is_default(field, item)}
    if isinstance(value, Mapping):
        return {str(key): to_mapping(item) for key, item in sorted(value.items())}
    if isinstance(value, frozenset):
        return [to_mapping(item) for item in sorted(value)]
    if isinstance(value, tuple):
        return [to_mapping(item) for item in value]
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, Fraction) else value


def from_mapping(kind: type[T], data: Any, path: str = "") -> T:
    """The value of a dataclass, or Invalid with every fault: unknown fields, missing ones, wrong types and ranges."""
    problems: list[Problem] = []
    value = _read(kind, data, path, problems)
    if problems:
        raise Invalid(problems)
    return value


def join(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    return False


@functools.cache
def _fields(kind: type) -> tuple[dataclasses.Field[Any], ...] | None:
    return dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else None


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, data: Any, path: str, problems: list[Problem]) -> Any:
    if isinstance(kind, type) and _fields(kind) is not None:
        return _read_fields(kind, data, path, problems)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read_union(inner, data, path, problems)
    if origin is Literal:
        return _one_of(inner, data, path, problems)
    if origin in (tuple, frozenset):
        return _read_list(origin, inner, data, path, problems)
    if origin is not None:
        return _read_named(inner, data, path, problems)
    return _read_scalar(kind, data, path, problems)


def _read_fields(kind: type, data: Any, path: str, problems: list[Problem]) -> Any:
    if not isinstance(data, Mapping):
        return _fault(problems, path, "wrong_type", expected="object")
    hints, before = _hints(kind), len(problems)
    fields = {field.name: field for field in _fields(kind) or ()}
    problems += [Problem(join(path, name), "unknown_field") for name in data if name not in fields]
    values = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _read(hints[name], data[name], join(path, name), problems)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.append(Problem(join(path, name), "missing_field"))
    if len(problems) > before:
        return None
    value = kind(**values)
    faults: Callable[[], Iterator[Problem]] | None = getattr(value, "faults", None)
    if faults is not None:
        problems += [Problem(join(path, fault.path), fault.code, fault.params) for fault in faults()]
    return value


def _read_union(kinds: tuple[Any, ...], data: Any, path: str, problems: list[Problem]) -> Any:
    if data is None and type(None) in kinds:
        return None
    others = [kind for kind in kinds if kind not in (int, type(None))]
    kind = int if int in kinds and (isinstance(data, int) or not others) else others[0]
    return _read(kind, data, path, problems)


def _read_list(origin: Any, inner: tuple[Any, ...], data: Any, path: str, problems: list[Problem]) -> Any:
    if not isinstance(data, (list, tuple)):
        return _fault(problems, path, "wrong_type", expected="list")
    if len(data) > LONGEST_LIST:
        return _fault(problems, path, "too_many", max=LONGEST_LIST)
    if origin is tuple and inner[-1] is not Ellipsis:
        if len(data) != len(inner):
            return _fault(problems, path, "wrong_length", expected=len(inner))
        return tuple(
            _read(k, item, join(path, i), problems)
            for i, (k, item) in enumerate(zip(inner, data, strict=True))
        )
    items = [_read(inner[0], item, join(path, index), problems) for index, item in enumerate(data)]
    return origin(items)


def _read_named(inner: tuple[Any, ...], data: Any, path: str, problems: list[Problem]) -> Any:
    if not isinstance(data, Mapping):
        return _fault(problems, path, "wrong_type", expected="object")
    return {str(name): _read(inner[1], item, join(path, name), problems) for name, item in data.items()}


def _one_of(allowed: tuple[Any, ...], data: Any, path: str, problems: list[Problem]) -> Any:
    if isinstance(data, str) and data in allowed:
        return data
    return _fault(problems, path, "not_one_of", allowed=", ".join(allowed))


def _read_scalar(kind: Any, data: Any, path: str, problems: list[Problem]) -> Any:
    reader = READERS[kind]
    try:
        value = reader(data)
    except (ValueError, TypeError, InvalidOperation, ZeroDivisionError):
        return _fault(problems, path, "wrong_type", expected=NAMES[kind])
    if isinstance(value, int | Decimal) and not -LARGEST <= value <= LARGEST:
        return _fault(problems, path, "out_of_range", max=LARGEST)
    return value


def _fault(problems: list[Problem], path: str, code: str, **params: Any) -> None:
    problems.append(Problem(path, code, params))
