"""The first guess which column is what: by the words of the header, then by how the values look. Pure."""

from __future__ import annotations

import re
from itertools import islice

from tenants.purchases import values
from tenants.purchases.headers import HEADERS
from tenants.purchases.reading import Mapping
from tenants.sheets import decoding
from tenants.sheets.amounts import BadValueError, decimal_sign
from tenants.sheets.decoding import Layout


def guess(text: str, layout: Layout, country: str) -> Mapping:
    """Columns by the words of the header in any of our languages, then by how their values look."""
    sample = list(islice(decoding.rows(text, layout.delimiter), decoding.SAMPLE_ROWS + 1))
    header = sample.pop(0).cells if layout.has_header and sample else []
    width = layout.width
    looks = [[row.cells[i] for row in sample if len(row.cells) > i and row.cells[i]] for i in range(width)]
    columns: dict[str, int] = {}
    for index, title in enumerate(header[:width]):
        name = by_header(title)
        if name and name not in columns:
            columns[name] = index
    for name in ("date", "email", "amount", "quantity", "member"):
        free = [i for i in range(width) if i not in columns.values() and looks[i]]
        fitting = [i for i in free if _fits(name, looks[i])]
        if name not in columns and fitting and not (name == "member" and {"email", "phone"} & columns.keys()):
            columns[name] = fitting[0]
    dates = looks[columns["date"]] if "date" in columns else []
    order, is_guessed = values.date_order(dates, country)
    amounts = looks[columns["amount"]] if "amount" in columns else []
    return Mapping(columns, decimal_sign(amounts, country), order, is_guessed)


def by_header(title: str) -> str | None:
    """The field that a column's title means, in whichever of our languages."""
    return decoding.by_title(title, HEADERS)


def _fits(name: str, cells: list[str]) -> bool:
    if name == "email":
        return all("@" in cell for cell in cells)
    if name == "date":
        good = sum(_is_date(cell) for cell in cells)
        return good >= len(cells) * 0.8
    numeric = [cell for cell in cells if re.fullmatch(r"[-+(]?[€$£]?\s?\d[\d.,'\s]*\)?\s?[€$£]?", cell)]
    if name == "amount":
        fractions = sum(bool(re.search(r"[.,]\d{2}\D*$", cell)) for cell in numeric)
        return len(numeric) >= len(cells) * 0.8 and fractions >= len(cells) * 0.5
    if name == "quantity":
        return all(re.fullmatch(r"[1-9]\d{0,2}", cell) for cell in cells)
    return True


def _is_date(cell: str) -> bool:
    for order in ("dmy", "mdy"):
        try:
            values.date(cell, order)
        except BadValueError:
            continue
        return True
    return False
