"""The OpenAPI 3.1 document, made of the operations and their schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from flask import current_app
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from saas.web.access import KEY_LIMIT, KEY_SECONDS
from saas.web.problems import MEDIA_TYPE, ScopeMissing, Unauthorised, code_of
from saas.web.refusals import Refusal
from tenants.api import engine_schema
from tenants.api.blueprint import bp
from tenants.api.idempotency import HEADER, IdempotencyKeyReused
from tenants.api.operation import CSV, OPERATIONS, RESOURCES, Operation
from tenants.api.problem_schema import Problem
from tenants.api.schemas import Nothing

References = dict[Any, dict[str, Any]]
REF = "#/components/schemas/{model}"
ABOUT = f"""Read and change a shop's members, programs, purchases and coupons from a till or a site.

Every request carries a key as `Authorization: Bearer …`; the key names the shop. A key may send {KEY_LIMIT} requests in
{KEY_SECONDS} seconds; `RateLimit` says what is left. Every answer has a `Request-Id`. Texts come in the language of
`Accept-Language`. A write with an `Idempotency-Key` is done once: the same body gets the same answer again (with
`Idempotent-Replayed: true`) for at least 24 hours, another one is refused with 409. Lists come page by page: send
`next_cursor` as `cursor` until it is null. Money is in minor units with its currency; times are UTC.
"""
ALWAYS = (401, 403, 429, 503)
WRITES = (400, 409, 413, 415, 422)


@cache
def as_json(base_url: str) -> str:
    """The whole document; it changes with the program only. Kept as text, which takes a tenth of its values' memory."""
    return json.dumps(document(base_url), ensure_ascii=False)


def document(base_url: str) -> dict[str, Any]:
    spec = APISpec(
        "Regulars",
        "1",
        "3.1.0",
        info={"description": ABOUT, "summary": "Members, programs, purchases and coupons of a shop."},
        servers=[{"url": base_url + str(bp.url_prefix)}],
        tags=[{"name": made.title, "description": made.note} for made in RESOURCES],
        security=[{"key": []}],
    )
    spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    references, definitions = _schemas()
    for name, schema in sorted(definitions.items()):
        spec.components.schema(name, component=schema)
    for status in sorted({*ALWAYS, *WRITES, 404}):
        spec.components.response(_response_name(status), _problem(status))
    for operation in OPERATIONS:
        path = operation.path.replace("<uuid:", "{").replace(">", "}")
        spec.path(path, operations={operation.method.lower(): _operation(operation, references)})
    return spec.to_dict()


def current() -> str:
    """The document of this service, as JSON."""
    return as_json(current_app.extensions["regulars"].settings.base_url)


def refusals(operation: Operation) -> dict[int, list[type[Refusal]]]:
    """What an operation refuses beside malformed requests, by status."""
    found: dict[int, list[type[Refusal]]] = {}
    own: tuple[type[Refusal], ...] = (*operation.refusals,)
    if not operation.is_read:
        own = (*own, IdempotencyKeyReused)
    for kind in own:
        found.setdefault(kind.status, []).append(kind)
    return found


def statuses(operation: Operation) -> list[int]:
    """Every status that an operation answers with."""
    found = {operation.status, *ALWAYS, 422, *refusals(operation)}
    if operation.is_single:
        found.add(304)
    if not operation.is_read:
        found |= set(WRITES)
    if "<" in operation.path:
        found.add(404)
    return sorted(found)


def _schemas() -> tuple[References, dict[str, Any]]:
    wanted: list[tuple[type[BaseModel], Any]] = [(Problem, "serialization"), (Nothing, "validation")]
    for operation in OPERATIONS:
        if operation.answer:
            wanted.append((operation.answer, "serialization"))
        if operation.body:
            wanted.append((operation.body, "validation"))
    references, rest = models_json_schema(list(dict.fromkeys(wanted)), ref_template=REF)
    definitions = rest["$defs"]
    for name, schema in definitions.items():
        if name.endswith("Change"):  # what is not sent stays: there is no default
            for value in schema["properties"].values():
                value.pop("default", None)
    definitions["Terms"]["properties"]["engine"] |= _or_null(engine_schema.PROGRAM)
    coupon = {"$ref": REF.format(model=engine_schema.COUPON)}
    for name in ("NewCoupon", "NewCouponPreview", "CouponVersion"):
        _engines(definitions[name]["properties"], "plan", coupon)
    _engines(definitions["Coupon"]["properties"], "draft", coupon)
    definitions["Coupon"]["properties"]["plan"] |= _or_null(engine_schema.COUPON)
    definitions["CouponChange"]["properties"]["plan"] |= _or_null(engine_schema.COUPON)
    return dict(references), definitions | engine_schema.definitions()


