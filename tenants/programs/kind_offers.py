"""Programs of every kind to begin with, in the merchant's own language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tenants.engine.mapping import from_mapping
from tenants.engine.programs import ProgramTerms

KINDS = {
    "stamp_card": _l("Stamp card"),
    "points": _l("Points"),
    "cashback": _l("Cashback"),
    "tiers": _l("Tiers"),
    "bonus": _l("Bonus"),
}


@dataclass(frozen=True)
class KindOffer:
    """A program to begin with. `write` answers its name, headline, terms and words in the language of the moment;
    money in it is for a currency whose larger coin has `unit` small ones."""

    key: str
    kind: str
    icon: str
    title: Any
    text: Any
    write: Callable[[int], dict[str, Any]]


def _points(unit: int) -> dict[str, Any]:
    return {
        "name": _("Points"),
        "headline": _("A point for each one you spend"),
        "engine": {
            "rules": [{"key": "spend", "per": "amount", "step_minor": unit}],
            "rewards": [
                {
                    "key": "reward-1",
                    "cost": 100,
                    "benefit": {"kind": "amount", "on": "order", "amount_minor": 5 * unit},
                }
            ],
            "expiry": {"months": 12},
        },
        "rewards": {"reward-1": {"name": _("A discount for 100 points"), "note": ""}},
    }


def _cashback(unit: int) -> dict[str, Any]:
    return {
        "name": _("Cashback"),
        "headline": _("Money back on all you buy"),
        "engine": {
            "rules": [{"key": "spend", "per": "amount", "units": "3", "step_minor": 100}],
            "rewards": [{"key": "reward-1", "benefit": {"kind": "payment", "unit_value_minor": "1"}}],
            "expiry": {"months": 12},
        },
        "rewards": {"reward-1": {"name": _("Pay with it"), "note": ""}},
    }


def _tiers(unit: int) -> dict[str, Any]:
    return {
        "name": _("Tiers"),
        "headline": _("The more you come, the more you get"),
        "engine": {
            "rules": [{"key": "spend", "per": "amount", "step_minor": unit}],
            "tiers": [
                {"key": "tier-1", "threshold": 100, "multiplier": "1"},
                {"key": "tier-2", "threshold": 300, "multiplier": "1.5"},
                {"key": "tier-3", "threshold": 800, "multiplier": "2"},
            ],
            "window": {"months": 12, "grace_days": 30},
        },
        "tiers": {"tier-1": _("Bronze"), "tier-2": _("Silver"), "tier-3": _("Gold")},
    }


def _bonus(event: str, days: int, name: str, headline: str, reward: str) -> dict[str, Any]:
    """One unit that is worth one treat, for a while."""
    return {
        "name": name,
        "headline": headline,
        "engine": {
            "occasions": [{"event": event, "units": 1}],
            "rewards": [{"key": "reward-1", "cost": 1, "benefit": {"kind": "merchandise", "item": reward}}],
            "expiry": {"days": days},
        },
        "rewards": {"reward-1": {"name": reward, "note": ""}},
    }


def _birthday(unit: int) -> dict[str, Any]:
    return _bonus("birthday", 7, _("Birthday treat"), _("A treat in your birthday week"), _("Birthday treat"))


def _welcome(unit: int) -> dict[str, Any]:
    return _bonus("welcome", 30, _("Welcome gift"), _("Something to begin with"), _("Welcome gift"))


def _comeback(unit: int) -> dict[str, Any]:
    return _bonus("comeback", 14, _("We missed you"), _("Good to see you again"), _("A treat on the house"))


OFFERS = (
    KindOffer(
        "points",
        "points",
        "star",
        _l("Points"),
        _l("Points for what is spent, rewards to choose from."),
        _points,
    ),
    KindOffer(
        "cashback",
        "cashback",
        "heart",
        _l("Cashback"),
        _l("A share of each purchase back, to spend here."),
        _cashback,
    ),
    KindOffer("tiers", "tiers", "bolt", _l("Tiers"), _l("Bronze, silver, gold: regulars get more."), _tiers),
    KindOffer(
        "birthday",
        "bonus",
        "heart",
        _l("Birthday treat"),
        _l("A treat for the birthday, good for a week."),
        _birthday,
    ),
    KindOffer(
        "welcome", "bonus", "star", _l("Welcome gift"), _l("A treat for joining, good for a month."), _welcome
    ),
    KindOffer(
        "comeback",
        "bonus",
        "heart",
        _l("We missed you"),
        _l("A treat for those who come back after a while."),
        _comeback,
    ),
)
BY_KEY = {offer.key: offer for offer in OFFERS}


def begun(offer: KindOffer, language: str, unit: int) -> tuple[str, ProgramTerms, dict[str, Any]]:
    """The name, terms and words of an offer in a language."""
    with force_locale(language):
        said = offer.write(unit)
    terms = from_mapping(ProgramTerms, {"kind": offer.kind, **said["engine"]})
    words = {
        "headline": said["headline"],
        "icon": offer.icon,
        "rewards": said.get("rewards", {}),
        "tiers": said.get("tiers", {}),
    }
    return said["name"], terms, words
