"""What goes into the engine: the basket with its lines, and the facts about a member."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from tenants.engine.dates import FIRST_YEAR, LAST_YEAR, zone
from tenants.engine.lots import Account, Lot
from tenants.engine.mapping import Problem
from tenants.engine.rewards import Reward
from tenants.engine.sharing import exact, half_up


@dataclass(frozen=True)
class Line:
    """One line of a purchase. `key` names it within the purchase; `categories` hold those above them too.

    `discount_minor` is the till's own discount on the whole line, `tax_minor` the tax contained in what is left.
    A delivery line is no goods: it counts towards no minimum, earns nothing, and only delivery discounts touch it.
    """

    key: str
    unit_price_minor: int
    quantity: Decimal = Decimal(1)
    sku: str = ""
    categories: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    discount_minor: int = 0
    tax_minor: int = 0
    is_excluded_from_earning: bool = False
    is_excluded_from_redeeming: bool = False
    is_delivery: bool = False

    @property
    def amount_minor(self) -> int:
        """Quantity times price, rounded half up, before any discount."""
        return half_up(self.unit_price_minor * exact(self.quantity))

    def faults(self) -> Iterator[Problem]:
        if self.unit_price_minor < 0:
            yield Problem("unit_price_minor", "out_of_range", {"min": 0})
        if self.quantity <= 0:
            yield Problem("quantity", "out_of_range", {"above": 0})
        elif self.quantity.as_tuple().exponent < -6:  # type: ignore[operator]
            yield Problem("quantity", "too_precise", {"places": 6})
        elif not 0 <= self.discount_minor <= self.amount_minor:
            yield Problem("discount_minor", "out_of_range", {"min": 0, "max": self.amount_minor})
        elif not 0 <= self.tax_minor <= self.amount_minor - self.discount_minor:
            yield Problem(
                "tax_minor", "out_of_range", {"min": 0, "max": self.amount_minor - self.discount_minor}
            )


@dataclass(frozen=True)
class Basket:
    """A purchase to be judged, at a moment, in the merchant's time zone. `key` names the purchase: it becomes part of
    the names of lots and rewards that come out of it. Without lines it is a visit of which nothing more is known."""

    key: str
    currency: str
    lines: tuple[Line, ...]
    at: dt.datetime
    time_zone: str = "UTC"
    location: str = ""

    def faults(self) -> Iterator[Problem]:
        seen: set[str] = set()
        for index, line in enumerate(self.lines):
            if line.key in seen:
                yield Problem(f"lines.{index}.key", "twice", {"value": line.key})
            seen.add(line.key)
        try:
            zone(self.time_zone)
        except (KeyError, ValueError, OSError):
            yield Problem("time_zone", "unknown_name", {"value": self.time_zone})
        if self.at.tzinfo is None:
            yield Problem("at", "wrong_type", {"expected": "moment with time zone"})
        if not FIRST_YEAR < self.at.year <= LAST_YEAR:
            yield Problem("at", "out_of_range", {"min": FIRST_YEAR + 1, "max": LAST_YEAR})


@dataclass(frozen=True)
class Ready:
    """A reward that is issued and not yet handed out; as it was promised, with the units it cost."""

    id: str
    program_id: str
    version_id: str
    reward: Reward
    pieces: tuple[Lot, ...] = ()
    expires_at: dt.datetime | None = None


@dataclass(frozen=True)
class Card:
    """The stamp card under way: the version it began under, the stamps it needs, and what it gives."""

    version_id: str
    required: int
    reward: Reward


@dataclass(frozen=True)
class Enrolment:
    """A member's part in one program: the account, the card under way, and the rewards issued, not yet handed out."""

    account: Account = field(default_factory=Account)
    card: Card | None = None
    ready: tuple[Ready, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Where a member stands in a tier program: the tier held, until when, and the qualifying units by date."""

    tier: str = ""
    kept_until: dt.datetime | None = None
    qualified: tuple[tuple[dt.datetime, int], ...] = ()


@dataclass(frozen=True)
class Member:
    """The facts about a member that rules ask for. `uses` counts what the member used before, by coupon id or by
    `program/rule`; `enrolments` and `standings` go by program id."""

    id: str
    birthday: dt.date | None = None
    tags: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    purchase_count: int = 0
    last_purchase_at: dt.datetime | None = None
    enrolments: Mapping[str, Enrolment] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    uses: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def tiers(self) -> frozenset[str]:
        """The tiers held, as `program/tier` and as `tier` alone."""
        held = {(program, standing.tier) for program, standing in self.standings.items() if standing.tier}
        return frozenset(f"{program}/{tier}" for program, tier in held) | frozenset(tier for _, tier in held)


@dataclass(frozen=True)
class Redeem:
    """The wish to spend units on a reward: `units` where the reward lets the member choose how many (None: all that are
    of use)."""

    program_id: str
    reward_key: str
    units: int | None = None


@dataclass(frozen=True)
class UseReady:
    """The wish to use an issued reward on this purchase."""

    ready_id: str


@dataclass(frozen=True)
class GiftCard:
    """The wish to pay by a gift card, of which so much is left."""

    id: str
    value_minor: int


Choice = Redeem | UseReady | GiftCard
