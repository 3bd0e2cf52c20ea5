"""The API's document as JSON and as a page, both open to everybody."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from saas.web.access import public
from saas.web.problems import Invalid, Malformed, ScopeMissing, Unauthorised, code_of
from saas.web.refusals import Conflict, Refusal, TooMany
from saas.web.render import render
from tenants.api import document, engine_schema
from tenants.api.blueprint import bp
from tenants.api.operation import OPERATIONS, RESOURCES, Operation

ANYWHERE: set[type[Refusal]] = {Conflict, Invalid, Malformed, ScopeMissing, TooMany, Unauthorised}
WITHOUT_REFUSAL = {
    "failed": (500, "Something went wrong here; the request’s id helps to find out what."),
    "method_not_allowed": (405, "The address does not take this method; Allow says which it takes."),
    "not_found": (404, "There is nothing here, or not for this key."),
    "not_json": (415, "The body is not application/json; where a file is taken, nor text/csv."),
    "not_storable": (422, "A text holds something that can’t be stored, such as a NUL character."),
    "too_large": (413, "The body is larger than 1 MB, a file larger than 16 MB."),
    "unavailable": (503, "The records can’t be reached for a moment; the same request may be sent again."),
}


@bp.get("/openapi.json")
@public(on="nothing")
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return Response(
        document.current(), headers={"Cache-Control": "public, max-age=300"}, content_type="application/json"
    )


@bp.get("/docs")
@public(on="nothing")
def docs() -> Response:
    """The document as a page, made on the server."""
    whole = json.loads(document.current())
    groups = [
        (made, [_told(operation, whole) for operation in OPERATIONS if operation.resource is made])
        for made in RESOURCES
    ]
    own = {kind for one in OPERATIONS for found in document.refusals(one).values() for kind in found}
    told = {code_of(kind): (kind.status, (kind.__doc__ or "").splitlines()[0]) for kind in own | ANYWHERE}
    problems = [(code, *said) for code, said in sorted({**told, **WITHOUT_REFUSAL}.items())]
    server = whole["servers"][0]["url"]
    engine = [
        (name, schema.get("description", ""), list(_fields(schema, whole)))
        for name, schema in whole["components"]["schemas"].items()
        if name.startswith(engine_schema.PREFIX)
    ]
    return render(
        "tenants/api/docs.html",
        groups=groups,
        problems=problems,
        server=server,
        about=whole["info"],
        engine=engine,
    )


def _told(operation: Operation, whole: dict[str, Any]) -> dict[str, Any]:
    path = operation.path.replace("<uuid:", "{").replace(">", "}")
    said = whole["paths"][path][operation.method.lower()]
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    answer = said["responses"][str(operation.status)]["content"][operation.media]
    example = operation.example.answer
    return {
        "id": operation.endpoint,
        "method": operation.method,
        "path": path,
        "summary": operation.summary,
        "scope": operation.scope,
        "parameters": [
            {
                "name": one["name"],
                "where": one["in"],
                "type": _type(one["schema"], whole),
                "words": one.get("description"),
            }
            for one in said["parameters"]
            if one["in"] != "header"
        ],
        "fields": list(_fields(content["schema"], whole)) if operation.body else [],
        "answers": list(_fields(answer["schema"], whole)),
        "curl": _curl(operation, whole["servers"][0]["url"]),
        "answer": example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2),
        "status": operation.status,
        "refusals": [
            (status, code_of(kind), (kind.__doc__ or "").splitlines()[0])
            for status, kinds in sorted(document.refusals(operation).items())
            for kind in kinds
        ],
    }


def _fields(schema: dict[str, Any], whole: dict[str, Any], prefix: str = "") -> Any:
    """The fields of an object and of the objects in it: place, type, whether it is needed, words."""
    schema = _resolved(schema, whole)
    for name, value in schema.get("properties", {}).items():
        kind = _resolved(value, whole)
        inner = _resolved(kind.get("items", {}), whole) if kind.get("type") == "array" else kind
        place = f"{prefix}{name}" + ("[]" if kind.get("type") == "array" else "")
        is_needed = name in schema.get("required", [])
        yield {
            "place": place,
            "type": _type(value, whole),
            "is_needed": is_needed,
            "words": value.get("description", ""),
        }
        if inner.get("properties") and not _engines(value):
            yield from _fields(inner, whole, place + ".")


def _resolved(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """What a reference points to, or the one kind beside null."""
    if "anyOf" in schema:
        schema = next(kind for kind in schema["anyOf"] if kind.get("type") != "null")
    if "$ref" in schema:
        found: dict[str, Any] = whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return found
    return schema


def _engines(schema: dict[str, Any]) -> str | None:
    """The name of the engine's schema that a field or its items are of; these are told once, by themselves."""
    for kind in (schema, schema.get("items", {}), *schema.get("anyOf", ())):
        name = str(kind.get("$ref", "")).rsplit("/", 1)[-1]
        if name.startswith(engine_schema.PREFIX):
            return name
    return None


def _type(schema: dict[str, Any], whole: dict[str, Any]) -> str:
    if name := _engines(schema):
        return name
    if "anyOf" in schema:
        return " or ".join(_type(kind, whole) for kind in schema["anyOf"])
    kind = _resolved(schema, whole)
    if "enum" in kind:
        return " · ".join(f"“{word}”" for word in kind["enum"])
    if "const" in kind:
        return f"“{kind['const']}”"
    limits = [f"{sign} {kind[key]}" for key, sign in LIMITS.items() if key in kind]
    return " ".join([str(kind.get("format") or kind.get("type", "")), *limits])


LIMITS = {"minimum": "≥", "maximum": "≤", "maxLength": "length ≤"}


def _curl(operation: Operation, server: str) -> str:
    """The example as a command."""
    example, path = operation.example, operation.path
    for name, value in example.ids.items():
        path = path.replace(f"<uuid:{name}>", value)
    query = "&".join(f"{name}={value}" for name, value in example.query.items())
    address = f"{server}{path}" + (f"?{query}" if query else "")
    lines = [f'curl "{address}"', '  -H "Authorization: Bearer $REGULARS_KEY"']
    if not operation.is_read:
        lines[0] = f'curl -X {operation.method} "{address}"'
        lines.append('  -H "Idempotency-Key: $(uuidgen)"')
    if example.body is not None:
        lines.append('  -H "Content-Type: application/json"')
        lines.append(f"  -d '{json.dumps(example.body, ensure_ascii=False, indent=2)}'")
    return " \\\n".join(lines)
