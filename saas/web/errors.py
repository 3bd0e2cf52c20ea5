"""Error pages: one handler for refusals, one for HTTP errors, one for a database that can't be reached."""

from __future__ import annotations

from typing import cast

from flask import Flask, Response, current_app, g, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from psycopg import errors as pg
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from saas.db.lean import LeanLineLost
from saas.web import problems
from saas.web.access import LoginNeeded, LooksOnly, to_login
from saas.web.refusals import Refusal, TooMany
from saas.web.render import is_fragment


def init(app: Flask) -> None:
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(LoginNeeded, to_login)
    app.register_error_handler(CSRFError, forged)
    app.register_error_handler(HTTPException, failed)
    app.register_error_handler(OperationalError, unreachable)
    app.register_error_handler(InterfaceError, unreachable)
    app.register_error_handler(PoolTimeout, unreachable)
    app.register_error_handler(LeanLineLost, unreachable)
    app.register_error_handler(pg.OperationalError, unreachable)
    app.register_error_handler(DBAPIError, broken_line)


def refused(error: Refusal) -> Response:
    if problems.is_api():
        return problems.of_refusal(error)
    response = page(error.status, _("That did not work"), str(error))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def forged(error: CSRFError) -> Response:
    words = _(
        "This form was opened too long ago, or cookies are off. Go back, reload the page and try again."
    )
    return page(400, _("Please try again"), words)


def failed(error: HTTPException) -> Response:
    if problems.is_api() and (error.code or 500) >= 400:
        return problems.of_http(error)
    texts = {
        403: (_("Not allowed"), _("Your role does not allow this. Ask an owner of the shop.")),
        404: (_("Not found"), _("There is nothing here, or you may not see it.")),
        405: (_("Not found"), _("There is nothing here, or you may not see it.")),
        410: (_("This card is not available"), _("The shop has closed its program for now.")),
        413: (_("Too large"), _("The file is larger than 32 MB. Please choose a smaller one.")),
    }
    code = error.code or 500
    if code in (301, 302, 303, 307, 308):
        return cast(Response, error.get_response())
    title, words = texts.get(
        code, (_("Something went wrong"), _("Please try again. If it goes on, write to us."))
    )
    return page(code, title, words)


def unreachable(error: Exception) -> Response:
    """The database is away: nothing was done, or it is unknown; the same form may be sent again safely."""
    current_app.logger.error("database unreachable: %s", error)
    if problems.is_api():
        return problems.answer(
            503, "unavailable", _("We can't reach our records for a moment. Please try again.")
        )
    # The page says nothing of the user: asking who it is would ask the database again, and fail again.
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    words = _("We can't reach our records for a moment. Please try again: nothing is counted twice.")
    response = page(503, _("One moment, please"), words)
    response.headers["Retry-After"] = "2"
    return response


def broken_line(error: DBAPIError) -> Response:
    """A connection lost in the middle is an unreachable database; anything else is a fault of the program."""
    if error.connection_invalidated or isinstance(error.orig, pg.OperationalError):
        return unreachable(error)
    if isinstance(error.orig, pg.ReadOnlySqlTransaction):  # on an operator's visit
        return refused(LooksOnly(_("This page can’t be shown on a visit, as it does more than look.")))
    if isinstance(error, DataError):
        if problems.is_api():
            return problems.answer(422, "not_storable", _("Something that was sent can't be stored."))
        return page(
            400,
            _("That did not work"),
            _("Something in the form can't be stored. Please check what you typed."),
        )
    raise error


def page(code: int, title: str, words: str) -> Response:
    """An error as a page, or as one line for the alert region where htmx asked."""
    if request.path.startswith("/static/"):
        return Response(words, code, mimetype="text/plain")
    template = "errors/alert.html" if is_fragment() else "errors/error.html"
    body = render_template(template, code=code, title=title, message=words, back_url=_back())
    return Response(body, code)


def _back() -> str:
    referrer = request.referrer or ""
    return referrer if referrer.startswith(request.host_url) else "/"
