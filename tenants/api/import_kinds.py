"""What is imported, each kind in its own way: looked through, which changes nothing, its columns chosen, started."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from flask_babel import gettext as _

from saas.merchants.registry import Record
from tenants.coupons import batches
from tenants.coupons import imports as code_files
from tenants.coupons.models import CouponBatch
from tenants.products import headers as product_headers
from tenants.products import imports as product_imports
from tenants.products import previews
from tenants.products import words as product_words
from tenants.products.models import ProductImport
from tenants.purchases import choices, operations, queries
from tenants.purchases import headers as purchase_headers
from tenants.purchases import words as purchase_words
from tenants.purchases.models import PurchaseImport
from tenants.sheets import decoding
from tenants.sheets.decoding import Layout
from tenants.sheets.faults import Fault

Kind = Literal["purchases", "products", "coupon_codes"]
Row = ProductImport | PurchaseImport | CouponBatch


@dataclass
class Trial:
    """What a file would do: rows read, those refused, and how many rows are new or known."""

    read: int = 0
    refused: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    is_partial: bool = False


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
        seen = previews.preview(data, choice, merchant)
        counts = {"products_new": seen.new, "products_known": seen.known}
        return Trial(seen.read, seen.refused, counts, seen.is_partial)

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
        seen = queries.preview(data, choice, merchant, now)
        names = ("members_new", "members_known", "purchases_new", "purchases_known", "stamps")
        counts = {name: getattr(seen, name) for name in names}
        return Trial(seen.read, seen.refused, counts, seen.is_partial)

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
        return Trial(row.count + row.refused, refused, counts)

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


def _titles(data: bytes, layout: Layout) -> list[str]:
    text = decoding.decode(data[: decoding.SAMPLE_BYTES * 4], layout.encoding)
    return decoding.titles(text, layout)
