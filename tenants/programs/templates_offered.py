"""Three stamp cards that a merchant takes with one click, in the merchant's own language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from tenants.programs.rules import Terms


@dataclass(frozen=True)
class Offer:
    """A stamp card to begin with; its texts are translated when they are read."""

    key: str
    name: Any
    headline: Any
    reward_name: Any
    reward_note: Any
    required: int
    icon: str
    earn_by: str

    @property
    def terms(self) -> Terms:
        """The terms, in the language of the moment."""
        return Terms(
            headline=str(self.headline),
            required=self.required,
            reward_name=str(self.reward_name),
            reward_note=str(self.reward_note),
            icon=self.icon,
            earn_by=self.earn_by,
        )


OFFERS = (
    Offer(
        key="ice-cream",
        name=_l("Ice-cream card"),
        headline=_l("After 10 ice creams, the next cone is free"),
        reward_name=_l("Free ice-cream cone"),
        reward_note=_l("One cone, any flavour"),
        required=10,
        icon="ice-cream",
        earn_by="visit",
    ),
    Offer(
        key="car-wash",
        name=_l("Car wash card"),
        headline=_l("After 6 paid washes, the next one is free"),
        reward_name=_l("Free wash"),
        reward_note=_l("Stamps are for paid washes"),
        required=6,
        icon="car",
        earn_by="visit",
    ),
    Offer(
        key="shoes",
        name=_l("Shoe card"),
        headline=_l("A discount on every 5th pair of shoes"),
        reward_name=_l("Discount on your 5th pair"),
        reward_note=_l("Four pairs at full price come first"),
        required=4,
        icon="shoe",
        earn_by="item",
    ),
)
# The picture that an empty card begins with, by the merchant's category; a star where none fits.
PICTURES = {
    "bakery": "bread",
    "cafe": "coffee",
    "restaurant": "pizza",
    "fast_food": "burger",
    "bar": "cup",
    "ice_cream": "ice-cream",
    "florist": "flower",
    "garden": "flower",
    "hairdresser": "scissors",
    "beauty": "heart",
    "fitness": "dumbbell",
    "shoes": "shoe",
    "books": "book",
    "pets": "paw",
    "car": "car",
}
BY_KEY = {offer.key: offer for offer in OFFERS}


def blank(category: str) -> Terms:
    """The terms of an empty card, with the picture of the merchant's trade."""
    return Terms(headline="", required=10, reward_name="", icon=PICTURES.get(category, "star"))


def texts(offer: Offer, language: str) -> tuple[str, Terms]:
    """Name and terms of an offer in a language."""
    with force_locale(language):
        return str(offer.name), offer.terms
