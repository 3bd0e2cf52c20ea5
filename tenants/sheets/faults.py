"""Rows that are not taken: which, because of what, and as a file that can be mended and brought again. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from tenants.sheets.decoding import Cells, Layout

RISKY = ("=", "+", "-", "@", "\t", "\r")


class Fault(NamedTuple):
    """A row that is not taken: its line, the column it is about ("" for the whole row), a reason's code,
    the value.
    """

    line: int
    column: str
    reason: str
    value: str
    cells: list[str]


def misshapen(row: Cells, layout: Layout, last: int) -> Fault | None:
    """Why a row as a whole can't be read; empty cells beyond the file's width are taken off. `last`: the last
    column that is wanted.
    """
    cells = row.cells
    if row.is_broken:
        return Fault(row.line, "", "quote", "", cells)
    if len(cells) != layout.width:
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > layout.width or len(cells) <= last:
            return Fault(row.line, "", "columns", f"{len(cells)}/{layout.width}", cells)
    return None


def guarded(text: str | None) -> str:
    """A cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe (OWASP)."""
    text = text or ""
    return f"'{text}" if text.startswith(RISKY) else text


def unguarded(cell: str) -> str:
    """The cell without the apostrophe that our own exports put before what a spreadsheet might run."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in RISKY[:4] else cell


def as_csv(rows: Iterable[Sequence[str | None]], delimiter: str = ",") -> bytes:
    """Guarded rows in UTF-8 with a byte-order mark, as spreadsheets need it for Greek."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def refused_csv(
    heads: Sequence[str],
    titles: Sequence[str],
    faults: Iterable[Sequence[Any]],
    of_field: Callable[[str], str],
    of_row: Callable[[str], str],
) -> bytes:
    """Refused rows as they are kept (line, column, reason, value, cells), with their reasons in words."""
    said = (
        (str(line), of_field(column), of_row(reason), *cells)
        for line, column, reason, _value, cells in faults
    )
    return as_csv([[*heads, *titles], *said], delimiter=";")
