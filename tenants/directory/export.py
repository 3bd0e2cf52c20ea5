"""The member list as a CSV file that a spreadsheet opens without carrying out what a cell may hold."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from tenants.members.models import Member

RISKY = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("number", "first_name", "email", "phone", "language", "source", "joined", "last_seen")


def cell(text: str | None) -> str:
    """A cell that is no formula: what begins like one gets an apostrophe (OWASP, CSV injection)."""
    text = text or ""
    return f"'{text}" if text.startswith(RISKY) else text


def as_csv(members: Iterable[Member], time_zone: str) -> bytes:
    """A file in UTF-8 with a byte-order mark, as spreadsheets need it for Greek; times are the shop's."""
    zone = ZoneInfo(time_zone)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for member in members:
        row = (
            member.number,
            member.first_name,
            member.email,
            member.phone,
            member.language,
            member.source,
            _moment(member.joined_at, zone),
            _moment(member.last_seen_at, zone),
        )
        writer.writerow([cell(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def _moment(value: dt.datetime | None, zone: ZoneInfo) -> str:
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M") if value else ""
