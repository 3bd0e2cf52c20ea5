"""Codes that were printed or sent elsewhere, read from a file: which are taken, which are not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _l

from saas.web.refusals import Refusal
from tenants.coupons import issuing, rules
from tenants.sheets import decoding
from tenants.sheets import words as sheets
from tenants.sheets.decoding import UnreadableError
from tenants.sheets.faults import Fault, unguarded

MOST_BYTES = 8 * 1024 * 1024
MOST_CODES = 200_000
SHORTEST = 6
AT_ONCE = 10_000
HEADERS = {"code", "codes", "coupon", "voucher", "código", "codigo", "kod", "rabattkod", "κωδικός", "κωδικοσ"}
ROWS = {
    **sheets.ROWS,
    "short": _l("A code needs at least 6 letters and digits."),
    "duplicate": _l("This code is in the file already."),
    "known": _l("This code exists already."),
    "many": _l("A file has at most 200,000 codes."),
}


class UnreadableFile(Refusal):
    """The file is empty, no text, or no list."""


@dataclass
class Read:
    """The codes that can be taken, and the rows that can't."""

    codes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read(content: bytes) -> Read:
    """Read a file: the column that is headed as one of codes, else the first. Raises UnreadableFile."""
    try:
        text, delimiter = _text(content)
    except UnreadableError as error:
        raise UnreadableFile(str(sheets.FILES[error.reason])) from error
    found = Read()
    seen: dict[str, tuple[int, list[str]]] = {}
    for line, cell, cells in _cells(text, delimiter):
        code = rules.normal(unguarded(cell))
        reason = _fault(code, cell, seen)
        if reason:
            found.faults.append(Fault(line, "code", reason, cell[:80], cells[:10]))
        else:
            seen[code] = (line, cells)
    taken = list(seen)
    for at in range(0, len(taken), AT_ONCE):
        known = issuing.known(taken[at : at + AT_ONCE])
        for code in taken[at : at + AT_ONCE]:
            if code in known:
                line, cells = seen[code]
                found.faults.append(Fault(line, "code", "known", code, cells[:10]))
            else:
                found.codes.append(code)
    found.faults.sort(key=lambda fault: fault.line)
    return found


def _text(content: bytes) -> tuple[str, str]:
    """The text and what separates its cells; a list of one column is one too."""
    try:
        layout = decoding.detect(content)
    except UnreadableError as error:
        if error.reason != "not_a_table":
            raise
        return decoding.decode(content, decoding.detect_encoding(content)), ";"
    return decoding.decode(content, layout.encoding), layout.delimiter


def _fault(code: str, cell: str, seen: dict[str, tuple[int, list[str]]]) -> str:
    if not cell.strip():
        return "empty"
    if len(code) < SHORTEST:
        return "short"
    if len(code) > rules.LONGEST_CODE:
        return "long"
    if code in seen:
        return "duplicate"
    return "many" if len(seen) >= MOST_CODES else ""


def _cells(text: str, delimiter: str) -> Iterator[tuple[int, str, list[str]]]:
    column = 0
    for index, row in enumerate(decoding.rows(text, delimiter)):
        titles = [cell.strip().casefold() for cell in row.cells]
        if index == 0 and HEADERS & set(titles):
            column = next(at for at, title in enumerate(titles) if title in HEADERS)
            continue
        if any(cell.strip() for cell in row.cells):
            yield row.line, row.cells[column] if column < len(row.cells) else "", row.cells
