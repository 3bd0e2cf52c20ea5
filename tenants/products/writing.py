"""Many products written at once: those of new SKUs are added, the others changed where they differ."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, any_, select, update

from saas.db import db, new_id
from saas.db.bulk import array, insert_rows, rows_of, table_of
from tenants.products import catalogue, queries, rules
from tenants.products.models import Product

DEFAULTS: dict[str, Any] = {
    "category": "",
    "tags": [],
    "price_minor": None,
    "is_excluded_from_earning": False,
    "is_excluded_from_redeeming": False,
    "is_active": True,
}
FIELDS = ("name", *DEFAULTS)
Values = dict[str, Any]


class Change(NamedTuple):
    """What is said of one SKU; the fields of `values` are as they are kept, those left out stay as they are."""

    sku: str
    values: Values


class Present(NamedTuple):
    """A product as it is."""

    id: uuid.UUID
    sku: str
    values: Values


@dataclass
class Counts:
    """How many products were added, changed, and were as the change says already."""

    added: int = 0
    changed: int = 0
    same: int = 0


def write(changes: Sequence[Change], source: str, now: dt.datetime) -> Counts:
    """Carry out changes of different SKUs. Locks the products that are there in the order of their keys, so that two
    writers wait for each other and never lock each other out; one that somebody adds meanwhile is changed.
    """
    wanted = {rules.sku_key(change.sku): change for change in spelled(changes)}
    present = _locked(wanted)
    new = sorted(wanted.keys() - present.keys())
    added = add([wanted[key] for key in new], source, now)
    meanwhile = set(new) - added
    if meanwhile:
        present |= _locked(meanwhile)
    changed = _change(
        [(found, {**found.values, **wanted[key].values}) for key, found in present.items()], now
    )
    return Counts(len(added), changed, len(present) - changed)


def rewrite(ids: Iterable[uuid.UUID], change: Callable[[Values], Values], now: dt.datetime) -> int:
    """Change the products of these ids, each by its own values; says how many differ now. Locks them."""
    column = table_of(Product).c.id
    query = _read().where(Product.id == any_(array(list(ids), column)))
    rows = [
        Present(product_id, sku, dict(zip(FIELDS, values, strict=True)))
        for product_id, sku, _key, *values in db.session.execute(query)
    ]
    return _change([(found, {**found.values, **change(found.values)}) for found in rows], now)


def spelled(changes: Sequence[Change]) -> list[Change]:
    """The changes with each category as it is spelled already, however its letters are cased."""
    if not any(change.values.get("category") for change in changes):
        return list(changes)
    in_use = {name.casefold(): name for name in queries.categories(most=None)}
    found = []
    for change in changes:
        category = change.values.get("category")
        if category:
            category = in_use.setdefault(category.casefold(), category)
            change = change._replace(values={**change.values, "category": category})
        found.append(change)
    return found


def add(changes: Sequence[Change], source: str, now: dt.datetime) -> set[str]:
    """Add products of SKUs that are not there; answers the keys of those that were not added by another meanwhile."""
    if not changes:
        return set()
    rows = [{"name": change.sku, **DEFAULTS, **change.values} for change in changes]
    skus = [change.sku for change in changes]
    columns: dict[str, Sequence[Any]] = {
        "id": [new_id() for _ in rows],
        "sku": skus,
        "sku_key": [rules.sku_key(sku) for sku in skus],
        **_columns(skus, rows),
    }
    constants = {"source": source, "created_at": now, "updated_at": now}
    statement = insert_rows(Product, columns, constants).on_conflict_do_nothing()
    return set(db.session.scalars(statement.returning(Product.sku_key)))


def _change(pairs: Sequence[tuple[Present, Values]], now: dt.datetime) -> int:
    """Write the products whose values differ, in one statement; says how many."""
    pairs = [(found, values) for found, values in pairs if found.values != values]
    if not pairs:
        return 0
    columns: dict[str, Sequence[Any]] = {
        "id": [found.id for found, _values in pairs],
        **_columns([found.sku for found, _values in pairs], [values for _found, values in pairs]),
    }
    given = rows_of(Product, columns)
    statement = update(Product).where(Product.id == given.c.id)
    fresh = {name: given.c[name] for name in columns if name != "id"}
    db.session.execute(
        statement.values(**fresh, updated_at=now), execution_options={"synchronize_session": False}
    )
    return len(pairs)


def _columns(skus: Sequence[str], rows: Sequence[Values]) -> dict[str, list[Any]]:
    """The fields column by column, with those that are made of others."""
    made = [
        rules.vector(sku, row["name"], row["category"], row["tags"])
        for sku, row in zip(skus, rows, strict=True)
    ]
    plain = {name: [row[name] for row in rows] for name in FIELDS}
    return {**plain, "sort_key": [rules.sort_key(row["name"]) for row in rows], "words": made}


def _locked(keys: Iterable[str]) -> dict[str, Present]:
    query = _read().where(catalogue.is_among(keys))
    return {
        key: Present(product_id, sku, dict(zip(FIELDS, values, strict=True)))
        for product_id, sku, key, *values in db.session.execute(query)
    }


def _read() -> Select[Any]:
    columns = [getattr(Product, name) for name in FIELDS]
    query = select(Product.id, Product.sku, Product.sku_key, *columns)
    return query.order_by(Product.sku_key).with_for_update(key_share=True)
