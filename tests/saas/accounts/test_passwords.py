"""Passwords and PINs."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from flask import Flask

from saas.accounts import passwords, pins


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password",
        "PASSWORD1",
        "qwertyuiop",
        "12345678",
        "aaaaaaaaaa",
        "x" * 201,
        "maria@shop.example",
        "Corner Café",
    ],
)
def test_weak_passwords_are_refused(app: Flask, password: str) -> None:
    with app.test_request_context(), pytest.raises(passwords.WeakPassword):
        passwords.check_strength(password, "maria@shop.example", "Corner Café")


@pytest.mark.parametrize("password", ["kalimera kosme", "abcdefg8", "ωραίος καφές", "tr1cky!!"])
def test_there_are_no_rules_of_composition(app: Flask, password: str) -> None:
    with app.test_request_context():
        passwords.check_strength(password, "maria@shop.example")


def test_a_thousand_known_passwords_are_all_long_enough_to_matter() -> None:
    known = passwords.well_known()
    assert len(known) == 1000
    assert all(len(word) >= passwords.SHORTEST for word in known)


def test_the_hash_is_argon2id_with_19_mib() -> None:
    hashed = passwords.hash_secret("three small words")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.is_right(hashed, "three small words")
    assert not passwords.is_right(hashed, "three small word")
    assert not passwords.is_right(None, "nobody has this password")
    assert not passwords.is_right("not a hash", "three small words")


def test_a_hash_of_older_parameters_is_outdated() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("three small words")
    assert passwords.is_outdated(old)
    assert not passwords.is_outdated(passwords.hash_secret("three small words"))


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "1234", "0000", "٣٤٥٦"])
def test_pins_that_are_no_pins(app: Flask, pin: str) -> None:
    with app.test_request_context(), pytest.raises(pins.PinNotWellFormed):
        pins.pin_hash(pin)
