"""The arithmetic of revenue: what came in by month, what comes in every month, who left, who stayed after the trial."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PAYING = ("active", "past_due", "cancelling")


@dataclass(frozen=True)
class Month:
    """A calendar month, in UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, at: dt.datetime | dt.date) -> Month:
        day = at.astimezone(dt.UTC).date() if isinstance(at, dt.datetime) else at
        return cls(day.year, day.month)

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, self.month, 1)

    @property
    def begins(self) -> dt.datetime:
        return dt.datetime(self.year, self.month, 1, tzinfo=dt.UTC)

    def plus(self, months: int) -> Month:
        """So many months later, or earlier."""
        count = self.year * 12 + self.month - 1 + months
        return Month(count // 12, count % 12 + 1)


def months_until(last: Month, count: int) -> list[Month]:
    """`count` months in a row, of which `last` is the last."""
    return [last.plus(number - count + 1) for number in range(count)]


@dataclass(frozen=True)
class Paid:
    """What was paid in a month in one currency, and how much of that was paid back since."""

    month: Month
    currency: str
    paid_minor: int
    refunded_minor: int


def revenue(rows: Iterable[Paid], months: Sequence[Month]) -> dict[str, list[int]]:
    """Paid less refunded of each month, by currency in the order of the alphabet."""
    found: dict[str, list[int]] = {}
    place = {month: number for number, month in enumerate(months)}
    for row in rows:
        if row.month in place:
            series = found.setdefault(row.currency, [0] * len(months))
            series[place[row.month]] += row.paid_minor - row.refunded_minor
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class Contract:
    """A subscription as far as it counts: `ended_at` is set once it is over."""

    plan: str
    state: str
    currency: str | None
    interval: str | None
    amount_minor: int | None
    started_at: dt.datetime | None
    ended_at: dt.datetime | None


def monthly_minor(contract: Contract) -> int:
    """What a subscription brings a month: a year's price is spread over twelve, rounded down."""
    if contract.state not in PAYING or not contract.amount_minor:
        return 0
    return contract.amount_minor // 12 if contract.interval == "year" else contract.amount_minor


@dataclass(frozen=True)
class PlanSum:
    """How many pay for a plan in one currency, and what they bring a month."""

    plan: str
    currency: str
    count: int
    monthly_minor: int


def recurring(contracts: Iterable[Contract], plans: Sequence[str]) -> list[PlanSum]:
    """Monthly recurring revenue by plan and currency, in the order of the plans."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for contract in contracts:
        amount = monthly_minor(contract)
        if amount and contract.currency:
            key = (contract.plan, contract.currency.upper())
            count, total = found.get(key, (0, 0))
            found[key] = (count + 1, total + amount)
    order: Mapping[str, int] = {plan: number for number, plan in enumerate(plans)}
    ordered = sorted(found.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0]))
    return [PlanSum(plan, currency, count, total) for (plan, currency), (count, total) in ordered]


@dataclass(frozen=True)
class Churn:
    """Of the subscriptions that ran when a month began: how many, and how many of them ended in it."""

    month: Month
    at_start: int
    ended: int
    begun: int

    @property
    def share(self) -> float | None:
        return self.ended / self.at_start if self.at_start else None


def churn(contracts: Iterable[Contract], months: Sequence[Month]) -> list[Churn]:
    """Churn by month; what begins and ends in one month was not there at its start, and counts as begun only."""
    known = [
        (contract.started_at, contract.ended_at) for contract in contracts if contract.started_at is not None
    ]
    found = []
    for month in months:
        begins, ends = month.begins, month.plus(1).begins
        running = [end for start, end in known if start < begins and (end is None or end >= begins)]
        ended = sum(1 for end in running if end is not None and end < ends)
        begun = sum(1 for start, _end in known if begins <= start < ends)
        found.append(Churn(month, len(running), ended, begun))
    return found


@dataclass(frozen=True)
class Trials:
    """Of the trials that began in a month: how many, and how many of those shops pay or paid."""

    month: Month
    begun: int
    paid: int

    @property
    def share(self) -> float | None:
        return self.paid / self.begun if self.begun else None


def trials(rows: Iterable[tuple[dt.datetime, dt.datetime | None]], months: Sequence[Month]) -> list[Trials]:
    """Trials by the month they began in; rows are when a trial was granted and when that shop first paid."""
    begun, paid = dict.fromkeys(months, 0), dict.fromkeys(months, 0)
    for granted_at, started_at in rows:
        month = Month.of(granted_at)
        if month in begun:
            begun[month] += 1
            paid[month] += started_at is not None
    return [Trials(month, begun[month], paid[month]) for month in months]
