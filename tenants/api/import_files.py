"""Imports of each kind as one: kept with their columns, looked through without changing anything, started."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Literal, Protocol
from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import defer

from saas.db import db
from saas.merchants.registry import Record
from tenants.coupons import batches
from tenants.coupons import imports as code_files
from tenants.coupons.models import CouponBatch
from tenants.products import headers as product_headers
from tenants.products import imports as product_imports
from tenants.products import previews
from tenants.products import reading as product_reading
from tenants.products import words as product_words
from tenants.products.models import ProductImport
from tenants.purchases import choices, operations, queries
from tenants.purchases import headers as purchase_headers
from tenants.purchases import reading as purchase_reading
from tenants.purchases import words as purchase_words
from tenants.purchases.models import PurchaseImport
from tenants.sheets import decoding
from tenants.sheets.decoding import Layout
from tenants.sheets.faults import Fault, as_csv

Kind = Literal["purchases", "products", "coupon_codes"]
Row = ProductImport | PurchaseImport | CouponBatch
MOST_READ, MOST_CHARACTERS = 20_000, 4_000_000
ROW_NUMBER = "#"


@dataclass
class Trial:
    """What a file would do: rows read, those refused, and how many rows are new or known."""

    read: int = 0
    refused: list[Fault] = field(default_factory=list)
    refused_count: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    is_partial: bool = False


@dataclass(frozen=True)
class Laid:
    """A file of which it is known which column holds what."""

    layout: Layout
    columns: dict[str, int]


class Reader(Protocol):
    """One kind of file. What it is given has been found already."""

    @property
    def fields(self) -> Sequence[str]: ...
    def is_startable(self, row: Any, now: dt.datetime) -> bool: ...
    def titles(self, row: Any) -> list[str]: ...
    def columns(self, row: Any) -> dict[str, int] | None: ...
    def choose(self, row: Any, columns: dict[str, int], now: dt.datetime) -> None: ...
    def trial(self, row: Any, merchant: Record, now: dt.datetime) -> Trial: ...
    def start(self, row: Any, merchant: Record, now: dt.datetime) -> None: ...
    def counts(self, row: Any) -> dict[str, int]: ...
    def rows(self, row: Any) -> tuple[int, int, int]: ...
    def refused(self, row: Any) -> list[Sequence[Any]]: ...


class Products:
    """Lists of products."""

    fields = product_headers.FIELDS

    def is_startable(self, row: ProductImport, now: dt.datetime) -> bool:
        return row.is_startable(now)

    def titles(self, row: ProductImport) -> list[str]:
        data, layout = product_imports.content(row.id), product_imports.Choice.from_json(row.mapping).layout
        return _titles(data, layout) if data else product_imports.refusals(row.id).get("titles", [])

    def columns(self, row: ProductImport) -> dict[str, int]:
        return dict(row.mapping["columns"])

    def choose(self, row: ProductImport, columns: dict[str, int], now: dt.datetime) -> None:
        choice = product_imports.Choice.from_json(row.mapping)
        chosen = replace(choice, mapping=replace(choice.mapping, columns=columns))
        product_imports.choose(row.id, chosen, now)

    def trial(self, row: ProductImport, merchant: Record, now: dt.datetime) -> Trial:
        choice, data = product_imports.Choice.from_json(row.mapping), product_imports.content(row.id)
        if "sku" not in choice.mapping.columns:
            return Trial(is_partial=True)
        exponent = product_imports.exponent(merchant)
        text, is_cut = _beginning(data, choice.layout)
        found = _tried(product_reading.read(text, choice.layout, choice.mapping, exponent), is_cut)
        seen = previews.preview(data, choice, merchant)
        found.counts = {"products_new": seen.new, "products_known": seen.known}
        return found

    def start(self, row: ProductImport, merchant: Record, now: dt.datetime) -> None:
        product_imports.start(row.id, product_imports.Choice.from_json(row.mapping), merchant, now)

    def counts(self, row: ProductImport) -> dict[str, int]:
        names = ("products_added", "products_changed", "products_same")
        return {name: getattr(row, name) for name in names}

    def rows(self, row: ProductImport) -> tuple[int, int, int]:
        return row.rows_total, row.rows_done, row.rows_refused

    def refused(self, row: ProductImport) -> list[Sequence[Any]]:
        return list(product_imports.refusals(row.id).get("lines", []))


class Purchases:
    """Lists of purchases."""

    fields = purchase_headers.FIELDS

    def is_startable(self, row: PurchaseImport, now: dt.datetime) -> bool:
        return row.status in operations.STARTABLE

    def titles(self, row: PurchaseImport) -> list[str]:
        data, layout = queries.content(row.id), choices.Choice.from_json(row.mapping).layout
        return _titles(data, layout) if data else queries.refusals(row.id).get("titles", [])

    def columns(self, row: PurchaseImport) -> dict[str, int]:
        return dict(row.mapping["columns"])

    def choose(self, row: PurchaseImport, columns: dict[str, int], now: dt.datetime) -> None:
        choice = choices.Choice.from_json(row.mapping)
        operations.choose(row.id, replace(choice, mapping=replace(choice.mapping, columns=columns)))

    def trial(self, row: PurchaseImport, merchant: Record, now: dt.datetime) -> Trial:
        choice, data = choices.Choice.from_json(row.mapping), queries.content(row.id)
        if choice.mapping.missing:
            return Trial(is_partial=True)
        version = queries.terms_of(choice.program_id)
        terms = version.terms if version else None
        text, is_cut = _beginning(data, choice.layout)
        place = choices.place(merchant, now)
        read = purchase_reading.read(
            text, choice.layout, choice.mapping, place, lambda one: queries.refused_by(terms, one)
        )
        found, seen = _tried(read, is_cut), queries.preview(data, choice, merchant, now)
        names = ("members_new", "members_known", "purchases_new", "purchases_known", "stamps")
        found.counts = {name: getattr(seen, name) for name in names}
        return found

    def start(self, row: PurchaseImport, merchant: Record, now: dt.datetime) -> None:
        operations.start(row.id, choices.Choice.from_json(row.mapping), merchant, now)

    def counts(self, row: PurchaseImport) -> dict[str, int]:
        names = ("members_added", "purchases_added", "purchases_known", "stamps_added")
        return {name: getattr(row, name) for name in names}

    def rows(self, row: PurchaseImport) -> tuple[int, int, int]:
        return row.rows_total, row.rows_done, row.rows_refused

    def refused(self, row: PurchaseImport) -> list[Sequence[Any]]:
        return list(queries.refusals(row.id).get("lines", []))


class CouponCodes:
    """Codes that were printed or sent elsewhere; they are looked through when they come."""

    fields = ("code",)

    def is_startable(self, row: CouponBatch, now: dt.datetime) -> bool:
        return row.status == "uploaded"

    def titles(self, row: CouponBatch) -> list[str]:
        return []

    def columns(self, row: CouponBatch) -> None:
        return None

    def choose(self, row: CouponBatch, columns: dict[str, int], now: dt.datetime) -> None:
        return None

    def trial(self, row: CouponBatch, merchant: Record, now: dt.datetime) -> Trial:
        refused = [Fault(*fault) for fault in row.choice.get("refusals", [])]
        counts = {"codes_new": row.count}
        return Trial(row.count + row.refused, refused, row.refused, counts)

    def start(self, row: CouponBatch, merchant: Record, now: dt.datetime) -> None:
        if row.status == "uploaded":
            batches.start(row, merchant)
        elif row.status == "failed" or batches.is_stuck(row, now):
            batches.resume(row, merchant, now)
        else:
            raise operations.NotStartable(_("This import runs already, or is finished."))

    def counts(self, row: CouponBatch) -> dict[str, int]:
        return {"codes_added": row.done}

    def rows(self, row: CouponBatch) -> tuple[int, int, int]:
        return row.count + row.refused, row.done, row.refused

    def refused(self, row: CouponBatch) -> list[Sequence[Any]]:
        return list(row.choice.get("refusals", []))


READERS: dict[Kind, Reader] = {
    "products": Products(),
    "purchases": Purchases(),
    "coupon_codes": CouponCodes(),
}
REASONS: dict[Kind, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "products": (product_words.of_field, product_words.of_row),
    "purchases": (purchase_words.of_field, purchase_words.of_row),
    "coupon_codes": (lambda name: name, lambda reason: str(code_files.ROWS.get(reason, reason))),
}


def found(import_id: UUID) -> tuple[Kind, Row]:
    """The import with its kind; a missing or foreign one is 404."""
    rows = [(kind, row) for kind, rows in _light([import_id]).items() for row in rows]
    return rows[0] if rows else abort(404)


def listed(import_ids: Sequence[UUID]) -> list[tuple[Kind, Row]]:
    """Imports in the order of their ids, in one query a kind; what their files hold is read only where it is asked."""
    every: dict[UUID, tuple[Kind, Row]] = {
        row.id: (kind, row) for kind, rows in _light(import_ids).items() for row in rows
    }
    return [every[import_id] for import_id in import_ids]


def _light(ids: Sequence[UUID]) -> dict[Kind, Sequence[Row]]:
    products = select(ProductImport).options(defer(ProductImport.content), defer(ProductImport.refusals))
    purchases = select(PurchaseImport).options(defer(PurchaseImport.content), defer(PurchaseImport.refusals))
    codes = select(CouponBatch).options(defer(CouponBatch.choice)).where(CouponBatch.kind == "imported")
    return {
        "products": db.session.scalars(products.where(ProductImport.id.in_(ids))).all(),
        "purchases": db.session.scalars(purchases.where(PurchaseImport.id.in_(ids))).all(),
        "coupon_codes": db.session.scalars(codes.where(CouponBatch.id.in_(ids))).all(),
    }


def keep_products(
    filename: str, data: bytes, laid: Laid | None, by: str, merchant: Record, now: dt.datetime
) -> ProductImport:
    """Keep a list of products, its columns guessed where they are not known; raises UnreadableFile."""
    row = product_imports.upload(filename, data, by, merchant, now)
    if laid is not None:
        mapping = product_reading.Mapping(laid.columns)
        product_imports.choose(row.id, product_imports.Choice(laid.layout, mapping), now)
    return row


def keep_purchases(
    filename: str,
    data: bytes,
    laid: Laid | None,
    stamps: tuple[UUID | None, str],
    by: str,
    merchant: Record,
    now: dt.datetime,
) -> PurchaseImport:
    """The same for purchases, which give stamps on a card or on none; raises UnreadableFile."""
    row = operations.upload(filename, data, by, merchant, now)
    choice, (program_id, rewards) = choices.Choice.from_json(row.mapping), stamps
    if laid is not None:
        choice = replace(choice, layout=laid.layout, mapping=purchase_reading.Mapping(laid.columns))
    operations.choose(row.id, replace(choice, program_id=program_id, rewards=rewards))
    return row


def as_file(rows: Sequence[Mapping[str, str]], fields: Sequence[str]) -> tuple[bytes, Laid]:
    """Rows of named fields as a file, and how it is laid out. A last column numbers the rows, so that none is empty."""
    used = [name for name in fields if any(name in row for row in rows)]
    lines = [[*(row.get(name, "") for name in used), str(number)] for number, row in enumerate(rows, 1)]
    data = as_csv([[*used, ROW_NUMBER], *lines], delimiter=";")
    layout = Layout("utf-8", ";", has_header=True, width=len(used) + 1)
    return data, Laid(layout, {name: index for index, name in enumerate(used)})


def _titles(data: bytes, layout: Layout) -> list[str]:
    text = decoding.decode(data[: decoding.SAMPLE_BYTES * 4], layout.encoding)
    return decoding.titles(text, layout)


def _beginning(data: bytes, layout: Layout) -> tuple[str, bool]:
    text = decoding.decode(data, layout.encoding)
    return text[:MOST_CHARACTERS], len(text) > MOST_CHARACTERS


def _tried(answers: Iterable[object], is_cut: bool) -> Trial:
    """How many rows a file has, and those of them that are refused, as far as it is looked through."""
    rows = iter(answers)
    seen = list(islice(rows, MOST_READ))
    refused = [answer for answer in seen if isinstance(answer, Fault)]
    return Trial(len(seen), refused, len(refused), is_partial=is_cut or next(rows, None) is not None)
