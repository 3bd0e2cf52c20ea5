"""What the installed Stripe library says about requests and answers, read from its own sources."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import types
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import stripe
from stripe._object_classes import get_object_class

VERSION = stripe.api_version
FOLDER = Path(stripe.__file__).parent
PARAMETER = re.compile(r"\{(\w+)\}")
# Options of a call in the library; they travel as headers, never as parameters.
REQUEST_OPTIONS = frozenset(
    (
        "api_key",
        "stripe_version",
        "stripe_account",
        "stripe_context",
        "max_network_retries",
        "idempotency_key",
        "content_type",
        "headers",
    )
)


@dataclass(frozen=True)
class Route:
    """One call of the API: `params` is where its parameters' TypedDict lives, `answer` the annotation."""

    method: str
    path: str
    params: tuple[str, str] | None

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(PARAMETER.sub(r"(?P<\1>[^/]+)", self.path))


@cache
def routes() -> dict[tuple[str, str], Route]:
    """Every /v1 call that a service of the library makes, by method and path."""
    found: dict[tuple[str, str], Route] = {}
    for file in sorted(FOLDER.rglob("_*_service.py")):
        if "v2" not in file.relative_to(FOLDER).parts:
            for route in _routes_of(file):
                found[(route.method, route.path)] = route
    return found


def _routes_of(file: Path) -> list[Route]:
    tree = ast.parse(file.read_text())
    imports = _imports(tree)
    answer = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            request = _request_of(node)
            if request:
                method, path = request
                name = _params_name(node)
                answer.append(Route(method, path, imports.get(name) if name else None))
    return answer


def _imports(tree: ast.AST) -> dict[str, tuple[str, str]]:
    """Each name that is imported, with the module and the name it has there."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _request_of(function: ast.FunctionDef) -> tuple[str, str] | None:
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "_request"
        ):
            method, path = node.args[:2]
            if isinstance(path, ast.Call) and isinstance(path.func, ast.Attribute):
                path = path.func.value
            if isinstance(method, ast.Constant) and isinstance(path, ast.Constant):
                address = str(path.value)
                return (str(method.value), address) if address.startswith("/v1/") else None
    return None


def _params_name(function: ast.FunctionDef) -> str | None:
    for argument in function.args.args:
        if argument.arg == "params" and argument.annotation is not None:
            names = [
                str(node.value)
                for node in ast.walk(argument.annotation)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            return names[0] if names else None
    return None


@cache
def params_of(route: Route) -> type | None:
    """The TypedDict of a call's parameters; None where it takes none."""
    if route.params is None:
        return None
    module, name = route.params
    found: type = getattr(import_module(module), name)
    return found


@cache
def names_in(module_name: str) -> dict[str, Any]:
    """What a module's annotations may refer to, also what it imports for type checkers only."""
    module = sys.modules.get(module_name) or import_module(module_name)
    names = dict(vars(module))
    source = Path(str(module.__file__)).read_text()
    for name, (origin, original) in _imports(ast.parse(source)).items():
        if name not in names and origin.startswith("stripe"):
            names[name] = getattr(import_module(origin), original)
    return names


@cache
def fields(cls: type) -> dict[str, Any]:
    """The annotated fields of a parameter type or of an object's class, with forward references resolved."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__ if cls.__mro__[1] is not dict else (cls,)):
        own = {
            name: hint
            for name, hint in inspect.get_annotations(base).items()
            if not name.startswith("_")
            and name != "OBJECT_NAME"
            and not (issubclass(cls, dict) and name in REQUEST_OPTIONS)
        }
        if base.__module__.startswith("stripe.") and own and base.__module__ not in ROOTS:
            carrier = types.SimpleNamespace(__annotations__=own)
            found.update(get_type_hints(carrier, names_in(base.__module__), include_extras=True))
    return found


ROOTS = ("stripe._stripe_object", "stripe._api_resource")


def object_class(name: str) -> type | None:
    """The library's class for an object of this name."""
    found = get_object_class("V1", name)
    return found if found.__name__ != "StripeObject" else None
