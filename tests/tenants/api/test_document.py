"""The document: valid, complete, and every example of it runs against the app as it stands there."""

from __future__ import annotations

import json
from typing import Any, get_args

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.api_keys.scopes import SCOPES
from saas.merchants.registry import Record
from saas.web.access import access_of
from saas.web.problems import code_of
from tenants.api.operation import Operation
from tenants.api.views import OPERATIONS
from tenants.api.webhooks import EventType
from tenants.engine.mapping import from_mapping
from tenants.engine.programs import ProgramTerms
from tenants.webhooks.catalogue import TYPES
from tests.factories import api
from tests.factories.examples import EXAMPLES

METHODS = {"get", "post", "patch", "put", "delete"}


def test_the_document_is_open_to_all_and_whole(app: Flask, client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    assert document["openapi"] == "3.1.0"
    told = {
        (path, method) for path, found in document["paths"].items() for method in found if method in METHODS
    }
    routes = {
        (rule.rule.removeprefix("/api/v1").replace("<uuid:", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if access_of(app.view_functions[rule.endpoint]).who == "api"  # type: ignore[union-attr]
    }
    assert told == routes
    assert len(told) == len(OPERATIONS)


def test_only_keys_reach_the_api_and_only_there(app: Flask) -> None:
    open_to_all = {"api.docs", "api.openapi"}
    for rule in app.url_map.iter_rules():
        declared = access_of(app.view_functions[rule.endpoint])
        assert declared is not None
        is_api = rule.rule.startswith("/api/") and rule.endpoint not in open_to_all
        assert (declared.who == "api") == is_api, rule
        if is_api:
            assert declared.permission in SCOPES, rule


def test_every_problem_is_explained_on_the_page(client: FlaskClient) -> None:
    """A problem's `type` is an address that leads somewhere."""
    page = client.get("/api/v1/docs").text
    codes = {code_of(kind) for one in OPERATIONS for kind in one.refusals}
    for code in codes | {
        "unauthorised",
        "invalid",
        "malformed",
        "not_found",
        "too_many",
        "not_json",
        "too_large",
    }:
        assert f'id="problem-{code.replace("_", "-")}"' in page, code
    answer = client.get("/api/v1/members").json
    assert answer is not None
    assert answer["type"].partition("#")[2] == "problem-unauthorised"


def test_what_the_engine_takes_is_what_the_document_says(client: FlaskClient) -> None:
    """Each program of the examples for every surface, as it is written there, is one of the document's."""
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    schema = {"$ref": "#/components/schemas/EngineProgram", "components": document["components"]}
    judge = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    programs = [terms for example in EXAMPLES for terms in example.get("programs", {}).values()]
    assert len(programs) >= 5
    for terms in programs:
        from_mapping(ProgramTerms, terms)
        assert [str(error) for error in judge.iter_errors(terms)] == [], terms
    assert not judge.is_valid({**programs[0], "speed": 1})


def test_every_scope_is_asked_for_and_every_asked_one_is_a_scope() -> None:
    assert {operation.scope for operation in OPERATIONS} == set(SCOPES)
    for operation in OPERATIONS:
        if operation.endpoint == "webhook_endpoints_secret":
            continue  # who knows it can speak for the service: for those who may set it
        changes_nothing = operation.is_read or operation.name in ("quote", "preview")
        assert operation.scope.endswith(":read" if changes_nothing else ":write"), operation.endpoint


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if not one.is_read], ids=lambda one: one.endpoint
)
def test_the_example_runs(app: Flask, bakery: Record, operation: Operation) -> None:
    """The request as it stands in the document; the answer has the example's shape and says the example's status."""
    api.example_shop(app, bakery)
    answers_as_it_says(api.till(app, bakery), operation)


def test_the_examples_of_reading_run(app: Flask, bakery: Record) -> None:
    """All in one shop: none of them changes it."""
    api.example_shop(app, bakery)
    till = api.till(app, bakery)
    for operation in OPERATIONS:
        if operation.is_read:
            answers_as_it_says(till, operation)


def answers_as_it_says(till: FlaskClient, operation: Operation) -> None:
    example = operation.example
    answer = till.open(
        api.address(operation), method=operation.method, query_string=dict(example.query), json=example.body
    )
    assert answer.status_code == operation.status, f"{operation.endpoint}: {answer.text}"
    if operation.answer is None:
        assert answer.mimetype == "text/csv"
        assert columns(answer.text) == columns(str(example.answer))
        return
    operation.answer.model_validate_json(answer.data)
    operation.answer.model_validate_json(json.dumps(example.answer))
    assert shape(answer.json) == shape(example.answer), operation.endpoint


def columns(text: str) -> list[int]:
    """How many cells each line of a file has."""
    return [len(line.split(",")) for line in text.splitlines()]


def shape(value: Any) -> Any:
    """Which fields there are, whatever they hold; of a list the first."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return type(value)


def test_the_page_shows_every_operation(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs").text
    for operation in OPERATIONS:
        assert f'id="{operation.endpoint}"' in page
    assert "<script>" not in page
    assert "style=" not in page


def test_every_event_that_is_told_can_be_asked_for() -> None:
    assert set(get_args(EventType)) == set(TYPES)
