"""Products by what people call them: names typed become SKUs, SKUs are said by name, and a few to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from saas.db import db
from tenants.products import catalogue, queries, rules
from tenants.products.models import Product
from tenants.products.queries import Wish

OFFERED = 20


def skus_of(names: Sequence[str]) -> list[str]:
    """Each name as the SKU of the product that is meant, by SKU or by name; what is neither stays as it was typed."""
    known = catalogue.by_sku(names)
    wanted = {rules.sort_key(name) for name in names if name not in known}
    rows = db.session.execute(
        select(Product.sort_key, func.min(Product.sku))
        .where(Product.sort_key.in_(wanted), Product.is_active)
        .group_by(Product.sort_key)
        .having(func.count() == 1)
    )
    by_name = {str(key): str(sku) for key, sku in rows} if wanted else {}
    found = [known[name].sku if name in known else by_name.get(rules.sort_key(name), name) for name in names]
    return list(dict.fromkeys(found))


def names_of(skus: Iterable[str]) -> dict[str, str]:
    """What sentences call these products, under `sku/…`."""
    wanted = set(skus)
    return {f"sku/{sku}": one.name for sku, one in catalogue.by_sku(wanted).items()} if wanted else {}


def offered(typed: str) -> list[tuple[str, str]]:
    """What a line of names with commas may be completed to: the whole line, and the SKU of its last name."""
    before, comma, last = typed.rpartition(",")
    found = queries.page(Wish.of({"q": last})).items[:OFFERED]
    return [(f"{before}{comma} {one.name}".strip(), one.sku) for one in found]
