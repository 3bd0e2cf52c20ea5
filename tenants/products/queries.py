"""The list of products, page by page, and the categories in use."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort
from sqlalchemy import ColumnElement, Row, Select, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY

from saas.db import db
from tenants.products import rules
from tenants.products.models import Product

SIZE = 50
COUNTED = 1_000
FILTERS = ("excluded", "purchase", "archived")
MOST_CATEGORIES = 500
EXPORTED = (
    "sku", "name", "category", "tags", "price_minor", "is_excluded_from_earning", "is_excluded_from_redeeming",
    "is_active",
)  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """What list is wanted: a text, a category, a tag, one of FILTERS or none. Unknown words count as not said."""

    text: str = ""
    category: str = ""
    tag: str = ""
    filter: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Wish:
        """The wish of an address or a form."""
        text, category, tag = (asked.get(name, "").strip()[:100] for name in ("q", "category", "tag"))
        show = asked.get("show", "")
        return cls(text, category, tag, show if show in FILTERS else "")

    @property
    def asked(self) -> dict[str, str]:
        """The wish as an address says it."""
        pairs = {"q": self.text, "category": self.category, "tag": self.tag, "show": self.filter}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class Page:
    """Some products in the list's order, and the ids from which the pages beside it begin."""

    items: list[Product]
    before: uuid.UUID | None
    after: uuid.UUID | None


def page(wish: Wish, after: uuid.UUID | None = None, before: uuid.UUID | None = None) -> Page:
    """The products after one of them, or before it, in the order of their names; else the first ones."""
    query, place = _wanted(wish), tuple_(Product.sort_key, Product.id)
    forwards = (Product.sort_key, Product.id)
    start = db.session.get(Product, after or before) if after or before else None
    if start is None:
        found = list(db.session.scalars(query.order_by(*forwards).limit(SIZE + 1)))
        return Page(found[:SIZE], None, found[SIZE - 1].id if len(found) > SIZE else None)
    mark = tuple_(start.sort_key, start.id)
    if after:
        found = list(db.session.scalars(query.where(place > mark).order_by(*forwards).limit(SIZE + 1)))
        items, has_more = found[:SIZE], len(found) > SIZE
        return Page(items, items[0].id if items else None, items[-1].id if has_more else None)
    backwards = (Product.sort_key.desc(), Product.id.desc())
    found = list(db.session.scalars(query.where(place < mark).order_by(*backwards).limit(SIZE + 1)))
    items = found[:SIZE][::-1]
    if not items:
        return page(wish)
    return Page(items, items[0].id if len(found) > SIZE else None, items[-1].id)


def count(wish: Wish) -> int:
    """How many products the list holds, counted to COUNTED + 1 at most."""
    some = _wanted(wish).with_only_columns(Product.id).limit(COUNTED + 1).subquery()
    return db.session.execute(select(func.count()).select_from(some)).scalar_one()


def has_any() -> bool:
    return db.session.scalar(select(Product.id).limit(1)) is not None


def every(wish: Wish) -> Iterator[Row[Any]]:
    """All products of the list for the file: rows with EXPORTED, which are lighter than products."""
    columns = [getattr(Product, name) for name in EXPORTED]
    ordered = _wanted(wish).with_only_columns(*columns).order_by(Product.sort_key, Product.id)
    yield from db.session.execute(ordered.execution_options(yield_per=1_000))


def get(product_id: uuid.UUID) -> Product:
    """The product; 404 where there is none."""
    return db.session.get(Product, product_id) or abort(404)


def categories(most: int | None = MOST_CATEGORIES) -> list[str]:
    """The categories in use, each found by one step through the index instead of by reading all products."""
    above = Product.category
    first = select(func.min(above).label("name")).where(above > "")
    steps = first.cte("steps", recursive=True)
    following = select(func.min(above)).where(above > steps.c.name).scalar_subquery()
    steps = steps.union_all(select(following).where(steps.c.name.is_not(None)))
    query = select(steps.c.name).where(steps.c.name.is_not(None)).limit(most)
    return sorted(db.session.scalars(query), key=rules.fold)


def has_tag(tag: str) -> ColumnElement[bool]:
    """Products with this tag, by the index on tags."""
    return Product.tags.contains([tag])


def _wanted(wish: Wish) -> Select[Product]:
    query: Select[Any] = select(Product).where(Product.is_active == (wish.filter != "archived"))
    if wish.text:
        words = rules.wanted(wish.text)
        query = query.where(
            Product.words.bool_op("@@")(cast(words, TSQUERY)) if words else Product.sku == wish.text
        )
    if wish.category:
        query = query.where(Product.category == wish.category)
    if wish.tag:
        query = query.where(has_tag(wish.tag))
    if wish.filter == "excluded":
        query = query.where(or_(Product.is_excluded_from_earning, Product.is_excluded_from_redeeming))
    if wish.filter == "purchase":
        query = query.where(Product.source == "purchase")
    return query
