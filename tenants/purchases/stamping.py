"""Purchases of the past as lines of the ledger: the same arithmetic as at the counter, for many cards at
once. Pure.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from tenants.programs.rules import Terms, fill, is_better, units_for

MOST_STAMPS = 1_000


@dataclass(frozen=True)
class Version:
    """Terms with the version that they belong to."""

    id: uuid.UUID
    terms: Terms


@dataclass
class Card:
    """An enrolment while it is being stamped: what its row says, and what is to be written."""

    enrolment_id: uuid.UUID
    balance: int
    begun: Version
    last_earned_at: dt.datetime | None
    earned: list[Earned] = field(default_factory=list)
    rewards: list[Ready] = field(default_factory=list)


@dataclass(frozen=True)
class Earned:
    """An earn entry: the stamps of one purchase."""

    id: uuid.UUID
    enrolment_id: uuid.UUID
    units: int
    version_id: uuid.UUID
    purchase_id: uuid.UUID
    request_key: str
    occurred_at: dt.datetime


@dataclass(frozen=True)
class Ready:
    """A reward with the redeem entry that paid for it, which names the earn entry that filled the card."""

    id: uuid.UUID
    entry_id: uuid.UUID
    enrolment_id: uuid.UUID
    cost: int
    version: Version
    earned_id: uuid.UUID
    occurred_at: dt.datetime


def units(terms: Terms, quantity: int, amount_minor: int) -> int:
    """The stamps of a purchase; neither cool-down nor daily cap apply to what is past."""
    return units_for(terms, quantity=quantity, amount_minor=amount_minor)


def stamp(
    card: Card,
    current: Version,
    purchase_id: uuid.UUID,
    request_key: str,
    count: int,
    occurred_at: dt.datetime,
    new_id: Callable[[], uuid.UUID],
) -> None:
    """Give a card the stamps of one purchase; full cards become rewards and the next one opens with the
    overflow.

    As at the counter, a card under way moves to the current terms when it is empty or when they are better
    for it.
    """
    if count < 1:
        return
    if card.begun.id != current.id and (card.balance == 0 or is_better(current.terms, card.begun.terms)):
        card.begun = current
    earned = Earned(new_id(), card.enrolment_id, count, card.begun.id, purchase_id, request_key, occurred_at)
    card.earned.append(earned)
    filled = fill(card.balance, count, card.begun.terms.required, current.terms.required)
    version = card.begun
    for cost in filled.full_cards:
        card.rewards.append(
            Ready(new_id(), new_id(), card.enrolment_id, cost, version, earned.id, occurred_at)
        )
        version = current
    card.begun = version
    card.balance = filled.balance
    if card.last_earned_at is None or card.last_earned_at < occurred_at:
        card.last_earned_at = occurred_at
