"""What a merchant's subscription amounts to now, and what each surface does in each state. Pure: `now` is given.

Members never lose anything: the card page and the counter work in every state.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from saas.billing.plans import TRIAL_PLAN

GRACE = dt.timedelta(days=14)
STATES = (
    "free",  # no trial and no subscription
    "trial",
    "active",
    "incomplete",  # the first payment waits for the bank's question to be answered
    "past_due",  # a payment failed, the grace period runs
    "restricted",  # the grace period is over, or Stripe gave up
    "paused",
    "cancelling",  # paid until a day, and then no more
    "cancelled",
    "refunded",  # the running period was paid back in full
    "disputed",  # the bank took a payment back and the matter is open
)
SURFACES = ("console", "counter", "card", "api")
FULL, WARNED, READ_ONLY, LIMITED = "full", "warned", "read_only", "limited"

# State × surface. "warned": everything works, and a line says what is the matter. "read_only": nothing can be changed
# but billing, settings, exports and the removal of staff. "limited": whatever honours what members hold or buy works;
# whatever makes new offers is refused.
TABLE: Mapping[str, Mapping[str, str]] = {
    "free": {"console": FULL, "counter": FULL, "card": FULL, "api": FULL},
    "trial": {"console": FULL, "counter": FULL, "card": FULL, "api": FULL},
    "active": {"console": FULL, "counter": FULL, "card": FULL, "api": FULL},
    "incomplete": {"console": WARNED, "counter": FULL, "card": FULL, "api": FULL},
    "past_due": {"console": WARNED, "counter": FULL, "card": FULL, "api": FULL},
    "restricted": {"console": READ_ONLY, "counter": FULL, "card": FULL, "api": LIMITED},
    "paused": {"console": READ_ONLY, "counter": FULL, "card": FULL, "api": LIMITED},
    "cancelling": {"console": WARNED, "counter": FULL, "card": FULL, "api": FULL},
    "cancelled": {"console": WARNED, "counter": FULL, "card": FULL, "api": FULL},
    "refunded": {"console": WARNED, "counter": FULL, "card": FULL, "api": FULL},
    "disputed": {"console": WARNED, "counter": FULL, "card": FULL, "api": FULL},
}


class Facts(Protocol):
    """What standing() needs of a subscription's row."""

    @property
    def paid_plan(self) -> str | None: ...
    @property
    def plan(self) -> str: ...
    @property
    def stripe_status(self) -> str | None: ...
    @property
    def trial_ends_at(self) -> dt.datetime | None: ...
    @property
    def period_ends_at(self) -> dt.datetime | None: ...
    @property
    def cancel_at(self) -> dt.datetime | None: ...
    @property
    def ended_at(self) -> dt.datetime | None: ...
    @property
    def grace_ends_at(self) -> dt.datetime | None: ...
    @property
    def paused_at(self) -> dt.datetime | None: ...
    @property
    def is_disputed(self) -> bool: ...
    @property
    def is_refunded(self) -> bool: ...


@dataclass(frozen=True)
class Standing:
    """`plan` is the plan whose limits hold now; `until` is the day that the state's sentence is about, if any."""

    state: str
    plan: str
    until: dt.datetime | None = None

    @property
    def is_subscribed(self) -> bool:
        """Whether there is a subscription at Stripe to be changed, so that none is begun beside it."""
        return self.state not in ("free", "trial", "cancelled", "incomplete")

    @property
    def can_change(self) -> bool:
        """Whether the plan may be switched: not while something is unpaid or the matter is with the bank. A first
        payment that waits binds to nothing: another plan may be chosen instead."""
        return self.state not in ("past_due", "restricted", "paused", "disputed")

    @property
    def banner(self) -> str | None:
        """The state, where the console says something about it on every page; None where all is well."""
        return None if self.state in ("free", "active") else self.state

    def access(self, surface: str) -> str:
        return access(self.state, surface)


def access(state: str, surface: str) -> str:
    """What a surface does in a state: full, warned, read_only or limited."""
    return TABLE[state][surface]


def standing(subscription: Facts | None, now: dt.datetime) -> Standing:
    """What the row amounts to at a time; a merchant without a row is on the free plan."""
    if subscription is None:
        return Standing("free", "free")
    without = _without_subscription(subscription, now)
    status = subscription.stripe_status
    if status is None or status == "incomplete_expired":
        return without
    if status == "incomplete":
        return Standing("incomplete", without.plan, without.until)
    if status == "canceled":
        return without if without.state == "trial" else Standing("cancelled", "free", subscription.ended_at)
    return _subscribed(subscription, status, now)


def _without_subscription(subscription: Facts, now: dt.datetime) -> Standing:
    """A trial that runs, else the free plan: whoever tried to pay and couldn't is no worse off than before."""
    ends = subscription.trial_ends_at
    return (
        Standing("trial", TRIAL_PLAN, ends) if ends is not None and now < ends else Standing("free", "free")
    )


def _subscribed(subscription: Facts, status: str, now: dt.datetime) -> Standing:
    plan = subscription.paid_plan or subscription.plan  # a price unknown to us takes nothing away
    if status == "past_due":
        grace = subscription.grace_ends_at
        return Standing("past_due" if grace is not None and now < grace else "restricted", plan, grace)
    if status == "unpaid":
        return Standing("restricted", plan, subscription.grace_ends_at)
    if status == "paused" or subscription.paused_at is not None:
        return Standing("paused", plan, subscription.paused_at)
    if subscription.is_disputed:
        return Standing("disputed", plan, subscription.period_ends_at)
    if subscription.cancel_at is not None:
        return Standing("cancelling", plan, subscription.cancel_at)
    if subscription.is_refunded:
        return Standing("refunded", plan, subscription.period_ends_at)
    if status == "trialing":
        return Standing("trial", plan, subscription.period_ends_at)
    return Standing("active", plan, subscription.period_ends_at)
