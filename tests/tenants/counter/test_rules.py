"""What people type and scan at the counter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.counter.rules import minor_units, spelled

TOKEN = "abcdefghijklmnopqrstuvwxyz_-0123"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("123456", ("digits", "123456")),
        (" 123 456 ", ("digits", "123456")),
        ("123-456", ("digits", "123456")),
        (TOKEN, ("token", TOKEN)),
        (f"https://shop.example/c/bakery/s/{TOKEN}", ("token", TOKEN)),
        (f"https://shop.example/c/bakery/s/{TOKEN}/?utm=x#y", ("token", TOKEN)),
        ("12345", (None, None)),
        ("1234567", (None, None)),
        ("١٢٣٤٥٦", (None, None)),
        ("Eleni", (None, None)),
        ("", (None, None)),
    ],
)
def test_codes_by_their_spelling(text: str, meant: tuple[str | None, str | None]) -> None:
    assert spelled(text) == meant


@given(st.text(max_size=400))
def test_any_text_is_a_code_or_none(text: str) -> None:
    kind, value = spelled(text)
    assert (kind is None) == (value is None)
    assert value is None or len(value) in (6, 32)


@pytest.mark.parametrize(
    ("text", "decimals", "minor"),
    [
        ("12,50", 2, 1250),
        ("12.5", 2, 1250),
        (" 1 200 ", 2, 120000),
        ("0", 2, 0),
        ("350", 0, 350),
        ("1.250", 3, 1250),
        ("12.500", 2, None),
        ("1.000", 2, None),
        ("12.5", 0, None),
        ("12,50,1", 2, None),
        ("-1", 2, None),
        ("1e9", 2, None),
        ("1e999999", 2, None),
        ("NaN", 2, None),
        ("Infinity", 2, None),
        ("ten", 2, None),
        ("", 2, None),
    ],
)
def test_amounts_as_typed(text: str, decimals: int, minor: int | None) -> None:
    assert minor_units(text, decimals) == minor
