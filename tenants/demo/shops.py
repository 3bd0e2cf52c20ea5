"""The demonstration's shops: what they are called, what their cards promise, who comes how often."""

from __future__ import annotations

from dataclasses import dataclass

from saas.merchants.operations import Details
from tenants.programs.rules import Terms


@dataclass(frozen=True)
class Shop:
    """A shop of the demonstration, in its own language. `visits` are members with the stamps they have had."""

    slug: str
    details: Details
    colour: str
    program: str
    terms: Terms
    visits: dict[str, int]


SHOPS = (
    Shop(
        "cdnow",
        Details("CDNOW Records", "US", "en", "cdnow", "music", "USD", "America/New_York"),
        "#1d4ed8",
        "CD card",
        Terms(
            "Every 10 CDs, the next one is on us",
            required=10,
            reward_name="Free CD",
            reward_note="Any single CD",
            icon="star",
            earn_by="item",
        ),
        {},
    ),
    Shop(
        "fournos",
        Details("Φούρνος της γειτονιάς", "GR", "el", "fournos", "bakery", "EUR", "Europe/Athens"),
        "#b45309",
        "Κάρτα καφέ",
        Terms(
            "Ο 10ος καφές κερασμένος",
            required=10,
            reward_name="Δωρεάν καφές",
            reward_note="Σε όποιο μέγεθος",
            icon="coffee",
            cooldown_minutes=30,
            daily_cap=4,
        ),
        {
            "Ελένη": 0,
            "Νίκος": 1,
            "Μαρία": 5,
            "Γιώργος": 9,
            "Κατερίνα": 10,
            "Δημήτρης": 14,
            "Σοφία": 23,
            "Γιάννης": 7,
            "Άννα": 31,
            "Πέτρος": 3,
            "Ιωάννα": 20,
            "Κώστας": 8,
        },
    ),
    Shop(
        "fleur",
        Details("Fleur", "FR", "fr", "fleur", "florist", "EUR", "Europe/Paris"),
        "#be185d",
        "Carte bouquets",
        Terms(
            "Après 6 bouquets, un petit bouquet offert",
            required=6,
            reward_name="Petit bouquet offert",
            reward_note="Fleurs de saison",
            icon="flower",
        ),
        {"Camille": 0, "Louis": 3, "Chloé": 5, "Hugo": 6, "Inès": 8, "Jules": 2, "Léa": 13, "Adam": 4},
    ),
)
