"""The product list as rows of a file that the import reads as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

COLUMNS = (
    "sku",
    "name",
    "category",
    "tags",
    "price",
    "excluded from earning",
    "excluded from redeeming",
    "active",
)


def rows(products: Iterable[Any], exponent: int) -> Iterator[tuple[str, ...]]:
    """A header and a row a product (queries.every); prices with a decimal point, without thousands."""
    yield COLUMNS
    for product in products:
        yield (
            product.sku,
            product.name,
            product.category,
            ", ".join(product.tags),
            price(product.price_minor, exponent),
            _said(product.is_excluded_from_earning),
            _said(product.is_excluded_from_redeeming),
            _said(product.is_active),
        )


def price(minor: int | None, exponent: int) -> str:
    return "" if minor is None else f"{Decimal(minor).scaleb(-exponent):f}"


def _said(flag: bool) -> str:
    return "yes" if flag else "no"
