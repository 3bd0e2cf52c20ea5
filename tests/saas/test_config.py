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


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ({}, "off"),
        ({"STRIPE_SECRET_KEY": "sk_live_1"}, "live"),
        ({"STRIPE_SECRET_KEY": "rk_live_1", "REGULARS_STRIPE_LIVE": "1"}, "live"),
        ({"STRIPE_SECRET_KEY": "sk_test_1"}, "test"),
        ({"STRIPE_SECRET_KEY": "sk_live_1", "REGULARS_BILLING": "off"}, "off"),
        ({"REGULARS_ENV": "development", "REGULARS_STRIPE_URL": "http://127.0.0.1:9"}, "demo"),
    ],
)
def test_how_merchants_pay(given, mode):
    billing = Settings.from_environ({**PRODUCTION, **given}).billing
    assert (billing.mode, billing.is_on, billing.is_live) == (mode, mode != "off", mode == "live")


@pytest.mark.parametrize(
    "given",
    [
        {"STRIPE_SECRET_KEY": "pk_live_1"},
        {"STRIPE_SECRET_KEY": "sk_test_1", "REGULARS_STRIPE_LIVE": "1"},
        {"STRIPE_SECRET_KEY": "sk_live_1", "REGULARS_ENV": "development"},
        {"STRIPE_SECRET_KEY": "sk_live_1", "REGULARS_STRIPE_URL": "http://127.0.0.1:9"},
        {"REGULARS_STRIPE_URL": "http://127.0.0.1:9"},
        {"REGULARS_BILLING": "on"},
    ],
)
def test_demo_test_and_live_are_never_mixed(given):
    with pytest.raises(ConfigError, match=r"STRIPE|BILLING"):
        Settings.from_environ({**PRODUCTION, **given})


def test_two_webhook_secrets_for_a_rotation():
    given = {"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_a, whsec_b,"}
    assert Settings.from_environ({**PRODUCTION, **given}).billing.webhook_secrets == ("whsec_a", "whsec_b")
