"""Imports of every kind as one: kept with their columns, and found again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import defer

from saas.db import db
from saas.merchants.registry import Record
from tenants.api.import_kinds import Kind, Row
from tenants.coupons.models import CouponBatch
from tenants.products import imports as product_imports
from tenants.products import reading as product_reading
from tenants.products.models import ProductImport
from tenants.purchases import choices, operations
from tenants.purchases import reading as purchase_reading
from tenants.purchases.models import PurchaseImport
from tenants.sheets.decoding import Layout
from tenants.sheets.faults import as_csv

ROW_NUMBER = "#"


@dataclass(frozen=True)
class Laid:
    """A file of which it is known which column holds what."""

    layout: Layout
    columns: dict[str, int]


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
