"""Codes of an authenticator app, without app or database."""

from __future__ import annotations

import datetime as dt

import pytest

from saas.operator import totp

NOW = dt.datetime(2026, 11, 22, 12, 0, 10, tzinfo=dt.UTC)
STEP = int(NOW.timestamp()) // 30
SECRET = totp.secret_of("k" * 40, "salt")


def code(offset: int) -> str:
    return totp.TOTP(SECRET).generate_otp(STEP + offset)


@pytest.mark.parametrize(
    ("typed", "after", "expected"),
    [
        (code(0), None, STEP),
        (f" {code(0)[:3]} {code(0)[3:]} ", None, STEP),
        (code(-1), None, STEP - 1),
        (code(1), None, STEP + 1),
        (code(-2), None, None),
        (code(2), None, None),
        (code(0), STEP - 1, STEP),
        (code(0), STEP, None),
        (code(-1), STEP, None),
        ("", None, None),
        (code(0)[:5], None, None),
        (code(0) + "0", None, None),
        ("abcdef", None, None),
        ("١٢٣٤٥٦", None, None),
    ],
)
def test_which_codes_are_taken(typed: str, after: int | None, expected: int | None) -> None:
    assert totp.step_of(SECRET, typed, NOW, after) == expected


def test_rfc_6238() -> None:
    """The standard's own example: the secret 1234567890 twice, 59 seconds into time, cut to six digits."""
    at = dt.datetime.fromtimestamp(59, dt.UTC)
    assert totp.step_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "287082", at, None) == 1


def test_a_secret_follows_from_key_and_salt() -> None:
    assert totp.secret_of("k" * 40, "salt") == SECRET
    others = {totp.secret_of("k" * 40, "salz"), totp.secret_of("q" * 40, "salt"), SECRET}
    assert len(others) == 3
    assert f"secret={SECRET}" in totp.address_of(SECRET, "otto@regulars.example")


def test_recovery_codes_are_ten_and_read_as_typed() -> None:
    codes = list(totp.new_recovery_codes())
    assert len(set(codes)) == totp.RECOVERY_CODES
    first = codes[0]
    kept = totp.recovery_hash("k", first)
    assert totp.recovery_hash("k", f" {first.lower().replace('-', ' ')}") == kept
    assert kept not in {totp.recovery_hash("k", codes[1]), totp.recovery_hash("q", first)}
