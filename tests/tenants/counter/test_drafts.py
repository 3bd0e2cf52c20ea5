"""What is typed for delivery at the counter becomes a line that is no product, or is said to be none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, g
from werkzeug.datastructures import MultiDict

from tenants.counter.drafts import DELIVERY, Draft, Unreadable


class Shop:
    languages = ("en",)
    language = "en"


@pytest.fixture(autouse=True)
def _english(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        g.merchant = Shop()
        yield


def draft(delivery: str, by: str = "lines") -> Draft:
    bun = {"sku": "BUN", "name": "Bun", "price": "2.50", "quantity": "2", "amount": "5"}
    return Draft.of(MultiDict({**bun, "by": by, "delivery": delivery}), "key")


@pytest.mark.parametrize(("typed", "minor"), [("4.90", 490), ("4,90", 490), (" 5 ", 500)])
def test_delivery_is_a_line_of_its_own(typed: str, minor: int) -> None:
    wish = draft(typed).wish("EUR", None)
    assert [(line.key, line.unit_price_minor, line.is_delivery) for line in wish.lines] == [
        ("1", 250, False),
        (DELIVERY, minor, True),
    ]
    assert wish.names == {"1": "Bun", DELIVERY: "Delivery"}


@pytest.mark.parametrize("typed", ["", "0", "0.00"])
def test_nothing_typed_is_no_line(typed: str) -> None:
    wish = draft(typed).wish("EUR", None)
    assert [line.key for line in wish.lines] == ["1"]


@pytest.mark.parametrize("typed", ["-1", "free", "NaN", "1e99"])
def test_what_is_no_amount_is_said(typed: str) -> None:
    with pytest.raises(Unreadable, match="Delivery"):
        draft(typed).wish("EUR", None)


def test_an_amount_alone_has_no_delivery() -> None:
    assert [line.is_delivery for line in draft("4.90", "amount").wish("EUR", None).lines] == [False]
