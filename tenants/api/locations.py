"""Locations at the API: where the shop receives members, and when."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any
from uuid import UUID

from flask import abort, g
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import select

from saas.billing.entitlements import OverLimit
from saas.db import db
from saas.web.clock import utcnow
from saas.web.problems import Fault, Invalid
from tenants.api.cursors import page
from tenants.api.example_ids import CLOSED_LOCATION, LOCATION, STALL
from tenants.api.operation import Example, Resource
from tenants.api.schemas import ONE_LINE, ONE_LINE_OR_NONE, Answer, Body, Moment, PageQuery
from tenants.locations import operations, rules
from tenants.locations.models import Location as Row

resource = Resource("locations", "Locations", "Where the shop receives members.")
Time = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="As in 08:00.")]
Name = Annotated[str, Field(min_length=1, max_length=120), ONE_LINE]
Address = Annotated[str, Field(max_length=300), ONE_LINE_OR_NONE]


class OpeningTime(Body, Answer):
    """A stretch on a weekday, by the shop’s clock; one that ends before it begins goes past midnight."""

    weekday: Annotated[int, Field(ge=1, le=7, description="1 is Monday.")]
    opens: Time
    closes: Time


OpeningTimes = Annotated[
    list[OpeningTime],
    Field(max_length=7 * rules.MAX_SPANS, description="At most 3 a day, in order. None: always open."),
]


class Location(Answer):
    """A shop, or a stall."""

    id: UUID
    name: str
    address: str
    opening_times: list[OpeningTime]
    is_active: bool
    created_at: Moment


class LocationPage(Answer):
    """Locations, those opened last first."""

    data: list[Location]
    next_cursor: str | None


class NewLocation(Body):
    """A location to add."""

    name: Name
    address: Address = ""
    opening_times: OpeningTimes = Field(default_factory=list)


class LocationChange(Body):
    """What to change; what is not sent stays."""

    name: Name = ""
    address: Address = ""
    opening_times: OpeningTimes = Field(default_factory=list)


MORNINGS = [{"weekday": 1, "opens": "07:30", "closes": "12:00"}]
OLD_TOWN: dict[str, Any] = {
    "id": LOCATION,
    "name": "Old town",
    "address": "Adrianou 12, Athens",
    "opening_times": [],
    "is_active": True,
    "created_at": "2026-09-01T06:00:00Z",
}
HARBOUR = {
    **OLD_TOWN,
    "id": CLOSED_LOCATION,
    "name": "Harbour",
    "address": "Akti Miaouli 3",
    "is_active": False,
}


@resource.get(
    "/locations",
    "locations:read",
    "List locations",
    query=PageQuery,
    answer=LocationPage,
    example=Example(answer={"data": [OLD_TOWN], "next_cursor": None}),
)
def index(query: PageQuery) -> LocationPage:
    rows, cursor = page(select(Row), [Row.id], query)
    return LocationPage(data=[_answer(row[0]) for row in rows], next_cursor=cursor)


@resource.get(
    "/locations/<uuid:location_id>",
    "locations:read",
    "Get a location",
    answer=Location,
    example=Example(ids={"location_id": LOCATION}, answer=OLD_TOWN),
)
def get(location_id: UUID) -> Location:
    return _answer(_found(location_id))


@resource.post(
    "/locations",
    "locations:write",
    "Add a location",
    body=NewLocation,
    answer=Location,
    status=201,
    refusals=(OverLimit,),
    example=Example(
        body={"name": "Harbour", "address": "Akti Miaouli 3", "opening_times": MORNINGS},
        answer={**HARBOUR, "is_active": True, "opening_times": MORNINGS},
    ),
)
def create(body: NewLocation) -> Location:
    hours = _hours(body.opening_times)
    return _answer(operations.add(body.name, body.address, hours, utcnow(), g.merchant))


@resource.patch(
    "/locations/<uuid:location_id>",
    "locations:write",
    "Change a location",
    body=LocationChange,
    answer=Location,
    example=Example(
        ids={"location_id": LOCATION},
        body={"opening_times": MORNINGS},
        answer={**OLD_TOWN, "opening_times": MORNINGS},
    ),
)
def update(location_id: UUID, body: LocationChange) -> Location:
    row, sent = _found(location_id), body.model_fields_set
    name = body.name if "name" in sent else row.name
    address = body.address if "address" in sent else row.address
    hours = _hours(body.opening_times) if "opening_times" in sent else row.opening_hours
    return _answer(operations.change(row, name, address, hours))


@resource.post(
    "/locations/<uuid:location_id>/closing",
    "locations:write",
    "Close a location",
    answer=Location,
    refusals=(operations.LastLocation,),
    example=Example(ids={"location_id": STALL}, answer={**HARBOUR, "id": STALL}),
)
def close(location_id: UUID) -> Location:
    """What happened there stays on record. The last one that is open can’t be closed."""
    row = _found(location_id)
    operations.close(location_id, g.merchant)
    return _answer(row)


@resource.post(
    "/locations/<uuid:location_id>/reopening",
    "locations:write",
    "Open a closed location again",
    answer=Location,
    refusals=(OverLimit,),
    example=Example(ids={"location_id": CLOSED_LOCATION}, answer={**HARBOUR, "is_active": True}),
)
def reopen(location_id: UUID) -> Location:
    row = _found(location_id)
    operations.reopen(row, g.merchant)
    return _answer(row)


def check(location_id: UUID | None) -> None:
    """Raise Invalid for a location in a body that is missing, foreign or closed."""
    if location_id is None:
        return
    row = db.session.get(Row, location_id)
    if row is None or not row.is_active:
        words = _("There is no such location that receives members.")
        raise Invalid([Fault(words, "unknown_location", pointer="/location_id")])


def _found(location_id: UUID) -> Row:
    return db.session.get(Row, location_id) or abort(404)


def _hours(times: list[OpeningTime]) -> dict[str, list[list[str]]]:
    """Opening times as locations keep them; raises Invalid where a day has too many, or two at once."""
    found: defaultdict[str, list[list[str]]] = defaultdict(list)
    for index, time in enumerate(times):
        spans = found[str(time.weekday - 1)]
        spans.append([time.opens, time.closes])
        if len(spans) > rules.MAX_SPANS or rules.overlaps(spans):
            words = _("A day has at most 3 opening times, and they must not overlap.")
            raise Invalid([Fault(words, "overlaps", pointer=f"/opening_times/{index}")])
    return {day: sorted(spans) for day, spans in sorted(found.items())}


def _answer(row: Row) -> Location:
    times = [
        OpeningTime(weekday=int(day) + 1, opens=opens, closes=closes)
        for day, spans in sorted(row.opening_hours.items())
        for opens, closes in spans
    ]
    names = ("id", "name", "address", "is_active", "created_at")
    return Location.model_construct(**{name: getattr(row, name) for name in names}, opening_times=times)
