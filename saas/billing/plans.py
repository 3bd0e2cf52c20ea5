"""The plans as data: what each costs in each currency, and how much of everything it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CURRENCIES = ("EUR", "USD", "GBP", "SEK", "BRL")
INTERVALS = ("month", "year")
MONTHS_PAID_A_YEAR = 10
LIMITS = ("active_members", "locations", "staff", "programs", "campaigns", "partner_cards", "api_calls")
SHOWN = tuple(name for name in LIMITS if name != "partner_cards")  # nobody is sold what there is not
TRIAL_PLAN = "growth"
TRIAL_DAYS = 14


@dataclass(frozen=True)
class Plan:
    """One plan: `monthly` in minor units by currency (empty where nothing is paid), `limits` by name.

    A limit of None is none. campaigns and api_calls are counted by the calendar month, active_members by 30 days.
    """

    code: str
    name: str
    monthly: Mapping[str, int]
    limits: Mapping[str, int | None]

    @property
    def is_paid(self) -> bool:
        return bool(self.monthly)

    def price(self, interval: str, currency: str) -> Price:
        """What it costs; raises KeyError for a currency, an interval or a plan that has no price."""
        months = {"month": 1, "year": MONTHS_PAID_A_YEAR}[interval]
        return Price(self.code, interval, currency, self.monthly[currency] * months)


@dataclass(frozen=True)
class Price:
    """What a plan costs an interval, before tax."""

    plan: str
    interval: str
    currency: str
    amount_minor: int

    @property
    def lookup_key(self) -> str:
        """The name that the price has at Stripe, such as starter_month_eur."""
        return f"{self.plan}_{self.interval}_{self.currency.lower()}"


def _limits(*values: int | None) -> dict[str, int | None]:
    return dict(zip(LIMITS, values, strict=True))


def _monthly(*values: int) -> dict[str, int]:
    return dict(zip(CURRENCIES, values, strict=True))


PLANS: Mapping[str, Plan] = {
    plan.code: plan
    for plan in (
        Plan("free", "Free", {}, _limits(100, 1, 2, 1, 1, 0, 1_000)),
        Plan(
            "starter",
            "Starter",
            _monthly(1900, 1900, 1600, 19900, 5900),
            _limits(1_000, 2, 6, 3, 4, 1, 20_000),
        ),
        Plan(
            "growth",
            "Growth",
            _monthly(4900, 4900, 3900, 49900, 14900),
            _limits(5_000, 6, 25, 12, 12, 5, 200_000),
        ),
        Plan(
            "network",
            "Network",
            _monthly(14900, 14900, 12900, 149900, 44900),
            _limits(None, None, None, None, None, None, None),
        ),
    )
}
PRICES: Mapping[str, Price] = {
    price.lookup_key: price
    for each in PLANS.values()
    if each.is_paid
    for interval in INTERVALS
    for currency in CURRENCIES
    for price in [each.price(interval, currency)]
}


def plan(code: str) -> Plan:
    """The plan of a code; raises KeyError for an unknown one."""
    return PLANS[code]


def limit(code: str, name: str) -> int | None:
    """How much of something a plan holds, None without a limit; raises KeyError for an unknown plan or name."""
    return PLANS[code].limits[name]


def price_of(lookup_key: str | None) -> Price | None:
    """The price of a lookup key; None for one that isn't ours, as of a price made in Stripe's dashboard."""
    return PRICES.get(lookup_key or "")


def currency_for(currency: str) -> str:
    """The currency that a merchant pays in: its own where plans have prices in it, else euro."""
    return currency if currency in CURRENCIES else "EUR"
