"""Writes of products: add and change one, archive, change some at once, and add what a till sells."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from saas.db import db
from saas.web.refusals import Refusal
from tenants.products import catalogue, rules, writing
from tenants.products.models import Product
from tenants.products.writing import Change

MOST_SELECTED = 500


class SkuTaken(Refusal):
    """Another product has this SKU."""


class BadSku(Refusal):
    """A line names its product by nothing, or by more than a SKU can hold."""


class NothingSelected(Refusal):
    """No product was ticked, or more than can be changed at once."""


@dataclass(frozen=True)
class Line:
    """What a line of a purchase says of its product."""

    sku: str
    name: str = ""
    price_minor: int | None = None
    category: str = ""
    tags: tuple[str, ...] = ()


def add(sku: str, values: dict[str, Any], now: dt.datetime, source: str = "console") -> Product:
    """Add a product with these fields, as they are kept; raises SkuTaken. Of two with one SKU, one adds it."""
    change = writing.spelled([Change(sku, values)])
    key = rules.sku_key(sku)
    if not writing.add(change, source, now):
        raise SkuTaken(_("There is a product with this SKU already, in the list or in the archive."))
    return db.session.get_one(Product, catalogue.ids([key])[key])


def change(product: Product, values: dict[str, Any], now: dt.datetime) -> Product:
    """Change a product's fields; its SKU stays, because tills and rules know it by that."""
    spelled = writing.spelled([Change(product.sku, values)])[0].values
    writing.rewrite([product.id], lambda _before: spelled, now)
    db.session.refresh(product)
    return product


def archive(product_id: uuid.UUID, now: dt.datetime) -> None:
    """Take a product off the list; purchases and rules go on naming it."""
    writing.rewrite([product_id], lambda _before: {"is_active": False}, now)


def restore(product_id: uuid.UUID, now: dt.datetime) -> None:
    writing.rewrite([product_id], lambda _before: {"is_active": True}, now)


def change_selected(ids: Iterable[uuid.UUID], act: str, text: str, now: dt.datetime) -> int:
    """Do one of ACTS to all of them; says how many are different now. Raises NothingSelected and TooLongError."""
    chosen = set(ids)
    if not chosen or len(chosen) > MOST_SELECTED:
        raise NothingSelected(_("Tick the products that are to be changed."))
    values = _values_of(act, text)
    tags = rules.tags(text) if act in ("add_tags", "remove_tags") else []

    def changed(before: dict[str, Any]) -> dict[str, Any]:
        if act == "add_tags":
            return {"tags": rules.tags(",".join([*before["tags"], *tags]))}
        if act == "remove_tags":
            return {"tags": [tag for tag in before["tags"] if tag not in tags]}
        return values

    return writing.rewrite(chosen, changed, now)


def _values_of(act: str, text: str) -> dict[str, Any]:
    if act == "category":
        return writing.spelled([Change("", {"category": rules.category(text)})])[0].values
    return ACTS[act]


ACTS: dict[str, dict[str, Any]] = {
    "category": {},
    "add_tags": {},
    "remove_tags": {},
    "exclude_earning": {"is_excluded_from_earning": True},
    "include_earning": {"is_excluded_from_earning": False},
    "exclude_redeeming": {"is_excluded_from_redeeming": True},
    "include_redeeming": {"is_excluded_from_redeeming": False},
    "archive": {"is_active": False},
    "restore": {"is_active": True},
}


def ensure(lines: Iterable[Line], now: dt.datetime) -> dict[str, uuid.UUID]:
    """The products of a purchase's lines, by each SKU as it was given; those not known yet are added from their line.

    What is known is not changed. Of two tills that sell a new SKU at the same moment one adds it, the other waits for
    that. Raises BadSku.
    """
    firsts: dict[str, Change] = {}
    given: dict[str, str] = {}
    for line in lines:
        found = _read(line)
        given[line.sku] = key = rules.sku_key(found.sku)
        firsts.setdefault(key, found)
    known = catalogue.ids(firsts)
    new = sorted(firsts.keys() - known.keys())
    if new:
        writing.add(writing.spelled([firsts[key] for key in new]), "purchase", now)
        known |= catalogue.ids(new)
    return {sku: known[key] for sku, key in given.items()}


def _read(line: Line) -> Change:
    """A line as the product that it would add: too long a name is cut, too long a category or tag left out."""
    try:
        sku = rules.sku(line.sku)
    except rules.TooLongError as error:
        raise BadSku(_("A SKU has at most %(max)d characters.", max=rules.LONGEST_SKU)) from error
    if not sku:
        raise BadSku(_("A line has no SKU."))
    values: dict[str, Any] = {"name": rules.one_line(line.name)[: rules.LONGEST_NAME].strip() or sku}
    if line.price_minor is not None and 0 <= line.price_minor <= rules.LARGEST_PRICE_MINOR:
        values["price_minor"] = line.price_minor
    for name, read, text in (
        ("category", rules.category, line.category),
        ("tags", rules.tags, ",".join(line.tags)),
    ):
        try:
            values[name] = read(text)
        except rules.TooLongError:
            continue
    return Change(sku, values)
