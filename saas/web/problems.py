"""Answers of the API when something is wrong (RFC 9457), and what every answer of the API carries in its headers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flask import Flask, Response, current_app, g, request
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from saas.db import new_id
from saas.web.i18n import LANGUAGES
from saas.web.refusals import Refusal, TooMany

PREFIX = "/api/"
DOCS = "/api/v1/docs"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field: where in the body (a JSON pointer) or which parameter, in words and as a code."""

    detail: str
    code: str
    pointer: str | None = None
    parameter: str | None = None


class Invalid(Refusal):
    """Fields of the body or parameters that can't be taken; each is named."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(_("Some of what was sent can't be taken: see “errors”."))
        self.faults = faults


class Malformed(Refusal):
    """The body is no JSON, or a header is not as it has to be."""

    status = 400


class Unauthorised(Refusal):
    """No key, or none that works here."""

    status = 401


class ScopeMissing(Refusal):
    """The key works, but not for this."""

    status = 403


def is_api() -> bool:
    """Whether the request is the API's, which answers in JSON whatever happens."""
    return request.path.startswith(PREFIX)


def code_of(kind: type[Refusal]) -> str:
    """A refusal's code: its name, as in cooldown_running."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def of_refusal(error: Refusal) -> Response:
    faults = error.faults if isinstance(error, Invalid) else ()
    response = answer(error.status, code_of(type(error)), str(error), faults)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def of_http(error: HTTPException) -> Response:
    """Flask's own errors: no such address, another method, too large, a fault of the program."""
    codes = {
        400: ("malformed", _("The request can't be read.")),
        403: ("not_allowed", _("This is not allowed.")),
        404: ("not_found", _("There is nothing here, or you may not see it.")),
        405: ("method_not_allowed", _("This address does not take this method.")),
        410: ("gone", _("This is not available any more.")),
        413: ("too_large", _("The body is too large.")),
        415: ("not_json", _("Send the body as JSON, with Content-Type: application/json.")),
    }
    status = error.code or 500
    code, words = codes.get(status, ("failed", _("Something went wrong here. Please try again.")))
    response = answer(status, code, words)
    response.headers.extend({name: value for name, value in error.get_headers() if name == "Allow"})
    return response


def answer(status: int, code: str, detail: str, faults: Sequence[Fault] = ()) -> Response:
    """A problem as the standard says it, with the code, the request's id and the faulty fields beside."""
    base_url = current_app.extensions["regulars"].settings.base_url
    values: dict[str, object] = {
        "type": f"{base_url}{DOCS}#problem-{code.replace('_', '-')}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id", ""),
    }
    if faults:
        values["errors"] = [
            {name: value for name, value in asdict(fault).items() if value is not None} for fault in faults
        ]
    if status >= 500:
        current_app.logger.error("request %s: %s", g.get("request_id"), code)
    response = Response(json.dumps(values, ensure_ascii=False), status, content_type=MEDIA_TYPE)
    if status == 503:
        response.headers["Retry-After"] = "2"
    return response


def init(app: Flask) -> None:
    """Give each request of the API an id and a language, and each answer its headers."""
    app.before_request(_receive)
    app.after_request(_add_headers)


def _receive() -> None:
    if is_api() and not (request.path == DOCS and request.method == "GET"):
        g.request_id = new_id().hex
        g.language = request.accept_languages.best_match(LANGUAGES) or "en"


def _add_headers(response: Response) -> Response:
    if "request_id" not in g:
        return response
    response.headers["Request-Id"] = g.request_id
    response.headers.setdefault("Cache-Control", "no-store, private")
    response.headers["Content-Language"] = str(get_locale())
    response.vary.update(["Authorization", "Accept-Language"])
    if "rate" in g:
        rate = g.rate
        response.headers["RateLimit-Policy"] = f'"key";q={rate.limit};w={rate.seconds}'
        response.headers["RateLimit"] = f'"key";r={rate.remaining};t={rate.reset_seconds}'
    return response
