"""One-use codes: good for under a minute, burnt by one conditional UPDATE: two phones can't share one."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from zoneinfo import ZoneInfo

from flask_babel import format_datetime, get_timezone
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, func, select, update

from saas.db import db, new_id
from saas.web.refusals import Refusal
from saas.web.tokens import new_token
from tenants.counter.models import OneTimeCode
from tenants.counter.rules import DIGITS, spelled
from tenants.locations import rules as hours
from tenants.locations.models import Location

LIFETIME = dt.timedelta(seconds=50)
RETRY_WINDOW = dt.timedelta(minutes=2)
FORGET_AFTER = dt.timedelta(days=1)
ISSUE_LOCK = 7_201  # any number: the advisory lock under which a merchant's codes are issued


class CodeDoesNotWork(Refusal):
    """Unknown, expired, used or another shop's: nobody is told which."""

    def __init__(self) -> None:
        super().__init__(
            _("This code does not work. Codes change every few seconds: please use the one shown now.")
        )


class ShopClosed(Refusal):
    """The counter's codes give no stamps outside opening hours."""


def issue_stamp(
    units: int,
    program_id: uuid.UUID | None,
    location_id: uuid.UUID | None,
    staff_id: uuid.UUID | None,
    staff_name: str | None,
    now: dt.datetime,
) -> OneTimeCode:
    """A code on the counter's screen that gives one member `units` stamps."""
    return _issue(
        OneTimeCode(
            kind="stamp",
            units=units,
            program_id=program_id,
            location_id=location_id,
            staff_id=staff_id,
            staff_name=staff_name,
        ),
        now,
    )


def issue_reward(reward_id: uuid.UUID, now: dt.datetime) -> OneTimeCode:
    """A code on a member's screen by which the counter hands out one reward."""
    return _issue(OneTimeCode(kind="reward", units=1, reward_id=reward_id), now)


def _issue(code: OneTimeCode, now: dt.datetime) -> OneTimeCode:
    """Give the code digits that no valid one of its kind has; a lock keeps two from choosing the same."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(func.current_schema()), ISSUE_LOCK)))
    valid = select(OneTimeCode.digits).where(OneTimeCode.kind == code.kind, *_unused(now))
    taken = set(db.session.scalars(valid))
    digits = _digits()
    while digits in taken:
        digits = _digits()
    code.id, code.digits, code.token = new_id(), digits, new_token()
    code.created_at, code.expires_at = now, now + LIFETIME
    db.session.add(code)
    db.session.flush()
    return code


def _digits() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def burn_stamp(text: str, member_id: uuid.UUID, now: dt.datetime) -> OneTimeCode:
    """Use a counter code up for a member. The stamp's request key is f"code:{code.id}".

    The member who burnt it gets the same answer again for two minutes, for a phone that lost the first one.
    Raises CodeDoesNotWork, and ShopClosed outside the opening hours of the code's location.
    """
    code = _burn("stamp", text, member_id, now, now)
    _check_open(code.location_id, now)
    return code


def burn_reward(
    text: str,
    now: dt.datetime,
    *,
    staff_id: uuid.UUID | None = None,
    grace: dt.timedelta = dt.timedelta(0),
) -> OneTimeCode:
    """Use a member's reward code up. `grace`: how late it may be, for a cashier who saw it in time.

    The same cashier's repeat within two minutes is answered like the first time. Raises CodeDoesNotWork.
    """
    return _burn("reward", text, staff_id, now, now - grace)


def look_at_reward(text: str, now: dt.datetime) -> OneTimeCode | None:
    """The reward code that a text names if it works now; uses nothing up."""
    named = _named(text)
    if named is None:
        return None
    return db.session.scalar(select(OneTimeCode).where(OneTimeCode.kind == "reward", named, *_unused(now)))


def named(text: str) -> str | None:
    """The digits or the token in whatever was typed or scanned; None where it has the shape of neither."""
    return spelled(text)[1]


def _burn(kind: str, text: str, by: uuid.UUID | None, now: dt.datetime, valid_at: dt.datetime) -> OneTimeCode:
    named = _named(text)
    if named is None:
        raise CodeDoesNotWork
    burnt = db.session.scalar(
        update(OneTimeCode)
        .where(OneTimeCode.kind == kind, named, *_unused(valid_at))
        .values(used_at=now, used_by=by)
        .returning(OneTimeCode)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if burnt is not None:
        return burnt
    repeated = db.session.scalar(
        select(OneTimeCode)
        .where(
            OneTimeCode.kind == kind,
            named,
            OneTimeCode.used_by == by,
            OneTimeCode.used_at > now - RETRY_WINDOW,
        )
        .order_by(OneTimeCode.used_at.desc())
        .limit(1)
    )
    if by is None or repeated is None:
        raise CodeDoesNotWork
    return repeated


def _unused(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now


def _named(text: str) -> ColumnElement[bool] | None:
    """Which codes a text means; None where it can be none."""
    spelling, value = spelled(text)
    if spelling is None:
        return None
    return OneTimeCode.digits == value if spelling == "digits" else OneTimeCode.token == value


def _check_open(location_id: uuid.UUID | None, now: dt.datetime) -> None:
    location = db.session.get(Location, location_id) if location_id else None
    if location is None:
        return
    local = now.astimezone(ZoneInfo(str(get_timezone())))
    if hours.is_open(location.opening_hours, local):
        return
    opening = hours.next_opening(location.opening_hours, local)
    if opening is None:
        raise ShopClosed(_("The shop is closed now, so no stamps can be had with a code."))
    moment = format_datetime(opening, "EEEE HH:mm", rebase=False)
    raise ShopClosed(_("The shop is closed now. Stamps are possible again from %(moment)s.", moment=moment))


def forget_old(now: dt.datetime) -> int:
    """Delete codes that expired a day ago; returns how many."""
    gone = db.session.scalars(
        delete(OneTimeCode).where(OneTimeCode.expires_at < now - FORGET_AFTER).returning(OneTimeCode.id)
    )
    return len(gone.all())
