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
ENVIRONMENTS = ("development", "production", "testing")


class ConfigError(Exception):
    """The environment can't be used as it stands; the message is one line that says what to set."""


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
