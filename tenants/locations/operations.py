"""Writes of locations and of the shop's logo."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from saas.billing import choices
from saas.db import db
from saas.merchants.opening import at_opening
from saas.merchants.registry import Record
from saas.web.refusals import Refusal
from tenants.locations import allowance
from tenants.locations.models import Image, Location


class LastLocation(Refusal):
    """The only location that receives members was to be closed."""


@at_opening
def open_first(shop_name: str, now: dt.datetime) -> None:
    """Every merchant begins with one location, named after the shop; of two at once, one makes it."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(func.current_schema()))))
    if db.session.scalar(select(Location.id).limit(1)) is None:
        add(shop_name[:120], "", {}, now)


def add(
    name: str, address: str, hours: dict[str, Any], now: dt.datetime, merchant: Record | None = None
) -> Location:
    """Open a location. Raises OverLimit where `merchant` has a plan that holds no further one."""
    if merchant is not None:
        allowance.require_one_more(merchant)
    location = Location(name=name, address=address, opening_hours=hours, created_at=now)
    db.session.add(location)
    db.session.flush()
    return location


def change(location: Location, name: str, address: str, hours: dict[str, Any]) -> Location:
    location.name, location.address, location.opening_hours = name, address, hours
    db.session.flush()
    return location


def close(location_id: uuid.UUID, merchant: Record) -> None:
    """Close a location; its entries keep naming it, and one that waited for a place of the plan may open. Locks all
    open ones: of two closings one waits."""
    query = select(Location).where(Location.is_active).order_by(Location.id).with_for_update()
    open_ones = db.session.scalars(query).all()
    if len(open_ones) == 1 and open_ones[0].id == location_id:
        raise LastLocation(_("A shop needs at least one location. Add another one first."))
    for location in open_ones:
        if location.id == location_id:
            location.is_active = False
            choices.ask(merchant.id)
    db.session.flush()


def reopen(location: Location, merchant: Record) -> None:
    """Raises OverLimit; where the plan holds one more, all that are open have a place, and it is frozen no longer."""
    if not location.is_active:
        allowance.require_one_more(merchant)
        location.frozen_at = None
    location.is_active = True
    db.session.flush()


def keep_logo(content: bytes, version: str, now: dt.datetime) -> None:
    """Make this PNG the shop's logo; the one before it is gone."""
    db.session.execute(delete(Image).where(Image.purpose == "logo"))
    db.session.add(Image(purpose="logo", version=version, content=content, created_at=now))
    db.session.flush()


def remove_logo() -> None:
    db.session.execute(delete(Image).where(Image.purpose == "logo"))
