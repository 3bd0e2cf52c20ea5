"""Rows of cells become purchases, or refusals with line, column and reason; and a first guess which column is what."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tenants.purchases import decoding, values
from tenants.purchases.decoding import Cells, Layout
from tenants.purchases.headers import FIELDS, HEADERS

IDENTITIES = ("member", "email", "phone")
LONGEST = {"member": 80, "receipt": 80, "name": 120}


class Row(NamedTuple):
    """One purchase. `stamp` is the date as the file gives it, which with the rest makes the key of the row."""

    line: int
    identity: str
    member: str | None
    name: str
    email: str | None
    phone: str | None
    occurred_at: dt.datetime
    stamp: str
    amount_minor: int
    quantity: int
    receipt: str | None
    cells: list[str]


class Fault(NamedTuple):
    """A row that is not taken: its line, the column it is about ("" for the whole row), a reason's code, the value."""

    line: int
    column: str
    reason: str
    value: str
    cells: list[str]


@dataclass(frozen=True)
class Mapping:
    """Which column (from 0) holds which field, and how its values are written."""

    columns: dict[str, int] = field(default_factory=dict)
    decimal: str = "."
    order: str = "dmy"
    is_order_guessed: bool = False

    @property
    def missing(self) -> list[str]:
        """Fields without which nothing can be read: a date, and something that names the member."""
        lacking = [] if "date" in self.columns else ["date"]
        return lacking if any(name in self.columns for name in IDENTITIES) else [*lacking, "member"]


@dataclass(frozen=True)
class Place:
    """What the merchant adds to the reading: country, time zone, the currency's decimals, and the time of reading."""

    country: str
    time_zone: str
    exponent: int
    now: dt.datetime


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
    return Mapping(columns, values.decimal_sign(amounts, country), order, is_guessed)


def by_header(title: str) -> str | None:
    """The field that a column's title means, in whichever of our languages."""
    plain = unicodedata.normalize("NFKD", title.lower())
    words = re.sub(r"[^\w]+|_", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip()
    return HEADERS.get(words) or HEADERS.get(words.replace(" ", ""))


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
        except values.Bad:
            continue
        return True
    return False


def read(
    text: str,
    layout: Layout,
    mapping: Mapping,
    place: Place,
    check: Callable[[Row], str | None] | None = None,
) -> Iterator[Row | Fault]:
    """Every row as a purchase or as a refusal; a broken row stops no other. `check` may refuse a row by a reason."""
    zone = ZoneInfo(place.time_zone)
    today = place.now.astimezone(zone).date()
    found = decoding.rows(text, layout.delimiter)
    if layout.has_header:
        next(found, None)
    for row in found:
        answer = _read_row(row, layout, mapping, place, zone, today)
        if check and isinstance(answer, Row):
            reason = check(answer)
            if reason:
                answer = Fault(answer.line, "", reason, "", answer.cells)
        yield answer


def _read_row(
    row: Cells, layout: Layout, mapping: Mapping, place: Place, zone: ZoneInfo, today: dt.date
) -> Row | Fault:
    cells, columns = row.cells, mapping.columns
    if row.is_broken:
        return Fault(row.line, "", "quote", "", cells)
    if len(cells) != layout.width:
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > layout.width or len(cells) <= max(columns.values()):
            return Fault(row.line, "", "columns", f"{len(cells)}/{layout.width}", cells)
    name, value = "", ""
    taken: dict[str, Any] = {}
    try:
        for name, index in columns.items():
            value = _unguarded(cells[index])
            taken[name] = _take(name, value, mapping, place)
        name, value = "date", taken["date"][2]
        occurred_at = _when(taken["date"][0], place, zone, today)
    except values.Bad as bad:
        return Fault(row.line, name, bad.reason, value[:80], cells)
    member, email, phone = (taken.get(identity) for identity in IDENTITIES)
    identity = f"id {member}" if member else f"mail {email}" if email else f"tel {phone}" if phone else ""
    if not identity:
        return Fault(row.line, "member", "no_member", "", cells)
    moment, has_time, _written = taken["date"]
    stamp = moment.isoformat() if has_time else moment.date().isoformat()
    return Row(
        row.line, identity, member, taken.get("name") or "", email, phone, occurred_at, stamp,
        taken.get("amount", 0), taken.get("quantity", 1), taken.get("receipt"), cells,
    )  # fmt: skip


def _unguarded(cell: str) -> str:
    """The cell without the apostrophe that our own exports put before what a spreadsheet might run."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@") else cell


def _take(name: str, value: str, mapping: Mapping, place: Place) -> Any:
    if name == "date":
        if not value:
            raise values.Bad("empty")
        return (*values.date(value, mapping.order), value)
    if name == "amount":
        return values.amount(value, mapping.decimal, place.exponent)
    if name == "quantity":
        return values.quantity(value)
    if not value:
        return None
    if name == "email":
        return values.email(value)
    if name == "phone":
        return values.phone(value, place.country)
    if len(value) > LONGEST[name]:
        raise values.Bad("long")
    return value


def _when(moment: dt.datetime, place: Place, zone: ZoneInfo, today: dt.date) -> dt.datetime:
    """The moment in UTC: a date without a time is noon in the shop, and never later than now."""
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if local.astimezone(zone).date() > today:
        raise values.Bad("date_future")
    return min(local.astimezone(dt.UTC), place.now)


class Keys:
    """Request keys: equal rows of one file are told apart by their place among each other, so each is taken once."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def key(self, row: Row) -> str:
        content = "\x1f".join(
            (row.identity, row.stamp, str(row.amount_minor), str(row.quantity), row.receipt or "")
        )
        digest = hashlib.sha256(content.encode()).digest()
        ordinal = self._seen[digest] = self._seen.get(digest, 0) + 1
        return hashlib.sha256(digest + ordinal.to_bytes(4, "big")).hexdigest()


__all__ = ["FIELDS", "Fault", "Keys", "Layout", "Mapping", "Place", "Row", "guess", "read"]
