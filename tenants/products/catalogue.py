"""Products by their SKUs: what the lines of a purchase are about."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, any_, select

from saas.db import db
from saas.db.bulk import array, table_of
from tenants.products import rules
from tenants.products.models import Product


@dataclass(frozen=True)
class Known:
    """What programs and coupons may ask of a line's product. `categories` hold those above it too."""

    id: uuid.UUID
    sku: str
    name: str
    category: str
    categories: frozenset[str]
    tags: frozenset[str]
    price_minor: int | None
    is_excluded_from_earning: bool
    is_excluded_from_redeeming: bool


def by_sku(skus: Iterable[str]) -> dict[str, Known]:
    """The products of these SKUs, under each SKU as it was given; archived ones too. Unknown ones are left out."""
    keys = {sku: rules.sku_key(sku) for sku in skus}
    found = dict(_known(set(keys.values())))
    return {sku: found[key] for sku, key in keys.items() if key in found}


def ids(keys: Iterable[str]) -> dict[str, uuid.UUID]:
    """The ids of products by their `sku_key`."""
    query = select(Product.sku_key, Product.id).where(is_among(keys))
    return {row.sku_key: row.id for row in db.session.execute(query)}


def _known(keys: set[str]) -> Iterator[tuple[str, Known]]:
    query = select(
        Product.sku_key, Product.id, Product.sku, Product.name, Product.category, Product.tags, Product.price_minor,
        Product.is_excluded_from_earning, Product.is_excluded_from_redeeming,
    ).where(is_among(keys))  # fmt: skip
    for key, product_id, sku, name, category, tags, price, no_earning, no_redeeming in db.session.execute(
        query
    ):
        above = frozenset(rules.lineage(category))
        yield (
            key,
            Known(product_id, sku, name, category, above, frozenset(tags), price, no_earning, no_redeeming),
        )


def is_among(keys: Iterable[str]) -> ColumnElement[bool]:
    return Product.sku_key == any_(array(sorted(set(keys)), table_of(Product).c.sku_key))
