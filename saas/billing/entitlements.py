"""What a merchant's plan allows: asked in one place, with the same words for the console and the API.

Rooms above say how they count what a plan limits (`counts`), and ask before they add to it (`require`). The plan stands
in the registry's record, so that asking takes no query but the room's own count. What members do is never asked here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l

from saas.billing import plans, words
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.refusals import Refusal

GRACE = dt.timedelta(days=7)  # how long a plan with too many active members publishes as before
NAMES: dict[str, Any] = {
    "active_members": _l("Active members"),
    "programs": _l("Running programs"),
    "campaigns": _l("New coupons and campaigns a month"),
    "locations": _l("Locations"),
    "staff": _l("Staff"),
    "partner_cards": _l("Partner cards"),
    "api_calls": _l("API calls a month"),
}
PUBLISHED = ("programs", "campaigns")
Counter = Callable[[Record, dt.datetime], int]
_counters: dict[str, Counter] = {}


class OverLimit(Refusal):
    """The plan holds no more of this; the words say what it holds, what is used, and where to change it."""


class ApiCallsUsedUp(OverLimit):
    """The month's calls of the plan are used; what members need at the till goes on."""

    status = 429


@dataclass(frozen=True)
class Use:
    """How much of one limit is used; `limit` None where the plan knows none."""

    what: str
    used: int
    limit: int | None

    @property
    def percent(self) -> int:
        """Of the limit, in whole percents, rounded down; 0 where there is none."""
        if self.limit is None:
            return 0
        return self.used * 100 // self.limit if self.limit else 100 * bool(self.used)

    @property
    def level(self) -> str:
        """ok, near (80 % or more) or over: more than the plan holds."""
        if self.limit is None:
            return "ok"
        if self.used > self.limit:
            return "over"
        return "near" if self.percent >= 80 and self.limit > 3 else "ok"

    @property
    def room(self) -> int | None:
        return None if self.limit is None else max(self.limit - self.used, 0)


def counts(what: str) -> Callable[[Counter], Counter]:
    """Register how a room counts what the plan limits; it is called in the transaction in which `require` is."""

    def register(counter: Counter) -> Counter:
        _counters[what] = counter
        return counter

    return register


def is_limited() -> bool:
    """Whether plans limit anything here: where no money is taken, everything is included."""
    return bool(current_app.extensions["regulars"].settings.billing.is_on)


def limit_of(merchant: Record, what: str) -> int | None:
    """How much of something the merchant's plan holds, None without a limit."""
    return plans.limit(merchant.plan, what) if is_limited() else None


def use_of(merchant: Record, what: str, now: dt.datetime | None = None) -> Use:
    """What is used of a limit; needs the transaction in which the room counts."""
    limit = limit_of(merchant, what)
    return Use(what, _counters[what](merchant, now or utcnow()) if what in _counters else 0, limit)


def allows(merchant: Record, what: str, wanted: int = 1, now: dt.datetime | None = None) -> bool:
    """Whether the plan holds `wanted` more; counts only where there is a limit."""
    return _refused(merchant, what, wanted, now or utcnow()) is None


def require(merchant: Record, what: str, wanted: int = 1, now: dt.datetime | None = None) -> None:
    """Raises OverLimit where the plan does not hold `wanted` more."""
    refusal = _refused(merchant, what, wanted, now or utcnow())
    if refusal is not None:
        raise refusal


def stops_at(merchant: Record) -> dt.datetime | None:
    """From when on nothing new is published, because the plan has had too many active members for GRACE."""
    return merchant.over_limit_since + GRACE if merchant.over_limit_since else None


def _refused(merchant: Record, what: str, wanted: int, now: dt.datetime) -> OverLimit | None:
    stop = stops_at(merchant)
    if what in PUBLISHED and stop is not None and now >= stop and is_limited():
        return OverLimit(words.too_many_members(merchant.plan, limit_of(merchant, "active_members") or 0))
    if limit_of(merchant, what) is None:
        return None
    use = use_of(merchant, what, now)
    if use.limit is None or use.used + wanted <= use.limit:
        return None
    return OverLimit(words.over(merchant.plan, what, use.used, use.limit))
