"""What stays when a plan holds less than there is: the owner's choice first, then the oldest; the rest is frozen.

Nothing that is frozen is lost, and a larger plan brings all of it back by itself. Rooms above say what they hold.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import select

from saas.billing.entitlements import is_limited, limit_of
from saas.billing.models import Subscription
from saas.db import PLATFORM, db, transaction
from saas.merchants.models import Merchant
from saas.merchants.registry import Record, record
from saas.web.jobs import defer


@dataclass(frozen=True)
class Kept:
    """One thing that a plan counts; `is_fixed` is never frozen."""

    id: uuid.UUID
    name: str
    is_frozen: bool
    is_fixed: bool = False


@dataclass(frozen=True)
class Holding:
    """How a room lists what a plan counts, and freezes what it is told to; in the platform's transaction or its own."""

    what: str
    listed: Callable[[Record], list[Kept]]
    freeze: Callable[[Record, Set[uuid.UUID], dt.datetime], None]
    is_platform: bool = False


_holdings: dict[str, Holding] = {}


def hold(holding: Holding) -> None:
    """Register a room's holding."""
    _holdings[holding.what] = holding


def holdings() -> list[Holding]:
    """Those of the platform first."""
    return sorted(_holdings.values(), key=lambda holding: (not holding.is_platform, holding.what))


@dataclass(frozen=True)
class Group:
    """All of one kind, and how many of them the plan holds."""

    what: str
    limit: int | None
    things: tuple[Kept, ...]

    @property
    def is_over(self) -> bool:
        return self.limit is not None and len(self.things) > self.limit

    def counted(self, chosen: Iterable[str]) -> set[uuid.UUID]:
        """What a choice keeps: the chosen ones that there are, and those that can't be frozen."""
        wanted = set(chosen)
        return {thing.id for thing in self.things if thing.is_fixed or str(thing.id) in wanted}


def groups(merchant_id: uuid.UUID) -> list[Group]:
    """Everything that plans hold a number of; no transaction may be open."""
    with transaction(PLATFORM):
        merchant = record(db.session.get_one(Merchant, merchant_id))
        found = [_group(holding, merchant) for holding in holdings() if holding.is_platform]
    with transaction(merchant.binding):
        found += [_group(holding, merchant) for holding in holdings() if not holding.is_platform]
    return found


def _group(holding: Holding, merchant: Record) -> Group:
    return Group(holding.what, limit_of(merchant, holding.what), tuple(holding.listed(merchant)))


def left_out(things: Sequence[Kept], limit: int | None, chosen: Iterable[str]) -> set[uuid.UUID]:
    """What a plan of this limit leaves out: all but the fixed ones, then the chosen, then the first of the list."""
    if limit is None or len(things) <= limit:
        return set()
    wanted = set(chosen)
    ranked = sorted(things, key=lambda thing: (not thing.is_fixed, str(thing.id) not in wanted))
    return {thing.id for thing in ranked[limit:] if not thing.is_fixed}


def stored(merchant_id: uuid.UUID) -> dict[str, list[str]]:
    """What the owner chose to keep, by limit; needs the platform's transaction."""
    query = select(Subscription.kept_choices).where(Subscription.merchant_id == merchant_id)
    return dict(db.session.scalar(query) or {})


def choose(merchant_id: uuid.UUID, chosen: Mapping[str, Sequence[str]]) -> None:
    """Keep the owner's choice, also for the next time; needs the platform's transaction."""
    query = select(Subscription).where(Subscription.merchant_id == merchant_id).with_for_update()
    subscription = db.session.scalars(query).one()
    subscription.kept_choices = {
        **subscription.kept_choices,
        **{what: list(ids) for what, ids in chosen.items()},
    }
    db.session.flush()


def lock_of(merchant_id: uuid.UUID) -> str:
    """Jobs that apply a merchant's limits run one after another, in the order of the changes that asked for them."""
    return f"billing.limits:{merchant_id}"


def ask(merchant_id: uuid.UUID) -> None:
    """Apply the limits soon, by what is true once this transaction commits. A job per change: one that runs already
    may have read what was before."""
    if is_limited():
        defer("billing.apply_limits", lock=lock_of(merchant_id), merchant_id=str(merchant_id))


def apply(merchant_id: uuid.UUID, now: dt.datetime) -> None:
    """Freeze what the plan leaves out and bring back what it holds; twice is harmless. No transaction may be open."""
    with transaction(PLATFORM):
        row = db.session.get(Merchant, merchant_id)
        if row is None or row.status == "closed":
            return
        merchant, chosen = record(row), stored(merchant_id)
        for holding in holdings():
            if holding.is_platform:
                _apply(holding, merchant, chosen, now)
    with transaction(merchant.binding):
        for holding in holdings():
            if not holding.is_platform:
                _apply(holding, merchant, chosen, now)


def _apply(holding: Holding, merchant: Record, chosen: Mapping[str, Sequence[str]], now: dt.datetime) -> None:
    limit = limit_of(merchant, holding.what)
    out = left_out(holding.listed(merchant), limit, chosen.get(holding.what, ()))
    holding.freeze(merchant, out, now)
