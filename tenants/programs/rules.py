"""Stamp cards as arithmetic: terms, how many stamps a purchase earns, what a full card does. No clock, no database."""

from __future__ import annotations

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
    stamps a member a day in the merchant's time zone (0: no cap).
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

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Terms:
        """Terms as stored; unknown keys of later versions are left out."""
        names = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in names})

    def to_mapping(self) -> dict[str, Any]:
        return asdict(self)


def is_better(new: Terms, old: Terms) -> bool:
    """Whether new terms are at least as good for a member with a card under way, so that the card may move to them."""
    same_reward = (new.reward_name, new.reward_note) == (old.reward_name, old.reward_note)
    same_earning = (new.earn_by, new.amount_step_minor) == (old.earn_by, old.amount_step_minor)
    return same_reward and same_earning and new.required <= old.required


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
