"""Settings: production refuses every default, and says in one line what to set."""

from __future__ import annotations

import pytest

from saas.config import ConfigError, Settings

PRODUCTION = {
    "REGULARS_ENV": "production",
    "DATABASE_URL": "postgres://owner:secret@db:5432/regulars",
    "REGULARS_SECRET_KEY": "x" * 40,
    "REGULARS_BASE_URL": "https://regulars.example",
    "REGULARS_SMTP_URL": "smtp://mail.example:587",
    "REGULARS_TRUSTED_PROXIES": "1",
}


def test_production_starts_with_everything_set():
    settings = Settings.from_environ(PRODUCTION)
    assert settings.is_production
    assert settings.app_url.username == "regulars_app"
    assert settings.app_url.password not in (None, "secret")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", ""),
        ("REGULARS_SECRET_KEY", ""),
        ("REGULARS_SECRET_KEY", "short"),
        ("REGULARS_SECRET_KEY", "development-only-secret-that-production-refuses"),
        ("REGULARS_BASE_URL", ""),
        ("REGULARS_BASE_URL", "http://regulars.example"),
        ("REGULARS_SMTP_URL", ""),
        ("REGULARS_TRUSTED_PROXIES", ""),
        ("REGULARS_TRUSTED_PROXIES", "many"),
        ("REGULARS_ENV", "staging"),
        ("REGULARS_WEBHOOK_LOOPBACK", "1"),
        ("DATABASE_URL", "postgres://owner@db:5432"),
    ],
)
def test_production_refuses_a_default_or_a_slip(name, value):
    with pytest.raises(ConfigError, match=name) as refused:
        Settings.from_environ({**PRODUCTION, name: value})
    assert "\n" not in str(refused.value)
