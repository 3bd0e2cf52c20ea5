"""Reads of locations and of the shop's pictures."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask import abort
from sqlalchemy import func, select

from saas.db import db
from tenants.locations import rules
from tenants.locations.models import Image, Location


def all_active() -> Sequence[Location]:
    """The locations that receive members and that the plan holds, oldest first."""
    query = select(Location).where(Location.is_active, Location.frozen_at.is_(None))
    return db.session.scalars(query.order_by(Location.created_at, Location.id)).all()


def every() -> Sequence[Location]:
    """All locations, closed ones last."""
    query = select(Location).order_by(Location.is_active.desc(), Location.created_at, Location.id)
    return db.session.scalars(query).all()


def default_location() -> Location | None:
    """The oldest location that receives members; None only before provisioning has made one."""
    query = select(Location).where(Location.is_active)
    query = query.order_by(Location.frozen_at.is_not(None), Location.created_at, Location.id)
    return db.session.scalar(query.limit(1))


def get(location_id: uuid.UUID) -> Location:
    """The location; 404 where there is none."""
    return db.session.get(Location, location_id) or abort(404)


def count_active() -> int:
    query = select(func.count()).select_from(Location).where(Location.is_active)
    return db.session.execute(query).scalar_one()


def is_open_now(location: Location, now: dt.datetime, time_zone: str) -> bool:
    """Whether the location is open at `now` (UTC), by the clock on the shop's wall."""
    return rules.is_open(location.opening_hours, now.astimezone(ZoneInfo(time_zone)))


def logo(version: str | None = None) -> Image | None:
    """The shop's logo: of a version, else the newest."""
    query = select(Image).where(Image.purpose == "logo").order_by(Image.created_at.desc()).limit(1)
    return db.session.scalar(query.where(Image.version == version) if version else query)
