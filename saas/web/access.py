"""Who may call an endpoint, and in which transaction it runs: one declaration beside each view.

A view without a declaration is refused when the app is built. The declaration is carried out by `Gate.dispatch`: find
the merchant, find the person, check the permission, open the bound transaction, run the view, commit below 400.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from flask import Response, abort, current_app, g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from saas.db import PLATFORM, Binding, read_only, transaction
from saas.web.i18n import LANGUAGES
from saas.web.problems import ScopeMissing, Unauthorised
from saas.web.refusals import Refusal, TooMany
from saas.web.throttle import count

KEY_LIMIT, KEY_SECONDS = 600, 60
LOOKING = ("GET", "HEAD")
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """Who: anyone, a user, staff with a permission, a visitor of a merchant's public page, an API key with a scope, or
    an operator of the service.

    Where: the binding. `shows_secrets`: what it shows is worth money, so an operator who only looks doesn't see it.
    """

    who: str
    permission: str | None = None
    on: str = "platform"
    shows_secrets: bool = False


class MerchantRecord(Protocol):
    """What dispatch needs of a merchant."""

    @property
    def is_open(self) -> bool: ...
    @property
    def binding(self) -> Binding: ...
    @property
    def language(self) -> str: ...
    @property
    def suspended_reason(self) -> str | None: ...


class RolledBack(Exception):
    """Carries a response of 400 or more out of the transaction, so that nothing of it is kept."""

    def __init__(self, response: Response) -> None:
        self.response = response


def declare(access: Access) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]  # a function has no declared attributes
        return view

    return decorate


def public(on: str = "platform") -> Callable[[View], View]:
    """Anyone may call it. `on`: the platform's transaction, or "nothing" where no database is needed."""
    return declare(Access("anyone", on=on))


def signed_in(on: str = "platform") -> Callable[[View], View]:
    """A user who is logged in, of whatever merchant."""
    return declare(Access("user", on=on))


def requires(permission: str, on: str = "merchant", *, shows_secrets: bool = False) -> Callable[[View], View]:
    """Staff of the merchant in the URL who hold the permission. `on`: "merchant", "platform" or "nothing"."""
    return declare(Access("staff", permission, on, shows_secrets))


def merchant_page(on: str = "merchant") -> Callable[[View], View]:
    """Anyone, on a merchant's public page; the view itself asks for the member's cookie."""
    return declare(Access("visitor", on=on))


def api(scope: str, on: str = "merchant") -> Callable[[View], View]:
    """Whoever shows an API key with the scope; the key names the merchant. No cookie is read."""
    return declare(Access("api", scope, on))


def operator(stage: str = "full", on: str = "platform") -> Callable[[View], View]:
    """An operator of the service who has proven both factors ("full") or the password ("password"), or whoever stands
    at the operators' door ("door")."""
    return declare(Access("operator", stage, on))


def access_of(view: Callable[..., Any]) -> Access | None:
    return cast("Access | None", getattr(view, "access", None))


def dispatch(run: Callable[[], Any], view: Callable[..., Any]) -> Response:
    """Carry out a view's declaration, then the view, in one transaction."""
    access = access_of(view)
    if access is None:
        raise RuntimeError(f"{request.endpoint} declares no access")
    merchant = _by_key(access) if access.who == "api" else _merchant(access)
    if access.who == "operator":
        _check_operator(str(access.permission))
    elif access.who != "api":
        _check(access, merchant)
    if access.who == "staff" and current_user.is_visit:
        return _look(access, merchant, run)
    if access.who in ("staff", "api"):
        current_app.extensions["regulars"].check_plan(merchant, access, request.endpoint, request.method)
    return _carry_out(access, merchant, run)


def _carry_out(access: Access, merchant: MerchantRecord | None, run: Callable[[], Any]) -> Response:
    if access.on == "nothing":
        return make_response(run())
    binding = merchant.binding if access.on == "merchant" and merchant is not None else PLATFORM
    return in_transaction(binding, run)


class LooksOnly(Refusal):
    """An operator who entered a merchant's console looks, and does nothing else."""

    status = 403


class Suspended(Refusal):
    """The operator has suspended the merchant: its staff see what is there, and change nothing."""

    status = 410


