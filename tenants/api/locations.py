"""Locations at the API: where the shop receives members."""

from __future__ import annotations

from uuid import UUID

from flask import abort
from flask_babel import gettext as _
from sqlalchemy import select

from saas.db import db
from saas.web.problems import Fault, Invalid
from tenants.api.cursors import page
from tenants.api.example_ids import LOCATION
from tenants.api.operation import Example, Resource
from tenants.api.schemas import Answer, Moment, PageQuery
from tenants.locations.models import Location as Row

resource = Resource("locations", "Locations", "Where the shop receives members.")


class Location(Answer):
    """A shop, or a stall."""

    id: UUID
    name: str
    address: str
    is_active: bool
    created_at: Moment


class LocationPage(Answer):
    """Locations, the newest first."""

    data: list[Location]
    next_cursor: str | None


OLD_TOWN = {
    "id": LOCATION,
    "name": "Old town",
    "address": "Adrianou 12, Athens",
    "is_active": True,
    "created_at": "2026-10-01T07:00:00Z",
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
    return LocationPage(data=[Location.model_validate(row[0]) for row in rows], next_cursor=cursor)


@resource.get(
    "/locations/<uuid:location_id>",
    "locations:read",
    "Get a location",
    answer=Location,
    example=Example(ids={"location_id": LOCATION}, answer=OLD_TOWN),
)
def get(location_id: UUID) -> Location:
    return Location.model_validate(db.session.get(Row, location_id) or abort(404))


def check(location_id: UUID | None) -> None:
    """Raise Invalid for a location in a body that is missing, foreign or closed."""
    if location_id is None:
        return
    row = db.session.get(Row, location_id)
    if row is None or not row.is_active:
        words = _("There is no such location that receives members.")
        raise Invalid([Fault(words, "unknown_location", pointer="/location_id")])
