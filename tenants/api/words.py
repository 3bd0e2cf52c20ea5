"""What is wrong with a field, in the language of whoever asks: pydantic's faults in our words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext as _
from pydantic import ValidationError

from saas.web.problems import Fault
from tenants.engine.mapping import Problem

MOST_FAULTS = 50
Words = Callable[[dict[str, Any]], str]

WORDS: dict[str, Words] = {
    "missing": lambda known: _("This field is needed."),
    "extra_forbidden": lambda known: _("There is no such field here."),
    "blank": lambda known: _("This must not be empty."),
    "repeated": lambda known: _("This parameter was sent more than once."),
    "string_type": lambda known: _("This must be a text."),
    "string_too_short": lambda known: _("Use at least %(min_length)s characters.", **known),
    "string_too_long": lambda known: _("Use at most %(max_length)s characters.", **known),
    "string_pattern_mismatch": lambda known: _("This is not of the right form."),
    "int_type": lambda known: _("This must be a whole number."),
    "int_parsing": lambda known: _("This must be a whole number."),
    "int_from_float": lambda known: _("This must be a whole number."),
    "greater_than_equal": lambda known: _("This must be at least %(ge)s.", **known),
    "less_than_equal": lambda known: _("This must be at most %(le)s.", **known),
    "literal_error": lambda known: _("This must be one of: %(expected)s.", **known),
    "uuid_type": lambda known: _("This must be an id."),
    "uuid_parsing": lambda known: _("This must be an id."),
    "bool_type": lambda known: _("This must be true or false."),
    "model_type": lambda known: _("This must be an object."),
    "model_attributes_type": lambda known: _("This must be an object."),
    "list_type": lambda known: _("This must be a list."),
    "value_error": lambda known: _("This is not of the right form."),
}


def faults(error: ValidationError, *, of_body: bool) -> list[Fault]:
    """Each fault with the place where it is."""
    found = error.errors(include_url=False, include_input=False)[:MOST_FAULTS]
    return [
        fault(problem["type"], problem["loc"], problem.get("ctx", {}), of_body=of_body) for problem in found
    ]


def fault(kind: str, place: Sequence[int | str], known: dict[str, Any], *, of_body: bool) -> Fault:
    words = WORDS.get(kind)
    told = {name: str(value) for name, value in known.items()}
    detail = words(told) if words else _("This can't be taken.")
    if not of_body:
        return Fault(detail, kind, parameter=".".join(map(str, place))[:200])
    return Fault(detail, kind, pointer=pointer(place))


def of_engine(problem: Problem, *place: str) -> Fault:
    """A fault that the engine found, in a field that stands at a place of the body."""
    says: dict[str, Callable[[], str]] = {
        "unknown_field": lambda: _("There is no such field here."),
        "missing_field": lambda: _("This field is needed."),
        "not_one_of": lambda: _(
            "This must be one of: %(expected)s.", expected=problem.params.get("allowed", "")
        ),
    }
    words = says[problem.code]() if problem.code in says else _("This can't be taken.")
    return Fault(words, problem.code, pointer=pointer([*place, *filter(None, problem.path.split("."))]))


def pointer(place: Sequence[int | str]) -> str:
    """A place in a body as RFC 6901 writes it."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)[:300]