def _look(access: Access, merchant: MerchantRecord | None, run: Callable[[], Any]) -> Response:
    """An operator's visit: pages and pictures, read in transactions that can't write; no files, no codes."""
    if request.method not in LOOKING:
        raise LooksOnly(_("You only look at this shop: nothing can be changed from here."))
    if access.shows_secrets:
        raise LooksOnly(_("This page shows what is worth money, so it stays closed to visits."))
    with read_only():
        response = _carry_out(access, merchant, run)
    kind = response.mimetype or ""
    if not kind.startswith(("text/html", "image/")) or "attachment" in response.headers.get(
        "Content-Disposition", ""
    ):
        response.close()
        raise LooksOnly(_("Files of the shop’s data can’t be taken away from a visit."))
    return response


def in_transaction(binding: Binding, run: Callable[[], Any]) -> Response:
    """Run in one bound transaction and answer; a status of 400 or more rolls it back."""
    try:
        with transaction(binding):
            response = make_response(run())
            if response.status_code >= 400:
                raise RolledBack(response)
            return response
    except RolledBack as rolled_back:
        return rolled_back.response


def _merchant(access: Access) -> MerchantRecord | None:
    slug = g.get("merchant_slug")
    if slug is None:
        return None
    merchant = current_app.extensions["regulars"].find_merchant(slug)
    if merchant is None:
        abort(404)
    g.merchant = merchant
    if access.who == "visitor" and not merchant.is_open:
        abort(410)
    return cast(MerchantRecord, merchant)


def _by_key(access: Access) -> MerchantRecord:
    """The merchant of the key that the request shows; raises Unauthorised, TooMany or ScopeMissing."""
    kind, _blank, token = request.headers.get("Authorization", "").partition(" ")
    key = current_app.extensions["regulars"].find_api_key(token.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise Unauthorised(_("Send a key that works: Authorization: Bearer followed by the key."))
    g.api_key, g.merchant = key, key.merchant
    if request.accept_languages.best_match(LANGUAGES) is None:
        g.language = key.merchant.language
    g.rate = count("api", str(key.id), KEY_LIMIT, KEY_SECONDS)
    if g.rate.count > KEY_LIMIT:
        words = _("This key was used too often. Please wait a moment and try again.")
        raise TooMany(words, g.rate.reset_seconds)
    if access.permission not in key.scopes:
        raise ScopeMissing(_("This key has no scope %(scope)s.", scope=access.permission))
    return cast(MerchantRecord, key.merchant)


def _check(access: Access, merchant: MerchantRecord | None) -> None:
    is_known = (
        current_user.is_authenticated
    )  # asked here in any case: finding the user takes a transaction of its own
    if access.who not in ("user", "staff"):
        return
    if not is_known:
        raise LoginNeeded
    if access.who == "staff":
        role = current_user.role_at(merchant)
        if role is None:
            abort(404)
        if not current_app.extensions["regulars"].allows(role, access.permission):
            abort(403)
        if merchant is not None and not merchant.is_open and not current_user.is_visit:
            _refuse_suspended(merchant)


def _refuse_suspended(merchant: MerchantRecord) -> None:
    """What staff of a suspended merchant may do: look at the console, from where they also reach Stripe to settle what
    is owed or to cancel."""
    if request.path.startswith("/console/") and request.method in LOOKING:
        return
    raise Suspended(
        _(
            "This shop is suspended, so nothing can be changed. The reason: %(reason)s",
            reason=merchant.suspended_reason,
        )
    )


def _check_operator(stage: str) -> None:
    """Who an operator's page is for; a merchant's user finds nothing there."""
    is_user = current_user.is_authenticated  # asked in any case, as above
    here = current_app.extensions["regulars"].find_operator(request)
    g.operator = here
    if stage == "door" or (here is not None and (here.is_verified or stage == "password")):
        return
    if here is None and is_user:
        abort(404)
    raise OperatorNeeded


class LoginNeeded(Exception):
    """Nobody is logged in; the answer leads to the log-in page and back."""

    endpoint = "accounts.log_in"


class OperatorNeeded(LoginNeeded):
    """The same for an operator's page."""

    endpoint = "operator.log_in"


def to_login(error: LoginNeeded) -> Response:
    """303 to the log-in page for a page, 401 with HX-Redirect for a fragment."""
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    address = url_for(error.endpoint, next=target)
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": address})
    return cast(Response, redirect(address, 303))
