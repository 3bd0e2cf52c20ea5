"""Stamp cards as arithmetic: terms, how many stamps a purchase earns, what a full card does. No clock, no database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

EARN_BY = ("visit", "item", "amount")
ICONS = (
    "coffee",
    "cup",
    "bread",
    "ice-cream",
    "flower",
    "car",
    "shoe",
    "scissors",
    "pizza",
    "burger",
    "book",
    "paw",
    "dumbbell",
    "star",
    "heart",
    "bolt",
)
MAX_REQUIRED = 30
MAX_UNITS = 50


@dataclass(frozen=True)
class Terms:
    """What a stamp card promises. A version stores them as a mapping and never changes them.

    `required` stamps fill a card; `earn_by` says what a stamp stands for (a visit, an item, or each
    `amount_step_minor` spent); `cooldown_minutes` pass between two stamps of one member (0: none); at most `daily_cap`
    stamps a member a day in the merchant's time zone (0: no cap). `promise` is what the engine is told beside that, as
    text: it is stored under "engine", never as a field.
    """

    headline: str
    required: int
    reward_name: str
    reward_note: str = ""
    icon: str = "coffee"
    earn_by: str = "visit"
    amount_step_minor: int = 0
    cooldown_minutes: int = 0
    daily_cap: int = 0
    promise: str = ""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Terms:
        """Terms as stored; unknown keys of later versions are left out."""
        names = {field.name for field in fields(cls)} - {"promise"}
        promise = json.dumps(values["engine"], sort_keys=True) if "engine" in values else ""
        return cls(**{key: value for key, value in values.items() if key in names}, promise=promise)

    def to_mapping(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "promise"}


def is_better(new: Terms, old: Terms) -> bool:
    """Whether new terms are at least as good for a member with a card under way, so that the card may move to them."""
    same_reward = (new.reward_name, new.reward_note) == (old.reward_name, old.reward_note)
    same_earning = (new.earn_by, new.amount_step_minor) == (old.earn_by, old.amount_step_minor)
    is_same_promise = _without_number(new.promise) == _without_number(old.promise)
    return same_reward and same_earning and is_same_promise and new.required <= old.required


def _without_number(promise: str) -> dict[str, Any]:
    """What the engine is told, but for the number of stamps."""
    told: dict[str, Any] = json.loads(promise) if promise else {}
    return {name: value for name, value in told.items() if name != "required"}


def units_for(terms: Terms, *, quantity: int, amount_minor: int) -> int:
    """Stamps that a purchase earns: one a visit, one an item, or one for each full step of the amount."""
    if terms.earn_by == "item":
        return max(quantity, 0)
    if terms.earn_by == "amount":
        return amount_minor // terms.amount_step_minor if terms.amount_step_minor > 0 else 0
    return 1


@dataclass(frozen=True)
class Filled:
    """What a card holds after stamps: the balance of the card under way, and for each full card what it cost."""

    balance: int
    full_cards: tuple[int, ...]


def fill(balance: int, units: int, required_now: int, required_next: int) -> Filled:
    """Add stamps to a card; each full card opens the next at once and the overflow carries over.

    The card under way needs `required_now` stamps, those after it `required_next`. Nothing is lost:
    balance + units == result.balance + sum(result.full_cards).
    """
    total = balance + units
    full: list[int] = []
    required = required_now
    while total >= required:
        total -= required
        full.append(required)
        required = required_next
    return Filled(balance=total, full_cards=tuple(full))
