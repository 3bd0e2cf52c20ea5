"""Lots: units earned together that expire together; what is spent first, what expires, what a debt takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tenants.engine.dates import DAY, add_months, end_of, local, start_of
from tenants.engine.mapping import Problem

Clawback = Literal["negative", "stop_at_zero"]
FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


class NotEnough(Exception):
    """More units were asked for than are there to spend."""


@dataclass(frozen=True)
class Lot:
    """Units with one origin. What is taken from a lot is a piece: the same lot with the units taken."""

    id: str
    units: int
    earned_at: dt.datetime
    expires_at: dt.datetime | None = None
    available_at: dt.datetime | None = None


@dataclass(frozen=True)
class Account:
    """Open lots, or a debt when more was taken back than was there; never both. Balance = lots - debt."""

    lots: tuple[Lot, ...] = ()
    debt: int = 0

    @property
    def balance(self) -> int:
        return sum(lot.units for lot in self.lots) - self.debt

    def spendable(self, at: dt.datetime) -> int:
        """Units that may be spent now: not pending, not expired, no debt before them."""
        return max(sum(lot.units for lot in self.lots if _is_open(lot, at)) - self.debt, 0)


def earn(account: Account, lot: Lot) -> Account:
    """Add a lot; a debt is paid first, from what is spent first."""
    return give_back(account, [lot])


def give_back(account: Account, pieces: Iterable[Lot]) -> Account:
    """Add pieces of lots, each under its old expiry, then pay a debt from what is spent first."""
    known = {held.id: held for held in account.lots}
    for piece in pieces:
        before = known.get(piece.id)
        if piece.units:
            known[piece.id] = replace(piece, units=piece.units + (before.units if before else 0))
    lots, taken = _take(tuple(known.values()), account.debt)
    return Account(lots, account.debt - units_of(taken))


def spend(account: Account, units: int, at: dt.datetime) -> tuple[Account, tuple[Lot, ...]]:
    """Take units: soonest to expire first, then oldest, what never expires last. Raises NotEnough."""
    if units < 0 or units > account.spendable(at):
        raise NotEnough(units)
    usable = tuple(lot for lot in account.lots if _is_open(lot, at))
    kept = tuple(lot for lot in account.lots if not _is_open(lot, at))
    left, taken = _take(usable, units)
    return replace(account, lots=_sorted(kept + left)), taken


def take_back(account: Account, lot_id: str, units: int, policy: Clawback) -> tuple[Account, int, int]:
    """Take back earned units: of their own lot first, then as spending does, pending ones too.

    Returns the account, the units taken (into debt where the policy allows a negative balance), and what could not
    be taken because the balance stops at zero.
    """
    own = tuple(lot for lot in account.lots if lot.id == lot_id)
    others = tuple(lot for lot in account.lots if lot.id != lot_id)
    own, first = _take(own, units)
    others, second = _take(others, units - units_of(first))
    missing = units - units_of(first) - units_of(second)
    lots = _sorted(own + others)
    if policy == "negative":
        return Account(lots, account.debt + missing), units, 0
    return Account(lots, account.debt), units - missing, missing


def expire(account: Account, at: dt.datetime) -> tuple[Account, tuple[Lot, ...]]:
    """Close the lots whose time is over; returns what was lost. Doing it again changes nothing."""
    over = tuple(lot for lot in account.lots if lot.expires_at is not None and lot.expires_at <= at)
    return replace(account, lots=tuple(lot for lot in account.lots if lot not in over)), over


def expiring(account: Account, at: dt.datetime, until: dt.datetime) -> tuple[Lot, ...]:
    """The lots that end between now and then, soonest first: what to warn of."""
    return tuple(lot for lot in _sorted(account.lots) if lot.expires_at and at < lot.expires_at <= until)


def units_of(pieces: Iterable[Lot]) -> int:
    return sum(piece.units for piece in pieces)


@dataclass(frozen=True)
class Expiry:
    """When units expire: so many months and days after they were earned, or at the end of the calendar year after
    `years_end` more years (0: this year's end). None of them: never."""

    months: int = 0
    days: int = 0
    years_end: int | None = None

    def faults(self) -> Iterator[Problem]:
        for name in ("months", "days", "years_end"):
            if not 0 <= (getattr(self, name) or 0) <= 3660:
                yield Problem(name, "out_of_range", {"min": 0, "max": 3660})
        if self.years_end is not None and (self.months or self.days):
            yield Problem("years_end", "contradicts", {"with": "months"})

    def ends_at(self, earned_at: dt.datetime, zone_name: str) -> dt.datetime | None:
        """The first instant at which units are no longer good: the end of a local day."""
        day = local(earned_at, zone_name).date()
        if self.years_end is not None:
            return end_of(dt.date(day.year + self.years_end, 12, 31), zone_name)
        if not self.months and not self.days:
            return None
        return end_of(add_months(day, self.months) + self.days * DAY, zone_name)


def available_at(earned_at: dt.datetime, pending_days: int, zone_name: str) -> dt.datetime | None:
    """When pending units become spendable: at the start of the day after so many whole days; None is at once."""
    if not pending_days:
        return None
    return start_of(local(earned_at, zone_name).date() + (pending_days + 1) * DAY, zone_name)


def _is_open(lot: Lot, at: dt.datetime) -> bool:
    return (lot.available_at is None or lot.available_at <= at) and (lot.expires_at or FAR) > at


def _spending_order(lot: Lot) -> tuple[dt.datetime, dt.datetime, str]:
    return lot.expires_at or FAR, lot.earned_at, lot.id


def _sorted(lots: tuple[Lot, ...]) -> tuple[Lot, ...]:
    return tuple(sorted(lots, key=_spending_order))


def _take(lots: tuple[Lot, ...], units: int) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """Take up to `units` from lots in spending order: what is left of them, and the pieces taken."""
    left, taken = [], []
    for lot in _sorted(lots):
        part = min(lot.units, units)
        units -= part
        if part:
            taken.append(replace(lot, units=part))
        if lot.units > part:
            left.append(replace(lot, units=lot.units - part))
    return tuple(left), tuple(taken)
