"""What comes out of the engine: prices, discounts, payments, units, and what a refund needs to know later."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tenants.engine.lots import Clawback, Lot
from tenants.engine.programs import Per
from tenants.engine.reasons import Reason
from tenants.engine.sharing import Number, Rounding
from tenants.engine.values import Enrolment, Ready, Standing


@dataclass(frozen=True)
class Source:
    """What a discount, refusal or grant comes from: a coupon (or one code of it), a reward bought with units, or an
    issued reward that is used."""

    kind: Literal["coupon", "reward", "ready"]
    id: str
    program_id: str = ""
    version_id: str = ""


@dataclass(frozen=True)
class LineDiscount:
    source: Source
    amount_minor: int


@dataclass(frozen=True)
class PricedLine:
    """A line as it is charged: gross - till's discount - discounts = net."""

    key: str
    quantity: Decimal
    gross_minor: int
    till_discount_minor: int
    net_minor: int
    discounts: tuple[LineDiscount, ...] = ()
    is_delivery: bool = False


@dataclass(frozen=True)
class Used:
    """A coupon or reward that was used: how often it applied, the units it cost, what it took off, what to hand out.

    `uses_key` is what a use by the member is counted under. `is_whole`: it comes back only when every line that it
    reduced is returned; otherwise in proportion.
    """

    source: Source
    kind: str
    times: int
    discount_minor: int
    units: int = 0
    pieces: tuple[Lot, ...] = ()
    to_hand_out: int = 0
    is_whole: bool = True
    ready: Ready | None = None
    uses_key: str = ""


@dataclass(frozen=True)
class Refused:
    """Why a coupon or reward does nothing. `is_automatic`: nobody asked for it."""

    source: Source
    reason: Reason
    is_automatic: bool = False


@dataclass(frozen=True)
class Payment:
    """What gift cards and units paid, in the order in which a refund gives it back (money comes last)."""

    kind: Literal["gift_card", "units"]
    id: str
    amount_minor: int
    units: int = 0
    pieces: tuple[Lot, ...] = ()
    program_id: str = ""


@dataclass(frozen=True)
class Grant:
    """Something to issue: so many coupons, gift cards over an amount, pieces of merchandise, or early access."""

    source: Source
    kind: str
    item: str
    count: int
    amount_minor: int = 0


@dataclass(frozen=True)
class Earned:
    """What one rule earned, with its arithmetic: units = rounded(units_each * sum of weights [/ step_minor]), the
    weights being items or money by line, multiplied. A visit has none: it stays until all is returned."""

    rule_key: str
    per: Per
    units: int
    units_each: Decimal
    rounding: Rounding
    full_steps: bool = False
    max_units: int = 0
    step_minor: int = 0
    weights: tuple[tuple[str, Number], ...] = ()
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Missed:
    """A rule that earned nothing, and why."""

    rule_key: str
    reason: Reason


@dataclass(frozen=True)
class Outcome:
    """What a purchase does to one program of the member. `units` is what it earned, `lot` holds them (none for tiers),
    `enrolment` and `standing` are as they are afterwards, `ready` the rewards that opened by it."""

    program_id: str
    version_id: str
    kind: str
    units: int
    clawback: Clawback
    earned: tuple[Earned, ...] = ()
    missed: tuple[Missed, ...] = ()
    lot: Lot | None = None
    ready: tuple[str, ...] = ()
    spent: int = 0
    affordable: tuple[str, ...] = ()
    enrolment: Enrolment | None = None
    tier_before: str = ""
    standing: Standing | None = None


@dataclass(frozen=True)
class Result:
    """The answer for one purchase. total = sum of the lines' nets; due = total - payments."""

    key: str
    currency: str
    at: dt.datetime
    time_zone: str
    member_id: str
    lines: tuple[PricedLine, ...]
    total_minor: int
    discount_minor: int
    due_minor: int
    used: tuple[Used, ...] = ()
    refused: tuple[Refused, ...] = ()
    payments: tuple[Payment, ...] = ()
    grants: tuple[Grant, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    def outcome(self, program_id: str) -> Outcome | None:
        return next((outcome for outcome in self.outcomes if outcome.program_id == program_id), None)
