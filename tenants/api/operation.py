"""An operation of the API: a method at an address, with its scope, schemas and example, and how it is carried out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Response, abort, request, stream_with_context
from flask_babel import gettext as _
from pydantic import BaseModel, ValidationError

from saas.web.access import api
from saas.web.problems import Invalid, Malformed
from saas.web.refusals import Refusal
from tenants.api.blueprint import bp
from tenants.api.idempotency import once
from tenants.api.schemas import Answer, Body, Nothing, PageQuery, Query
from tenants.api.words import fault, faults

LARGEST_BODY = 1024 * 1024
LARGEST_FILE = 16 * 1024 * 1024
CSV = "text/csv"
Handler = TypeVar("Handler", bound=Callable[..., Answer | Iterator[bytes]])
OPERATIONS: list[Operation] = []
RESOURCES: list[Resource] = []


@dataclass(frozen=True)
class Example:
    """One request that works in the shop of the examples, and its answer there; a file's as text."""

    answer: Mapping[str, Any] | str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Operation:
    """What the document says of an operation, and the function that does it.

    Without an `answer` it answers with a file of CSV, sent part by part when the transaction is over. One that
    `takes_files` takes CSV in place of its body, as bytes.
    """

    resource: Resource
    name: str
    method: str
    path: str
    scope: str
    summary: str
    run: Callable[..., Any]
    example: Example
    answer: type[Answer] | None = None
    status: int = 200
    query: type[Query] | None = None
    body: type[Body] | None = None
    refusals: Sequence[type[Refusal]] = ()
    takes_files: bool = False

    @property
    def endpoint(self) -> str:
        return f"{self.resource.name}_{self.name}"

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    @property
    def is_single(self) -> bool:
        return (
            self.is_read
            and self.answer is not None
            and not (self.query and issubclass(self.query, PageQuery))
        )

    @property
    def media(self) -> str:
        return "application/json" if self.answer else CSV

    def view(self, **ids: Any) -> Response:
        """Read what was sent, carry the operation out, answer; a write is done once for an Idempotency-Key."""
        arguments = dict(ids)
        query = _read_query(self.query or Query)
        if self.query is not None:
            arguments["query"] = query
        if self.is_read:
            return self._answer(self.run(**arguments))
        if self.takes_files and request.mimetype == CSV:
            arguments["body"] = file = _read_file()
            content = hashlib.sha256(file).hexdigest()
        else:
            body = _read_body(self.body)
            if self.body is not None:
                arguments["body"] = body
            content = body.model_dump_json(exclude_unset=True)
        if self.query is not None:
            content = f"{query.model_dump_json(exclude_unset=True)}\n{content}"
        return once(content, lambda: self._answer(self.run(**arguments)))

    def _answer(self, answer: Answer | Iterator[bytes]) -> Response:
        if not isinstance(answer, Answer):
            headers = {"Content-Disposition": f'attachment; filename="{request.path.rsplit("/", 1)[-1]}"'}
            return Response(
                stream_with_context(answer), self.status, headers, content_type=f"{CSV}; charset=utf-8"
            )
        response = Response(answer.model_dump_json(), self.status, content_type="application/json")
        if self.is_single:
            response.headers["Cache-Control"] = "private, no-cache"
            response.add_etag()
            response.make_conditional(request)
        return response


class Resource:
    """A noun of the API, with its operations; a module makes one and decorates its functions with it."""

    def __init__(self, name: str, title: str, note: str) -> None:
        self.name, self.title, self.note = name, title, note
        RESOURCES.append(self)

    def get(self, path: str, scope: str, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        return self._operation("GET", path, scope, summary, more)

    def post(self, path: str, scope: str, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        return self._operation("POST", path, scope, summary, more)

    def patch(self, path: str, scope: str, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        return self._operation("PATCH", path, scope, summary, more)

    def _operation(
        self, method: str, path: str, scope: str, summary: str, more: dict[str, Any]
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            made = Operation(self, handler.__name__, method, path, scope, summary, handler, **more)
            OPERATIONS.append(made)

            @api(scope)
            def view(**ids: Any) -> Response:
                return made.view(**ids)

            bp.add_url_rule(path, made.endpoint, view, methods=[method])
            return handler

        return register


def _read_query(schema: type[Query]) -> Query:
    values = request.args.to_dict(flat=False)
    repeated = [name for name, texts in values.items() if len(texts) > 1]
    if repeated:
        raise Invalid([fault("repeated", [name], {}, of_body=False) for name in repeated])
    try:
        return schema.model_validate({name: texts[0] for name, texts in values.items()})
    except ValidationError as error:
        raise Invalid(faults(error, of_body=False)) from None


def _read_file() -> bytes:
    request.max_content_length = LARGEST_FILE
    return request.get_data()


def _read_body(schema: type[Body] | None) -> BaseModel:
    """The body by its schema; where none is expected, none or an empty object."""
    request.max_content_length = LARGEST_BODY
    content = request.get_data()
    if schema is None and not content:
        return Nothing()
    if request.mimetype != "application/json":
        abort(415)
    try:
        return (schema or Nothing).model_validate_json(content)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        if problems[0]["type"] == "json_invalid":
            raise Malformed(_not_json(problems[0].get("ctx", {}))) from None
        raise Invalid(faults(error, of_body=True)) from None


def _not_json(known: Mapping[str, Any]) -> str:
    return _("The body is no JSON: %(error)s.", error=known.get("error", ""))
