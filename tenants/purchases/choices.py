"""What was chosen for one import, as it is kept with it: how to read the file, and what its purchases
become.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision

from saas.merchants.registry import Record
from tenants.purchases import guessing
from tenants.purchases.reading import Mapping, Place
from tenants.sheets import decoding
from tenants.sheets.decoding import Layout

HANDED_OUT, TO_HAND_OUT = "fulfilled", "issued"


@dataclass(frozen=True)
class Choice:
    """Layout and mapping of the file; the program whose stamps it gives (None: none); what full cards
    became.
    """

    layout: Layout
    mapping: Mapping
    program_id: UUID | None = None
    rewards: str = HANDED_OUT

    def to_json(self) -> dict[str, Any]:
        return {
            **vars(self.layout),
            **vars(self.mapping),
            "program_id": str(self.program_id) if self.program_id else None,
            "rewards": self.rewards,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Choice:
        program_id = values["program_id"]
        return cls(
            Layout(values["encoding"], values["delimiter"], values["has_header"], values["width"]),
            Mapping(
                {name: int(index) for name, index in values["columns"].items()},
                values["decimal"],
                values["order"],
                values["is_order_guessed"],
            ),
            UUID(program_id) if program_id else None,
            values["rewards"],
        )


def place(merchant: Record, now: dt.datetime) -> Place:
    return Place(merchant.country, merchant.time_zone, get_currency_precision(merchant.currency), now)


def guessed(content: bytes, merchant: Record, program_id: UUID | None) -> Choice:
    """The first guess for a file; raises decoding.UnreadableError when it is no table."""
    layout = decoding.detect(content)
    return Choice(layout, guess_columns(content, layout, merchant), program_id)


def guess_columns(content: bytes, layout: Layout, merchant: Record) -> Mapping:
    """Which column is which, for a layout."""
    text = decoding.decode(content[: decoding.SAMPLE_BYTES * 4], layout.encoding)
    return guessing.guess(text, layout, merchant.country)
