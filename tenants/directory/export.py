"""The member list as a CSV file that a spreadsheet opens without carrying out what a cell may hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from tenants.members.models import Member
from tenants.sheets import faults

COLUMNS = ("number", "first_name", "email", "phone", "language", "source", "joined", "last_seen")


def as_csv(members: Iterable[Member], time_zone: str) -> bytes:
    """A file in UTF-8 with a byte-order mark, as spreadsheets need it for Greek; times are the shop's."""
    zone = ZoneInfo(time_zone)
    rows = (
        (
            member.number,
            member.first_name,
            member.email,
            member.phone,
            member.language,
            member.source,
            _moment(member.joined_at, zone),
            _moment(member.last_seen_at, zone),
        )
        for member in members
    )
    return faults.as_csv([COLUMNS, *rows])


def _moment(value: dt.datetime | None, zone: ZoneInfo) -> str:
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M") if value else ""
