"""Throttles: how often one key may try in a fixed window, counted in PostgreSQL for all processes together.

Counted on a connection of its own, so that an attempt counts although the request's transaction is rolled back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address

from flask import request
from flask_babel import gettext as _
from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert

from saas.db import PLATFORM, db
from saas.db.session import aside, bind_statement
from saas.web.clock import utcnow
from saas.web.models import Throttle
from saas.web.refusals import TooMany


def window(now: dt.datetime, seconds: int) -> dt.datetime:
    """When the fixed window of `now` began."""
    return dt.datetime.fromtimestamp(now.timestamp() // seconds * seconds, dt.UTC)


def key_of(action: str, identity: str) -> str:
    return f"{action}:{identity.lower()}"[:200]


def refuse_throttled(action: str, identity: str, limit: int, seconds: int) -> None:
    """Raise TooMany when `limit` attempts were counted in this window; counts nothing itself."""
    now = utcnow()
    query = select(Throttle.count).where(
        Throttle.key == key_of(action, identity), Throttle.window_start == window(now, seconds)
    )
    with aside().begin() as connection:
        connection.exec_driver_sql(*bind_statement(PLATFORM))
        attempts = connection.execute(query).scalar_one_or_none()
    if attempts is not None and attempts >= limit:
        raise _too_many(_left(now, seconds))


def _left(now: dt.datetime, seconds: int) -> int:
    """How long the window of `now` still lasts, a second at least."""
    return max(seconds - int((now - window(now, seconds)).total_seconds()), 1)


def _too_many(seconds: int) -> TooMany:
    return TooMany(_("Too many attempts. Please wait a few minutes and try again."), seconds)


def throttle(action: str, identity: str, limit: int, seconds: int) -> None:
    """Count one attempt of `identity` at `action`; raises TooMany from attempt `limit` + 1 on in `seconds`."""
    rate = count(action, identity, limit, seconds)
    if rate.count > limit:
        raise _too_many(rate.reset_seconds)


@dataclass(frozen=True)
class Rate:
    """How often something was tried in the window that is open, and when the window ends."""

    count: int
    limit: int
    seconds: int
    reset_seconds: int

    @property
    def remaining(self) -> int:
        return max(self.limit - self.count, 0)


def count(action: str, identity: str, limit: int, seconds: int) -> Rate:
    """Count one attempt of `identity` at `action`, and say how many there were; refuses nothing."""
    now = utcnow()
    start = window(now, seconds)
    statement = insert(Throttle).values(key=key_of(action, identity), window_start=start, count=1)
    upsert = statement.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "count": case((Throttle.window_start == start, Throttle.count + 1), else_=1),
            "window_start": start,
        },
    ).returning(Throttle.count)
    with aside().begin() as connection:
        connection.exec_driver_sql(*bind_statement(PLATFORM))
        attempts = connection.execute(upsert).scalar_one()
    return Rate(attempts, limit, seconds, _left(now, seconds))


def forget_old(now: dt.datetime) -> None:
    """Remove counters of windows that are over for a day."""
    db.session.execute(delete(Throttle).where(Throttle.window_start < now - dt.timedelta(days=1)))


def address() -> str:
    """The caller's address, as the configured number of proxies reports it; of IPv6 the network, since a home has
    2**64 addresses of its own."""
    try:
        found = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Network((found, 64), strict=False))
    return str(found)
