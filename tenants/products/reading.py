"""Rows of a product list become changes by SKU, or refusals with line, column and reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from tenants.products import rules
from tenants.products.headers import HEADERS, NO, YES
from tenants.sheets import amounts, decoding
from tenants.sheets.amounts import BadValueError
from tenants.sheets.decoding import Cells, Layout
from tenants.sheets.faults import Fault, misshapen, unguarded

FLAGS = ("is_excluded_from_earning", "is_excluded_from_redeeming", "is_active")


class Row(NamedTuple):
    """What one row says of one SKU: the fields of the columns that are mapped, as they are kept."""

    line: int
    key: str
    sku: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Mapping:
    """Which column (from 0) holds which field, and the decimal sign of prices."""

    columns: dict[str, int] = field(default_factory=dict)
    decimal: str = "."


def guess(text: str, layout: Layout, country: str, exponent: int) -> Mapping:
    """Columns by the words of the header in any of our languages; without one the first is the SKU, then the name."""
    sample = list(islice(decoding.rows(text, layout.delimiter), decoding.SAMPLE_ROWS + 1))
    header = sample.pop(0).cells if layout.has_header and sample else []
    columns: dict[str, int] = {}
    for index, title in enumerate(header[: layout.width]):
        name = decoding.by_title(title, HEADERS)
        if name and name not in columns:
            columns[name] = index
    for name in ("sku", "name"):
        free = [index for index in range(layout.width) if index not in columns.values()]
        if name not in columns and free and not (header and columns):
            columns[name] = free[0]
    at = columns.get("price_minor")
    prices = [row.cells[at] for row in sample if at is not None and len(row.cells) > at]
    return Mapping(columns, amounts.decimal_sign(prices, country, exponent))


def read(text: str, layout: Layout, mapping: Mapping, exponent: int) -> Iterator[Row | Fault]:
    """Every row as a change or as a refusal; a broken row stops no other. Of rows with one SKU the first is taken."""
    taken: set[str] = set()
    found = decoding.rows(text, layout.delimiter)
    if layout.has_header:
        next(found, None)
    for cells in found:
        row = _read_row(cells, layout, mapping, exponent)
        if isinstance(row, Row):
            if row.key in taken:
                row = Fault(row.line, "sku", "duplicate", row.sku, cells.cells)
            else:
                taken.add(row.key)
        yield row


def _read_row(row: Cells, layout: Layout, mapping: Mapping, exponent: int) -> Row | Fault:
    cells, columns = row.cells, mapping.columns
    fault = misshapen(row, layout, max(columns.values()))
    if fault:
        return fault
    values: dict[str, Any] = {}
    name, cell = "", ""
    try:
        for name, index in columns.items():
            cell = unguarded(cells[index])
            values[name] = _take(name, cell, mapping.decimal, exponent)
    except BadValueError as bad:
        return Fault(row.line, name, bad.reason, cell[:80], cells)
    except rules.TooLongError:
        return Fault(row.line, name, "many_tags" if name == "tags" else "long", cell[:80], cells)
    sku = values.pop("sku")
    return Row(row.line, rules.sku_key(sku), sku, values)


def _take(name: str, cell: str, decimal: str, exponent: int) -> Any:
    if name == "sku":
        return _said(rules.sku(cell))
    if name == "name":
        if len(rules.one_line(cell)) > rules.LONGEST_NAME:
            raise BadValueError("long")
        return _said(rules.one_line(cell))
    if name == "category":
        return rules.category(cell)
    if name == "tags":
        return rules.tags(cell)
    if name in FLAGS:
        return flag(cell, is_empty=name == "is_active")
    return amounts.amount(cell, decimal, exponent, rules.LARGEST_PRICE_MINOR) if cell else None


def _said(text: str) -> str:
    if not text:
        raise BadValueError("empty")
    return text


def flag(cell: str, *, is_empty: bool = False) -> bool:
    """Yes or no in any of our languages; `is_empty` is what an empty cell says."""
    word = rules.fold(cell.strip())
    if not word:
        return is_empty
    if word in YES:
        return True
    if word in NO:
        return False
    raise BadValueError("flag")
