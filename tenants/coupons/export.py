"""The codes of a batch as a file, made while it is sent."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from uuid import UUID
from zoneinfo import ZoneInfo

from saas.db import transaction
from saas.merchants.registry import Record
from tenants.coupons import queries, rules
from tenants.sheets.faults import guarded

AT_ONCE = 5_000


def parts(batch_id: UUID, merchant: Record) -> Iterator[bytes]:
    """The file part by part, each read in a transaction of its own: the request's is over when it is sent."""
    zone, after, encoding = ZoneInfo(merchant.time_zone), None, "utf-8-sig"
    lines: list[tuple[str | None, ...]] = [("code", "member", "state", "issued", "expires")]
    while lines:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\r\n").writerows(
            [guarded(cell) for cell in line] for line in lines
        )
        yield buffer.getvalue().encode(encoding)
        encoding = "utf-8"
        with transaction(merchant.binding):
            rows = queries.rows(batch_id, after, AT_ONCE)
        after = rows[-1].id if rows else None
        lines = [
            (
                rules.shown(row.code),
                row.number,
                row.state,
                _moment(row.issued_at, zone),
                _moment(row.expires_at, zone),
            )
            for row in rows
        ]


def _moment(value: dt.datetime | None, zone: ZoneInfo) -> str:
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M") if value else ""