def _or_null(name: str) -> dict[str, Any]:
    return {"anyOf": [{"$ref": REF.format(model=name)}, {"type": "null"}]}


def _engines(properties: dict[str, Any], name: str, reference: dict[str, Any]) -> None:
    """A field of the engine's own schema in place of any object."""
    words = properties[name].get("description")
    properties[name] = {**reference, "description": words} if words else reference


def _operation(operation: Operation, references: References) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": operation.endpoint,
        "summary": operation.summary,
        "description": _description(operation),
        "tags": [operation.resource.title],
        "parameters": [*_parameters(operation)],
        "responses": {
            str(status): _response(operation, status, references) for status in statuses(operation)
        },
    }
    if not operation.is_read:
        body = operation.body or Nothing
        content: dict[str, Any] = {"schema": references[(body, "validation")]}
        if operation.example.body is not None:
            content["example"] = operation.example.body
        said["requestBody"] = {
            "required": operation.body is not None,
            "content": {"application/json": content},
        }
        if operation.takes_files:
            said["requestBody"]["content"][CSV] = {"schema": {"type": "string"}}
    return said


def _description(operation: Operation) -> str:
    lines = [(operation.run.__doc__ or "").strip(), f"Scope: `{operation.scope}`."]
    for status, kinds in sorted(refusals(operation).items()):
        lines += [f"{status} `{code_of(kind)}`: {(kind.__doc__ or '').splitlines()[0]}" for kind in kinds]
    return "\n\n".join(line for line in lines if line)


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name, example in operation.example.ids.items():
        uuid = {"type": "string", "format": "uuid"}
        yield {"name": name, "in": "path", "required": True, "schema": uuid, "example": example}
    if operation.query is not None:
        asked = operation.query.model_json_schema()
        for name, kind in asked["properties"].items():
            said = _query_parameter(name, kind, operation.example.query.get(name))
            yield {**said, "required": True} if name in asked.get("required", []) else said
    if not operation.is_read:
        key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
        yield {"name": HEADER, "in": "header", "schema": key, "description": "Makes a retry harmless."}
    if operation.is_single:
        words = "The `ETag` of an answer that you have: 304 where it is still the same."
        yield {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}, "description": words}


def _query_parameter(name: str, schema: dict[str, Any], example: str | None) -> dict[str, Any]:
    """A parameter has no null: it is there or it is not."""
    schema = {key: value for key, value in schema.items() if key != "title" and value is not None}
    if "anyOf" in schema:
        schema |= next(kind for kind in schema.pop("anyOf") if kind.get("type") != "null")
    words = schema.pop("description", None)
    said: dict[str, Any] = {"name": name, "in": "query", "schema": schema}
    if words:
        said["description"] = words
    if example is not None:
        said["example"] = int(example) if schema.get("type") == "integer" else example
    return said


def _response(operation: Operation, status: int, references: References) -> dict[str, Any]:
    if status == 304:
        return {"description": "Not modified"}
    if status != operation.status:
        return {"$ref": f"#/components/responses/{_response_name(status)}"}
    schema = references[(operation.answer, "serialization")] if operation.answer else {"type": "string"}
    content = {"schema": schema, "example": operation.example.answer}
    headers = _headers()
    if operation.is_single:
        headers["ETag"] = {"schema": {"type": "string"}, "required": True}
    if not operation.is_read:
        headers["Idempotent-Replayed"] = {"schema": {"type": "string", "const": "true"}}
    return {
        "description": HTTPStatus(status).phrase,
        "headers": headers,
        "content": {operation.media: content},
    }


def _headers() -> dict[str, Any]:
    return {
        "Request-Id": {"schema": {"type": "string"}, "required": True},
        "RateLimit": {
            "schema": {"type": "string"},
            "description": 'As in "key";r=599;t=42',
            "required": True,
        },
        "RateLimit-Policy": {"schema": {"type": "string"}, "required": True},
    }


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": REF.format(model="Problem")}
    headers: dict[str, Any] = {"Request-Id": {"schema": {"type": "string"}, "required": True}}
    if status in (429, 503):
        headers["Retry-After"] = {"schema": {"type": "string", "pattern": "^[0-9]+$"}, "required": True}
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}, "required": True}
    codes = {401: code_of(Unauthorised), 403: code_of(ScopeMissing)}
    words = f"{HTTPStatus(status).phrase}" + (f" (`{codes[status]}`)" if status in codes else "")
    return {"description": words, "headers": headers, "content": {MEDIA_TYPE: {"schema": schema}}}


def _response_name(status: int) -> str:
    return HTTPStatus(status).name.title().replace("_", "")
