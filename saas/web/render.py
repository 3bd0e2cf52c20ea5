"""Answers: a page, the block of a page, or the way to the next page after something was done."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from jinja2_fragments.flask import render_block


def is_fragment() -> bool:
    """Whether htmx asks for a part of a page: neither boosted nor restoring its history."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def render(template: str, *, block: str | None = None, status: int = 200, **context: Any) -> Response:
    """The page, or only its `block` where htmx asked for a fragment."""
    if block and is_fragment():
        return _answer(render_block(template, block, **context), status)
    return _answer(render_template(template, **context), status)


def _answer(body: str, status: int) -> Response:
    response = make_response(body, status)
    response.headers.add("Vary", "HX-Request")
    return response


def done(endpoint: str, message: str | None = None, **values: Any) -> Response:
    """After a change: say `message` on the page of `endpoint`, which plain forms and htmx alike go to."""
    return done_at(url_for(endpoint, **values), message)


def done_at(address: str, message: str | None = None) -> Response:
    if message:
        flash(message, "success")
    if is_fragment():
        # The browser itself goes there: what htmx would fetch is a fragment, without the next page's styles.
        return Response(status=204, headers={"HX-Redirect": address})
    return cast(Response, redirect(address, 303))


def safe_next(target: str | None) -> str | None:
    """The address if it is a path of this site, else None: redirects never leave it."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    return None if any(ord(character) < 32 for character in target) else target


def new_request_key() -> str:
    """A key for a form: whatever is sent twice under it is done once."""
    return uuid4().hex
