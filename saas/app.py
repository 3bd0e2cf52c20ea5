"""The application: extensions, rooms, error pages, and what every template may use."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Request, current_app, g, request, url_for
from flask_babel import get_locale
from flask_compress import Compress
from flask_login import LoginManager, current_user
from flask_wtf.csrf import generate_csrf
from htmx_flask import Htmx
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from saas import rooms as platform_rooms
from saas.accounts import identity, permissions
from saas.api_keys import operations as api_keys
from saas.api_keys.operations import Key
from saas.billing import gate
from saas.config import ROOT, Settings
from saas.db import configure_engine
from saas.merchants import registry
from saas.operator import identity as operators
from saas.operator.identity import Here
from saas.web import access, errors, i18n, problems, security, static, template_filters
from saas.web.clock import utcnow


class SlugConverter(BaseConverter):
    """A merchant's slug in an address."""

    regex = r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]"


class Regulars(Flask):
    """Flask, with each view's access declaration carried out around the view."""

    def dispatch_request(self) -> Any:
        rule = request.url_rule
        if request.routing_exception is not None or rule is None:
            return super().dispatch_request()
        return access.dispatch(super().dispatch_request, self.view_functions[rule.endpoint])

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view or hook is a coroutine, so none is looked at in every request."""
        return func


@dataclass(frozen=True)
class Platform:
    """What lower rooms are given from above: the settings, the registry and the permission table."""

    settings: Settings
    find_merchant: Callable[[str], registry.Record | None]
    find_api_key: Callable[[str], Key | None]
    find_operator: Callable[[Request], Here | None]
    allows: Callable[[str, str], bool]
    check_plan: Callable[[registry.Record, access.Access, str, str], None]


def create_app(rooms: Iterable[Blueprint] = (), environ: Mapping[str, str] | None = None) -> Flask:
    """The app with the platform's rooms and `rooms`; raises ConfigError when the environment can't be used."""
    settings = Settings.from_environ(os.environ if environ is None else environ)
    app = Regulars("regulars", root_path=str(ROOT), template_folder="templates", static_folder=None)
    app.secret_key = settings.secret_key
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["regulars"] = Platform(
        settings, registry.find, api_keys.find, operators.load, permissions.allows, gate.check
    )
    app.url_map.converters["slug"] = SlugConverter
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    configure_engine(app, settings)
    problems.init(app)
    security.init(app, is_production=settings.is_production)
    i18n.init(app)
    static.init(app, is_production=settings.is_production)
    Htmx(app)
    Compress(app)
    _login(app)
    _merchant_in_address(app)
    template_filters.init(app)
    app.jinja_env.globals.update(
        static=static.finder(is_production=settings.is_production), csrf_token=generate_csrf
    )  # macros are imported without context
    app.context_processor(_template_context)
    errors.init(app)
    for room in (*platform_rooms.blueprints(settings), *rooms):
        app.register_blueprint(room)
    refuse_undeclared(app)
    return app


def refuse_undeclared(app: Flask) -> None:
    """Every endpoint declares who may call it, or the app doesn't start."""
    missing = [name for name, view in app.view_functions.items() if access.access_of(view) is None]
    if missing:
        raise RuntimeError(f"no access declared for {', '.join(sorted(missing))}")


def _login(app: Flask) -> None:
    manager = LoginManager()
    manager.session_protection = None  # our sessions are rows, not Flask's cookie
    manager.request_loader(operators.user)
    manager.init_app(app)


def _merchant_in_address(app: Flask) -> None:
    @app.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values and "merchant" in values:
            g.merchant_slug = values.pop("merchant")

    @app.url_defaults
    def give(endpoint: str, values: dict[str, Any]) -> None:
        slug = g.get("merchant_slug")
        if (
            slug
            and "merchant" not in values
            and current_app.url_map.is_endpoint_expecting(endpoint, "merchant")
        ):
            values["merchant"] = slug


class Site:
    """What layouts show of the request: language, theme, user and merchant."""

    languages = tuple(i18n.LANGUAGES.items())
    dir = "ltr"

    @property
    def locale(self) -> str:
        return str(get_locale() or "en")

    @property
    def path(self) -> str:
        return request.full_path.rstrip("?") if request.method == "GET" else "/"

    @property
    def theme(self) -> str:
        chosen = request.cookies.get("theme", "auto")
        return chosen if chosen in ("light", "dark") else "auto"

    @property
    def user(self) -> Any:
        return current_user if current_user.is_authenticated else None

    @property
    def merchant(self) -> registry.Record | None:
        return g.get("merchant")

    @property
    def visit(self) -> Any:
        """The operator who looks into a merchant's console, where the user is one."""
        return self.user if self.user and self.user.is_visit else None

    @property
    def operator(self) -> Here | None:
        """The operator of an operators' page."""
        return g.get("operator")

    @property
    def role(self) -> str | None:
        return self.user.role_at(self.merchant) if self.user and self.merchant else None

    @property
    def role_name(self) -> Any:
        return permissions.ROLE_NAMES.get(self.role or "", "")

    @property
    def logo_url(self) -> str | None:
        merchant = self.merchant
        if merchant is None or merchant.logo_version is None:
            return None
        return url_for("card.logo", merchant=merchant.slug, v=merchant.logo_version)

    @property
    def merchants(self) -> tuple[identity.Place, ...]:
        return self.user.places if self.user else ()

    @property
    def abuse_url(self) -> str:
        """Where a member reports a shop's page: the address that mails come from."""
        address = parseaddr(current_app.extensions["regulars"].settings.mail_from)[1]
        return f"mailto:{address}?subject={quote(request.path)}"

    @property
    def is_demo(self) -> bool:
        return not current_app.extensions["regulars"].settings.is_production

    @property
    def is_demo_billing(self) -> bool:
        return bool(current_app.extensions["regulars"].settings.billing.mode == "demo")

    @property
    def demo_billing_url(self) -> str:
        """The desk behind the stand-in that takes Stripe's place."""
        return f"{current_app.extensions['regulars'].settings.billing.api_url}/"

    def days_until(self, moment: dt.datetime) -> int:
        """How many days are left, the one that has begun counted whole."""
        return max(-((utcnow() - moment) // dt.timedelta(days=1)), 0)

    def can(self, permission: str) -> bool:
        return self.role is not None and permissions.allows(self.role, permission)


def _template_context() -> dict[str, Any]:
    return {"site": Site()}
