"""Rows of cells become purchases, or refusals with line, column and reason. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tenants.purchases import values
from tenants.sheets import amounts, decoding
from tenants.sheets.decoding import Cells, Layout
from tenants.sheets.faults import Fault, misshapen, unguarded

IDENTITIES = ("member", "email", "phone")
LONGEST = {"member": 80, "receipt": 80, "name": 120}


class Row(NamedTuple):
    """One purchase. `stamp` is the date as the file gives it, which is part of the key."""

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
    """What the merchant adds to the reading: country, time zone, the currency's decimals, and the time of
    reading.
    """

    country: str
    time_zone: str
    exponent: int
    now: dt.datetime


def read(
    text: str,
    layout: Layout,
    mapping: Mapping,
    place: Place,
    check: Callable[[Row], str | None] | None = None,
) -> Iterator[Row | Fault]:
    """Every row as a purchase or as a refusal; a broken row stops no other. `check` may refuse a row by a
    reason.
    """
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
    fault = misshapen(row, layout, max(columns.values()))
    if fault:
        return fault
    name, value = "", ""
    taken: dict[str, Any] = {}
    try:
        for name, index in columns.items():
            value = unguarded(cells[index])
            taken[name] = _take(name, value, mapping, place)
        name, value = "date", taken["date"][2]
        occurred_at = _when(taken["date"][0], place, zone, today)
    except amounts.BadValueError as bad:
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


def _take(name: str, value: str, mapping: Mapping, place: Place) -> Any:
    if name == "date":
        if not value:
            raise amounts.BadValueError("empty")
        return (*values.date(value, mapping.order), value)
    if name == "amount":
        return amounts.amount(value, mapping.decimal, place.exponent)
    if name == "quantity":
        return values.quantity(value)
    if not value:
        return None
    if name == "email":
        return values.email(value)
    if name == "phone":
        return values.phone(value, place.country)
    if len(value) > LONGEST[name]:
        raise amounts.BadValueError("long")
    return value


def _when(moment: dt.datetime, place: Place, zone: ZoneInfo, today: dt.date) -> dt.datetime:
    """The moment in UTC: a date without a time is noon in the shop, and never later than now."""
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if local.astimezone(zone).date() > today:
        raise amounts.BadValueError("date_future")
    return min(local.astimezone(dt.UTC), place.now)


class Keys:
    """Request keys: equal rows of one file are told apart by their place among each other, so each is taken
    once.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def key(self, row: Row) -> str:
        content = "\x1f".join(
            (row.identity, row.stamp, str(row.amount_minor), str(row.quantity), row.receipt or "")
        )
        digest = hashlib.sha256(content.encode()).digest()
        ordinal = self._seen[digest] = self._seen.get(digest, 0) + 1
        return hashlib.sha256(digest + ordinal.to_bytes(4, "big")).hexdigest()
