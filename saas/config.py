"""Settings: read from the environment once, refused when production would run on a default."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url

ROOT = Path(__file__).resolve().parent.parent
DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses"  # noqa: S105 - refused in production below
DEMO_STRIPE_KEY = "sk_test_demo"
ENVIRONMENTS = ("development", "production", "testing")


class ConfigError(Exception):
    """The environment can't be used as it stands; the message is one line that says what to set."""


@dataclass(frozen=True)
class Billing:
    """How merchants pay: `mode` is off (nobody pays, nothing is limited), demo (the stand-in), test or live."""

    mode: str = "off"
    key: str = ""
    api_url: str | None = None
    webhook_secrets: tuple[str, ...] = ()
    is_tax_on: bool = False
    meter: str | None = None

    @property
    def is_on(self) -> bool:
        return self.mode != "off"

    @property
    def is_live(self) -> bool:
        return self.mode == "live"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, is_production: bool) -> Billing:
        """Read the keys; whatever would take demo money for real money, or real for demo, is a ConfigError."""
        key = environ.get("STRIPE_SECRET_KEY", "").strip()
        api_url = environ.get("REGULARS_STRIPE_URL", "").rstrip("/") or None
        switch = environ.get("REGULARS_BILLING", "")
        if switch not in ("", "off"):
            raise ConfigError(f"REGULARS_BILLING is {switch!r}; it is off, or not set.")
        if switch == "off" or not (key or api_url):
            return cls()
        mode = _mode(key, api_url, is_production=is_production)
        if environ.get("REGULARS_STRIPE_LIVE") == "1" and mode != "live":
            raise ConfigError(
                "REGULARS_STRIPE_LIVE is 1 but STRIPE_SECRET_KEY is no live key: one of them is wrong."
            )
        secrets = (part.strip() for part in environ.get("STRIPE_WEBHOOK_SECRET", "").split(","))
        return cls(
            mode=mode,
            key=key or DEMO_STRIPE_KEY,
            api_url=api_url,
            webhook_secrets=tuple(secret for secret in secrets if secret),
            is_tax_on=environ.get("REGULARS_STRIPE_TAX", "") == "1",
            meter=environ.get("REGULARS_STRIPE_METER") or None,
        )


def _mode(key: str, api_url: str | None, *, is_production: bool) -> str:
    if key and not key.startswith(("sk_test_", "rk_test_", "sk_live_", "rk_live_")):
        raise ConfigError("STRIPE_SECRET_KEY is no secret key of Stripe's: it begins with sk_ or rk_.")
    is_live = key.startswith(("sk_live_", "rk_live_"))
    if api_url and is_live:
        raise ConfigError(
            "REGULARS_STRIPE_URL names a stand-in and STRIPE_SECRET_KEY is live: unset one of them."
        )
    if api_url and is_production:
        raise ConfigError(
            "REGULARS_STRIPE_URL names a stand-in, where no money moves; unset it in production."
        )
    if is_live and not is_production:
        raise ConfigError(
            "STRIPE_SECRET_KEY is live, and REGULARS_ENV isn't production: use a test key here."
        )
    return "live" if is_live else "demo" if api_url else "test"


@dataclass(frozen=True)
class Settings:
    """What the process was told. `control_url` may create schemas and roles, `app_url` may not."""

    env: str
    secret_key: str
    control_url: URL
    app_url: URL
    base_url: str
    smtp_url: str | None
    mail_from: str
    is_pgbouncer: bool
    pool_size: int
    trusted_proxies: int
    is_webhook_loopback_allowed: bool
    billing: Billing = Billing()

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings; raises ConfigError with one line for the person who starts the service."""
        env = environ.get("REGULARS_ENV", "development")
        if env not in ENVIRONMENTS:
            raise ConfigError(f"REGULARS_ENV is {env!r}; it must be one of {', '.join(ENVIRONMENTS)}.")
        secret = environ.get("REGULARS_SECRET_KEY") or DEVELOPMENT_SECRET
        base_url = environ.get("REGULARS_BASE_URL", "").rstrip("/")
        database = environ.get("DATABASE_URL", "")
        if not database:
            raise ConfigError("DATABASE_URL is not set. bin/run starts a database of its own and sets it.")
        if env == "production":
            _refuse_defaults(secret, base_url, environ.get("REGULARS_SMTP_URL"))
            if not environ.get("REGULARS_TRUSTED_PROXIES"):
                raise ConfigError(
                    "REGULARS_TRUSTED_PROXIES must say how many proxies stand in front (0 for none)."
                )
            if environ.get("REGULARS_WEBHOOK_LOOPBACK"):
                raise ConfigError(
                    "REGULARS_WEBHOOK_LOOPBACK lets merchants reach this machine; unset it in production."
                )
        control = psycopg_url(database)
        if not control.database:
            raise ConfigError("DATABASE_URL names no database; it ends with /name.")
        app = environ.get("REGULARS_APP_DATABASE_URL")
        return cls(
            env=env,
            secret_key=secret,
            control_url=control,
            app_url=psycopg_url(app) if app else app_url(control, secret),
            base_url=base_url or f"http://{environ.get('HOST', '127.0.0.1')}:{environ.get('PORT', '8000')}",
            smtp_url=environ.get("REGULARS_SMTP_URL") or None,
            mail_from=environ.get("REGULARS_MAIL_FROM", "Regulars <hello@regulars.example>"),
            is_pgbouncer=environ.get("REGULARS_PGBOUNCER", "") == "1",
            pool_size=_integer(environ, "REGULARS_POOL_SIZE", 6),
            trusted_proxies=_integer(environ, "REGULARS_TRUSTED_PROXIES", 0),
            is_webhook_loopback_allowed=environ.get("REGULARS_WEBHOOK_LOOPBACK", "") == "1",
            billing=Billing.from_environ(environ, is_production=env == "production"),
        )


def _integer(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, "")
    if not value:
        return default
    if not value.isdigit():
        raise ConfigError(f"{name} is {value!r}; it must be a whole number.")
    return int(value)


def _refuse_defaults(secret: str, base_url: str, smtp_url: str | None) -> None:
    if secret == DEVELOPMENT_SECRET or len(secret) < 32:
        raise ConfigError("REGULARS_SECRET_KEY must be set to at least 32 random characters in production.")
    if not base_url.startswith("https://"):
        raise ConfigError("REGULARS_BASE_URL must be the public https:// address in production.")
    if not smtp_url:
        raise ConfigError("REGULARS_SMTP_URL must be set in production (smtp://user:password@host:587).")


def psycopg_url(address: str) -> URL:
    """The address with this project's driver, whichever spelling of postgres:// it came in."""
    url = make_url(address.replace("postgres://", "postgresql://", 1))
    return url.set(drivername="postgresql+psycopg")


def app_url(control: URL, secret: str) -> URL:
    """The control address with the app's login role; its password is derived, so there is nothing more to set."""
    return control.set(username=app_role(control), password=app_password(secret))


def app_role(control: URL) -> str:
    """The app's login role, named after the database because roles belong to the whole server."""
    return f"{control.database}_app"


def app_password(secret: str) -> str:
    return hmac.new(secret.encode(), b"regulars app role", hashlib.sha256).hexdigest()
