"""Schemathesis over the document: no fault of the program, no answer outside the schema, no foreign row.

API_EXAMPLES says how many requests are made of each operation in each way; without it the same few are made each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi import checks as openapi_checks

from saas.merchants.registry import Record
from saas.web import access
from tenants.api import example_ids
from tenants.api.operation import CSV, Operation
from tenants.api.views import OPERATIONS
from tests.factories import api

EXAMPLES = int(os.environ.get("API_EXAMPLES", "3"))
CANARY = "zzapicanary"


@schemathesis.serializer(CSV)
def as_file(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """A file is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


REJECTS = openapi_checks.negative_data_rejection
CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    REJECTS,
    openapi_checks.ignored_auth,
]


@dataclass
class Shops:
    """A shop with the rows of the examples, a stranger's rows that say so in every text, and a key of each."""

    app: Flask
    schema: Any
    key: str
    strangers_key: str
    ids: dict[str, str]
    strangers_ids: dict[str, str]


@pytest.fixture
def shops(app: Flask, bakery: Record, florist: Record, monkeypatch: pytest.MonkeyPatch) -> Shops:
    monkeypatch.setattr(access, "KEY_LIMIT", 1_000_000)
    api.example_shop(app, bakery)
    strangers = api.example_shop(app, florist, CANARY)
    names = {getattr(example_ids, name): str(value) for name, value in strangers.items()}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    return Shops(
        app,
        schema,
        api.key_for(app, bakery),
        api.key_for(app, florist),
        {name: name for name in names},
        names,
    )


def ways(
    shops: Shops, operation: Operation, mode: GenerationMode
) -> Iterator[tuple[str, dict[str, str] | None, str, int]]:
    """Whose key and whose ids, and how many requests: one's own, a stranger's, and the stranger with its own. What is
    broken on purpose is refused before any id is looked up, so that it is asked in one's own name alone.
    """
    asked, few = operation.example.ids, (EXAMPLES + 1) // 2
    own = {name: shops.ids[value] for name, value in asked.items()} or None
    theirs = {name: shops.strangers_ids[value] for name, value in asked.items()} or None
    yield shops.key, own, "own", EXAMPLES
    if mode is GenerationMode.POSITIVE:
        if asked:
            yield shops.key, theirs, "foreign", few
        yield shops.strangers_key, theirs, "the stranger's own", few


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
@pytest.mark.parametrize("resource", sorted({one.resource.name for one in OPERATIONS}))
def test_every_answer_is_as_the_document_says(shops: Shops, resource: str, mode: GenerationMode) -> None:
    for operation in OPERATIONS:
        if operation.resource.name == resource:
            for key, ids, way, count in ways(shops, operation, mode):
                ask(shops, operation, mode, key, ids, way, count)


def ask(
    shops: Shops,
    operation: Operation,
    mode: GenerationMode,
    key: str,
    ids: dict[str, str] | None,
    way: str,
    count: int,
) -> None:
    path = operation.path.replace("<uuid:", "{").replace(">", "}")
    told = shops.schema[path][operation.method]

    @given(case=told.as_strategy(mode, path_parameters=ids))
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize="API_EXAMPLES" not in os.environ,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    def run(case: Case) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"})
        label = f"{operation.endpoint}, {way}: {answer.status_code}"
        if way in ("own", "foreign"):
            assert CANARY not in f"{answer.headers} {answer.text}", label
        if way == "foreign":
            assert answer.status_code in (400, 401, 404, 409, 413, 415, 422), label
        # Whatever is sent as a file is a text: there is no wrong kind of it, only rows that are refused.
        checks = CHECKS if case.media_type != CSV else [one for one in CHECKS if one is not REJECTS]
        case.validate_response(answer, checks=checks, headers={"Authorization": f"Bearer {key}"})

    run()
